import assert from "node:assert/strict";
import { resolveHost } from "../../src/io/resolve.ts";

Deno.test("resolveHost() passes literal addresses through", async () => {
  assert.deepEqual(await resolveHost("192.0.2.7"), ["192.0.2.7"]);
  assert.deepEqual(await resolveHost("[2001:DB8::1]"), ["2001:db8::1"]);
});

Deno.test("resolveHost() knows localhost", async () => {
  const found = await resolveHost("localhost");
  assert.ok(found.length > 0);
  for (const address of found) assert.match(address, /^(127\.0\.0\.1|::1)$/);
});

Deno.test("resolveHost() says what could not be resolved", async () => {
  await assert.rejects(resolveHost("no-such-host.invalid"), (error: Error) => {
    assert.ok(error instanceof TypeError);
    return error.message.startsWith('Cannot resolve "no-such-host.invalid": ');
  });
});

Deno.test({
  name: "resolveHost() names the permission that it lacks, which that for a port is not",
  permissions: { net: ["localhost:443"] },
}, async () => {
  const message = 'Cannot resolve "localhost": run with --allow-net, or with --allow-net=localhost';
  await assert.rejects(resolveHost("localhost"), { name: "TypeError", message });
});

Deno.test("resolveHost() ends with the signal's reason", async () => {
  const reason = new Error("enough");
  await assert.rejects(resolveHost("127.0.0.1", AbortSignal.abort(reason)), reason);
  const controller = new AbortController();
  const pending = resolveHost("localhost", controller.signal);
  controller.abort(reason);
  await assert.rejects(pending, reason);
});
