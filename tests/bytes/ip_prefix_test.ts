import assert from "node:assert/strict";
import { IpPrefix, networkOf, siteOf } from "../../src/bytes/ip_prefix.ts";

Deno.test("networkOf() is the /24 of IPv4 and the /56 of IPv6 addresses", () => {
  const cases = [
    ["192.0.2.77", "192.0.2.0/24"],
    ["192.0.3.77", "192.0.3.0/24"],
    ["::ffff:192.0.2.77", "192.0.2.0/24"],
    ["2001:db8:1:2ff:3::4", "2001:db8:1:200::/56"],
    ["2001:db8:1:300::4", "2001:db8:1:300::/56"],
    ["fe80::1%eth0", "fe80::/56"],
    ["::1", "::/56"],
    ["no address", "no address"],
  ];
  for (const [address, network] of cases) assert.equal(networkOf(address!), network);
});

Deno.test("siteOf() is an IPv4 address, and the /64 of an IPv6 address", () => {
  assert.equal(siteOf("192.0.2.77"), "192.0.2.77");
  assert.equal(siteOf("::ffff:192.0.2.77"), "192.0.2.77");
  assert.equal(siteOf("2001:db8:1:2ff:3::4"), "2001:db8:1:2ff::/64");
  assert.equal(siteOf("no address"), "no address");
});

Deno.test("IpPrefix knows what lies in a network, of either family", () => {
  const within = (text: string, address: string) => IpPrefix.parse(text)!.contains(address);
  assert.ok(within("10.1.0.0/16", "10.1.255.3"));
  assert.ok(!within("10.1.0.0/16", "10.2.0.0"));
  assert.ok(within("10.1.99.99/16", "10.1.0.1"), "bits behind the prefix do not count");
  assert.ok(within("10.0.0.0/15", "10.1.0.0") && !within("10.0.0.0/15", "10.2.0.0"));
  assert.ok(within("192.0.2.1", "192.0.2.1") && !within("192.0.2.1", "192.0.2.2"));
  assert.ok(within("0.0.0.0/0", "203.0.113.9") && !within("0.0.0.0/0", "::1"));
  assert.ok(within("192.0.2.0/24", "::ffff:192.0.2.8"), "IPv4 in IPv6 form is IPv4");
  assert.ok(within("2001:db8::/33", "2001:db8:7fff::1"));
  assert.ok(!within("2001:db8::/33", "2001:db8:8000::1"));
  assert.ok(within("::/0", "2001:db8::1") && !within("::/0", "192.0.2.1"));
});

Deno.test("IpPrefix reads nothing but an address and its bits", () => {
  for (
    const text of ["", "/8", "10.0.0.0/", "10.0.0.0/33", "::/129", "10.0.0.0/-1", "10.0.0.0/1e1"]
      .concat("10.0.0.0/8/8", "10.0.0/8", "localhost/8", "10.0.0.0/ 8")
  ) {
    assert.equal(IpPrefix.parse(text), undefined, text);
  }
});
