import assert from "node:assert/strict";
import { parseIpAddress } from "../../src/bytes/ip_address.ts";
import type { Address } from "../../src/path/address/address.ts";
import { isPortAcceptable, Scope, scopeOf } from "../../src/path/address/address_scope.ts";
import { MAX_ADDRESSES } from "../../src/limits/limits.ts";
import { RemoteAddresses } from "../../src/path/address/remote_addresses.ts";

const PEER: Address = { transport: "udp", hostname: "192.0.2.1", port: 6121 };
const PRIVATE_PEER: Address = { transport: "udp", hostname: "10.0.0.1", port: 6121 };

function ip(text: string): Uint8Array {
  return parseIpAddress(text)!;
}

function alternative(
  set: RemoteAddresses,
  text: string,
  more: { sequence?: number; port?: number; retire?: boolean; peer?: Address; now?: number } = {},
): boolean {
  const { sequence = 0, port = 6121, retire = false, peer = PEER, now = 0 } = more;
  return set.onAlternative(sequence, ip(text), port, false, retire, peer, now);
}

Deno.test("scopeOf() knows how far addresses reach, IPv4 in IPv6 included", () => {
  const cases: [string, Scope][] = [
    ["8.8.8.8", Scope.Global],
    ["10.1.2.3", Scope.Private],
    ["172.31.0.1", Scope.Private],
    ["172.32.0.1", Scope.Global],
    ["192.168.9.9", Scope.Private],
    ["100.64.0.1", Scope.Private],
    ["127.0.0.1", Scope.Loopback],
    ["169.254.1.1", Scope.LinkLocal],
    ["0.0.0.0", Scope.Unusable],
    ["224.0.0.1", Scope.Unusable],
    ["255.255.255.255", Scope.Unusable],
    ["192.0.0.8", Scope.Private],
    ["192.0.1.1", Scope.Global],
    ["198.17.255.255", Scope.Global],
    ["198.18.0.1", Scope.Private],
    ["198.19.255.255", Scope.Private],
    ["198.20.0.0", Scope.Global],
    ["192.0.2.1", Scope.Documentation],
    ["198.51.100.1", Scope.Documentation],
    ["203.0.113.1", Scope.Documentation],
    ["2001:db8::1", Scope.Documentation],
    ["3fff:fff::1", Scope.Documentation],
    ["3fff:1000::1", Scope.Global],
    ["2606:4700::1111", Scope.Global],
    ["2001:2::1", Scope.Private],
    ["2001:2:1::1", Scope.Global],
    ["2001:1f::1", Scope.Unusable],
    ["64:ff9b::8.8.8.8", Scope.Global],
    ["64:ff9b::10.0.0.1", Scope.Private],
    ["64:ff9b::127.0.0.1", Scope.Loopback],
    ["64:ff9b:1::8.8.8.8", Scope.Private],
    ["2002:808:808::1", Scope.Global],
    ["2002:a9fe:a9fe::1", Scope.LinkLocal],
    ["2001:0:4136:e378:8000:63bf:3f57:fefe", Scope.Private], // 192.168.1.1 inverted
    ["2001:0:4136:e378:8000:63bf:f7f7:f7f7", Scope.Global], // 8.8.8.8 inverted
    ["::8.8.8.8", Scope.Unusable],
    ["::127.0.0.1", Scope.Unusable],
    ["fec0::1", Scope.Private],
    ["100::1", Scope.Unusable],
    ["4000::1", Scope.Unusable],
    ["::1", Scope.Loopback],
    ["::", Scope.Unusable],
    ["fe80::1", Scope.LinkLocal],
    ["fd00::1", Scope.Private],
    ["ff02::1", Scope.Unusable],
    ["::ffff:127.0.0.1", Scope.Loopback],
  ];
  for (const [text, scope] of cases) assert.equal(scopeOf(ip(text)), scope, text);
});

