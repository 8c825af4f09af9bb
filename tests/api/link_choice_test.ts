import assert from "node:assert/strict";
import { LinkChoice } from "../../src/api/address/link_choice.ts";
import type { LocalAddress } from "../../src/io/interfaces.ts";
import type { Route } from "../../src/io/links/route.ts";

const all: readonly LocalAddress[] = [
  { name: "lo", hostname: "127.0.0.1", family: "IPv4" },
  { name: "wlan0", hostname: "192.168.0.7", family: "IPv4" },
  { name: "usb0", hostname: "192.168.42.7", family: "IPv4" },
  { name: "usb0", hostname: "2001:db8::7", family: "IPv6" },
];

function defaultBy(device: string): Route {
  const prefix = new Uint8Array(4);
  return { family: "IPv4", device, prefix, length: 0, gateway: "192.168.0.1", metric: 1 };
}

const routes = [defaultBy("wlan0"), defaultBy("usb0")];

function devices(
  patterns: readonly string[],
  { remotes = ["203.0.113.9"], table = routes as readonly Route[] | undefined } = {},
): (string | undefined)[] {
  const choice = new LinkChoice(patterns, remotes, () => all, () => table);
  return all.map(({ hostname }) => choice.deviceFor(hostname));
}

Deno.test("LinkChoice binds addresses of interfaces that are named, whole or by their beginning", () => {
  assert.deepEqual(devices(["usb0"]), [undefined, undefined, "usb0", "usb0"]);
  assert.deepEqual(devices(["wl*", "usb0"]), [undefined, "wlan0", "usb0", "usb0"]);
  assert.deepEqual(devices(["usb0"], { table: undefined })[2], "usb0");
});

Deno.test("LinkChoice leaves to the routes what is written out, or not named", () => {
  for (const patterns of [[], ["192.168.42.7"], ["192.168.*"], ["192.168.42."], ["us"]]) {
    assert.ok(devices(patterns).every((device) => device === undefined), patterns.join());
  }
  const unknown = new LinkChoice(["usb0"], ["203.0.113.9"], () => undefined, () => routes);
  assert.equal(unknown.deviceFor("192.168.42.7"), undefined);
});

Deno.test("LinkChoice binds no socket whose packets would vanish", () => {
  const none = [undefined, undefined, undefined, undefined];
  for (const remote of ["127.0.0.1", "::1", "192.168.0.7"]) {
    assert.deepEqual(devices(["usb0", "wlan0"], { remotes: [remote] }), none, remote);
  }
  const table = [defaultBy("wlan0")];
  assert.deepEqual(devices(["usb0", "wlan0"], { table })[2], undefined, "no route by usb0");
  assert.deepEqual(devices(["usb0", "wlan0"], { table })[1], "wlan0");
});
