import assert from "node:assert/strict";
import { inspectLinks } from "../../mod.ts";

Deno.test("inspectLinks() tells of the machine's own links, none of them loopback", () => {
  for (const { name, addresses } of inspectLinks()) {
    assert.notEqual(name, "lo");
    assert.ok(addresses.length > 0);
  }
});

Deno.test("inspectLinks() wants a literal address", () => {
  assert.throws(() => inspectLinks({ destination: "example.test" }), {
    name: "TypeError",
    message: 'Cannot inspect the links: "example.test" is not a literal address',
  });
});

Deno.test({
  name: "inspectLinks() says which permission is missing",
  permissions: { read: true, net: true },
}, () => {
  assert.throws(() => inspectLinks(), /--allow-sys=networkInterfaces/);
});