Deno.test("isPortAcceptable() keeps away from reflectors and low ports", () => {
  assert.equal(isPortAcceptable(6121, 6121), true);
  assert.equal(isPortAcceptable(443, 6121), true);
  assert.equal(isPortAcceptable(50_000, 6121), true);
  assert.equal(isPortAcceptable(80, 6121), false);
  for (const port of [53, 123, 1900, 5353, 11211]) assert.equal(isPortAcceptable(port, 443), false);
});

Deno.test("RemoteAddresses takes news once, and newer news over older", () => {
  const set = new RemoteAddresses();
  assert.equal(alternative(set, "198.51.100.1"), true);
  assert.equal(alternative(set, "198.51.100.1"), false);
  assert.equal(alternative(set, "198.51.100.1", { sequence: 2, retire: true }), true);
  assert.equal(alternative(set, "198.51.100.1", { sequence: 1 }), false, "old news");
  assert.equal(set.list.length, 0);
  assert.equal(alternative(set, "198.51.100.1", { sequence: 3 }), true);
  assert.equal(set.list[0]!.address.hostname, "198.51.100.1");
});

Deno.test("RemoteAddresses follows ADD_ADDRESS and REMOVE_ADDRESS", () => {
  const set = new RemoteAddresses();
  assert.equal(set.onAdd(7, ip("198.51.100.1"), 6121, PEER, 0), true);
  assert.equal(set.onAdd(7, ip("198.51.100.2"), 6121, PEER, 0), false, "a number names one");
  assert.equal(set.onRemove(8), false);
  assert.equal(set.onRemove(7), true);
  assert.equal(set.onRemove(7), false);
  assert.equal(set.list.length, 0);
});

Deno.test("RemoteAddresses believes no address that the connection itself could not have [attack request-forgery]", () => {
  const set = new RemoteAddresses();
  for (const text of ["127.0.0.1", "169.254.0.1", "224.0.0.1", "10.0.0.9", "fe80::1", "::1"]) {
    assert.equal(alternative(set, text), false, text);
  }
  assert.equal(alternative(set, "10.0.0.9", { peer: PRIVATE_PEER, now: 2_000 }), true);
  assert.equal(alternative(set, "198.51.100.9", { port: 53, now: 2_000 }), false);
});

Deno.test("RemoteAddresses stays small under a thousand announcements [attack addresses-without-end]", () => {
  const set = new RemoteAddresses();
  for (let i = 0; i < 1_000; i++) {
    alternative(set, `198.51.${i >> 8}.${i & 255}`, { now: i * 100 });
  }
  assert.equal(set.list.length, MAX_ADDRESSES);
  const flooded = new RemoteAddresses();
  for (let i = 0; i < 100; i++) alternative(flooded, "198.51.100.1", { sequence: i, now: 5 });
  assert.equal(alternative(flooded, "198.51.100.1", { sequence: 200, now: 6 }), false, "too many");
  assert.equal(alternative(flooded, "198.51.100.1", { sequence: 201, now: 1_006 }), true);
});

Deno.test("RemoteAddresses takes no address that was withdrawn before it came, and lists each once", () => {
  const set = new RemoteAddresses();
  assert.equal(set.onRemove(3), false);
  assert.equal(set.onAdd(3, ip("198.51.100.1"), 6121, PEER, 0), false, "it was overtaken");
  assert.equal(set.onAdd(4, ip("198.51.100.1"), 6121, PEER, 0), true);
  assert.equal(set.onAdd(5, ip("198.51.100.1"), 6121, PEER, 0), true);
  assert.equal(set.list.length, 1);
  assert.equal(set.onRemove(4), true);
  assert.equal(set.list.length, 1);
  assert.equal(set.onRemove(5), true);
  assert.deepEqual(set.list, []);
  for (let i = 100; i < 1_000; i++) set.onRemove(i);
  assert.equal(set.onAdd(999, ip("198.51.100.1"), 6121, PEER, 0), false);
  assert.equal(set.onAdd(6, ip("198.51.100.1"), 6121, PEER, 0), true);
});
