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

Deno.test("parseIpAddress() takes brackets and zones of IPv6 addresses, and no names or halves", () => {
  assert.equal(formatIpAddress(parseIpAddress("[2001:db8::1]")!), "2001:db8::1");
  assert.equal(formatIpAddress(parseIpAddress("fe80::1%eth0")!), "fe80::1");
  const refused = [
    "localhost",
    "",
    "1.2.3",
    "1.2.3.4.5",
    "256.0.0.1",
    "01.2.3.4",
    "[1.2.3.4]",
    "[::1",
  ];
  for (const text of [...refused, "::1]", "1::2::3", "1:2:3:4:5:6:7", "12345::", "[]"]) {
    assert.equal(parseIpAddress(text), undefined, text);
  }
});
