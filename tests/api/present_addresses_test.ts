import assert from "node:assert/strict";
import { PresentAddresses } from "../../src/api/address/present_addresses.ts";
import type { LocalAddress } from "../../src/io/interfaces.ts";

const lo: LocalAddress = { name: "lo", hostname: "127.0.0.1", family: "IPv4" };
const eth0: LocalAddress = { name: "eth0", hostname: "10.0.0.1", family: "IPv4" };
const wlan0: LocalAddress = { name: "wlan0", hostname: "10.0.1.1", family: "IPv4" };
const both = [lo, eth0, wlan0];

Deno.test("PresentAddresses.list() leaves out an interface without an address, and no other", () => {
  const present = new PresentAddresses(["eth0", "wlan0"], ["10.9.0.1"]);
  assert.deepEqual(present.list(both), ["10.0.0.1", "10.0.1.1"]);
  assert.deepEqual(present.list([lo, wlan0]), ["10.0.1.1"]);
  assert.deepEqual(present.list([lo]), []);
  assert.deepEqual(present.list(both), ["10.0.0.1", "10.0.1.1"]);
});

Deno.test("PresentAddresses.list() puts nothing in the place of interfaces that are gone", () => {
  const present = new PresentAddresses(undefined, ["10.9.0.1"]);
  assert.deepEqual(present.list(both), ["10.0.0.1", "10.0.1.1"]);
  assert.deepEqual(present.list([lo, wlan0]), ["10.0.1.1"]);
  assert.deepEqual(present.list([lo]), []);
});

Deno.test("PresentAddresses.list() misses literal addresses that the machine once had", () => {
  const literals = ["10.0.0.1", "10.0.7.7", "127.0.0.2"];
  const present = new PresentAddresses(literals, ["10.9.0.1"]);
  // The machine may own addresses that no interface shows: those cannot be missed.
  assert.deepEqual(present.list(both), literals);
  assert.deepEqual(present.list([lo, wlan0]), ["10.0.7.7", "127.0.0.2"]);
  assert.deepEqual(present.list(undefined), literals);
});
