import assert from "node:assert/strict";
import { ServiceSecret } from "../../src/crypto/service_secret.ts";

const bytes = new Uint8Array(32).fill(7);

Deno.test("ServiceSecret.key() gives the same key again, and another for any other purpose", () => {
  const secret = new ServiceSecret(bytes);
  const key = secret.key("reset", "a", 1);
  assert.equal(key.length, 32);
  assert.deepEqual(new ServiceSecret(bytes.slice()).key("reset", "a", 1), key);
  const others = [
    secret.key("ticket", "a", 1),
    secret.key("reset", "a", 2),
    secret.key("reset", "a"),
    secret.key("reset", "a1"),
    secret.key("reset", "", "a", 1),
    secret.key("reseta", 1),
    new ServiceSecret(bytes.slice(1)).key("reset", "a", 1),
  ];
  const all = [key, ...others].map((each) => each.toHex());
  assert.equal(new Set(all).size, all.length);
});
