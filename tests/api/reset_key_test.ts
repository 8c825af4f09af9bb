import assert from "node:assert/strict";
import { resetKeyOf as keyOf } from "../../src/api/options/reset_key.ts";
import { serviceSecretOf } from "../../src/api/options/service_secret.ts";
import type { ListenOptions } from "../../src/api/options/options.ts";

const options: ListenOptions = {
  port: 443,
  cert: "cert",
  key: "private key",
  alpnProtocols: ["h3"],
  localAddresses: ["192.0.2.1", "192.0.2.2"],
  instance: "a",
};

function resetKeyOf(options: ListenOptions): Uint8Array | undefined {
  return keyOf(serviceSecretOf(options), options);
}

Deno.test("resetKeyOf() gives the next process the same key, and no other instance", () => {
  const key = resetKeyOf(options)!;
  assert.equal(key.length, 32);
  assert.deepEqual(resetKeyOf({ ...options }), key);
  assert.deepEqual(resetKeyOf({ ...options, key: "private key\n" }), key, "as files end");
  const others: Partial<ListenOptions>[] = [
    { instance: "b" },
    { key: "another" },
    { secret: new Uint8Array(32).fill(1) },
  ];
  for (const other of others) assert.notDeepEqual(resetKeyOf({ ...options, ...other }), key);
});

Deno.test("resetKeyOf() tells instances apart by machine, port and addresses, or gives none", () => {
  const { instance: _, ...unnamed } = options;
  const key = resetKeyOf(unnamed);
  if (key === undefined) return assert.throws(() => Deno.readTextFileSync("/etc/machine-id"));
  assert.deepEqual(resetKeyOf({ ...unnamed, localAddresses: ["192.0.2.2", "192.0.2.1"] }), key);
  assert.notDeepEqual(resetKeyOf({ ...unnamed, port: 444 }), key);
  assert.notDeepEqual(resetKeyOf({ ...unnamed, localAddresses: ["192.0.2.1"] }), key);
  assert.equal(resetKeyOf({ ...unnamed, port: 0 }), undefined);
});

Deno.test("serviceSecretOf() refuses a secret that is none", () => {
  const short = { ...options, secret: new Uint8Array(31) };
  assert.throws(
    () => serviceSecretOf(short),
    /Cannot use a secret of 31 bytes: give at least 32 bytes/,
  );
});
