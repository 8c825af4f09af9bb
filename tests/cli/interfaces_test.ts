import assert from "node:assert/strict";
import { UsageError } from "../../cli/console/failure.ts";
import { absenceLines, allAddresses, findInterfaces } from "../../cli/paths/interfaces.ts";

const present = [
  { name: "lo", address: "127.0.0.1" },
  { name: "lo", address: "::1" },
  { name: "eth0", address: "fe80::1" },
  { name: "eth0", address: "2001:db8::1" },
  { name: "eth0", address: "192.0.2.1" },
  { name: "eth1", address: "198.51.100.1" },
  { name: "eth10", address: "203.0.113.1" },
  { name: "tun0", address: "fe80::2" },
];

Deno.test("findInterfaces() finds by name, in the user's order, IPv4 first", () => {
  assert.deepEqual(findInterfaces(["eth1", "eth0"], present), [
    { name: "eth1", pattern: "eth1", addresses: ["198.51.100.1"] },
    { name: "eth0", pattern: "eth0", addresses: ["192.0.2.1", "2001:db8::1"] },
  ]);
});

Deno.test("findInterfaces() finds all that begin with a prefix", () => {
  const found = findInterfaces(["eth"], present);
  assert.deepEqual(found.map((one) => one.name), ["eth0", "eth1", "eth10"]);
  assert.deepEqual(new Set(found.map((one) => one.pattern)), new Set(["eth*"]));
});

Deno.test("findInterfaces() finds by address, and knows all of 127.0.0.0/8", () => {
  assert.deepEqual(findInterfaces(["192.0.2.1", "127.0.0.2", "::1"], present), [
    { name: "192.0.2.1", pattern: "192.0.2.1", addresses: ["192.0.2.1"] },
    { name: "127.0.0.2", pattern: "127.0.0.2", addresses: ["127.0.0.2"] },
    { name: "::1", pattern: "::1", addresses: ["::1"] },
  ]);
});

Deno.test("findInterfaces() says what there is when it finds nothing", () => {
  const cases: [string, RegExp][] = [
    ["wlan0", /Cannot find interface "wlan0": choose from lo, eth0, eth1, eth10$/],
    ["192.0.2.99", /Cannot use address 192.0.2.99.*choose from 127.0.0.1, ::1/],
    ["tun0", /no address now/],
  ];
  for (const [word, pattern] of cases) {
    assert.throws(() => findInterfaces([word], present), (error) => {
      assert.ok(error instanceof UsageError);
      assert.match(error.message, pattern);
      return true;
    });
  }
});

Deno.test("findInterfaces() takes names for wishes, as long as one of them is there", () => {
  const chosen = findInterfaces(["wlan0", "192.0.2.99", "eth1", "tun0"], present);
  assert.deepEqual(chosen, [
    { name: "wlan0", pattern: "wlan0*", addresses: [] },
    { name: "192.0.2.99", pattern: "192.0.2.99", addresses: [] },
    { name: "eth1", pattern: "eth1", addresses: ["198.51.100.1"] },
    { name: "tun0", pattern: "tun0", addresses: [] },
  ]);
  assert.deepEqual(absenceLines(chosen), [
    '"wlan0" has no address now, it is used once it has one; going on with eth1',
    "This machine does not have 192.0.2.99 now, it is used once it has; going on with eth1",
    '"tun0" has no address now, it is used once it has one; going on with eth1',
  ]);
  assert.deepEqual(absenceLines(findInterfaces(["eth0", "eth1"], present)), []);
});

Deno.test("allAddresses() names each address once", () => {
  const chosen = findInterfaces(["eth0", "eth"], present);
  const expected = ["192.0.2.1", "2001:db8::1", "198.51.100.1", "203.0.113.1"];
  assert.deepEqual(allAddresses(chosen), expected);
});
