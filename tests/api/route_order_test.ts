import assert from "node:assert/strict";
import { alternating, routesOf } from "../../src/api/address/route_order.ts";
import type { Address } from "../../src/path/address/address.ts";

function at(hostname: string): Address {
  return { transport: "udp", hostname, port: 443 };
}

/** The order of all ways from each local address to each remote one of its family. */
function order(locals: string[], remotes: string[]): string[] {
  const goals = locals.map((local) => ({
    name: local,
    routes: remotes.filter((one) => one.includes(":") === local.includes(":"))
      .map((remote) => ({ local, remote: at(remote) })),
  }));
  return routesOf(goals, remotes.map(at)).map(({ local, remote }) => `${local}>${remote.hostname}`);
}

Deno.test("routesOf() changes both ends for the second attempt, whichever of them is dead", () => {
  assert.deepEqual(order(["10.0.0.1", "10.0.1.1"], ["10.9.0.1", "10.9.1.1"]), [
    "10.0.0.1>10.9.0.1",
    "10.0.1.1>10.9.1.1",
    "10.0.1.1>10.9.0.1",
    "10.0.0.1>10.9.1.1",
  ]);
  assert.deepEqual(order(["10.0.0.1", "10.0.1.1", "10.0.2.1"], ["10.9.0.1"]), [
    "10.0.0.1>10.9.0.1",
    "10.0.1.1>10.9.0.1",
    "10.0.2.1>10.9.0.1",
  ]);
});

Deno.test("routesOf() begins with the address that the server's name has first", () => {
  assert.deepEqual(order(["10.0.0.1", "fd00::1"], ["fd00::9", "10.9.0.1"]), [
    "fd00::1>fd00::9",
    "10.0.0.1>10.9.0.1",
  ]);
  assert.deepEqual(order(["10.0.0.1"], ["fd00::9"]), []);
});

Deno.test("routesOf() puts addresses that are named for one path behind those of the server", () => {
  const other = { local: "10.0.1.1", remote: at("10.9.9.9") };
  const usual = { local: "10.0.0.1", remote: at("10.9.0.1") };
  const goals = [{ name: "0", routes: [usual] }, { name: "1", routes: [other] }];
  const remotes = ["fd00::9", "10.9.0.1"].map(at);
  assert.deepEqual(routesOf(goals, remotes), [usual, other]);
  assert.deepEqual(routesOf(goals.toReversed(), remotes), [usual, other]);
});

Deno.test("routesOf() names each way once, though several paths may take it", () => {
  const route = { local: "10.0.0.1", remote: at("10.9.0.1") };
  const goals = ["one", "two"].map((name) => ({ name, routes: [route] }));
  assert.deepEqual(routesOf(goals, [route.remote]), [route]);
});

Deno.test("alternating() lets families take turns", () => {
  const remotes = ["fd00::1", "fd00::2", "fd00::3", "10.9.0.1"];
  assert.deepEqual(alternating(remotes), ["fd00::1", "10.9.0.1", "fd00::2", "fd00::3"]);
  assert.deepEqual(alternating([]), []);
});
