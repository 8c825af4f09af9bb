import assert from "node:assert/strict";
import { formatIpAddress, parseIpAddress } from "../../src/bytes/ip_address.ts";

Deno.test("formatIpAddress() writes what parseIpAddress() reads, in the shortest form", () => {
  const cases = [
    ["192.0.2.1", "192.0.2.1"],
    ["0.0.0.0", "0.0.0.0"],
    ["2001:db8:0:0:0:0:0:1", "2001:db8::1"],
    ["::", "::"],
    ["::1", "::1"],
    ["1::", "1::"],
    ["2001:db8:0:1:1:1:1:1", "2001:db8:0:1:1:1:1:1"],
    ["2001:0:0:1:0:0:0:1", "2001:0:0:1::1"],
    ["FE80::00AB", "fe80::ab"],
  ];
  for (const [text, shortest] of cases) {
    assert.equal(formatIpAddress(parseIpAddress(text!)!), shortest);
  }
});
