import assert from "node:assert/strict";
import {
  MAX_UNPROVEN_BYTES,
  MAX_UNPROVEN_BYTES_PER_HOST,
  MAX_UNPROVEN_HOSTS,
  UNPROVEN_PERIOD,
} from "../../src/limits/limits.ts";
import { UnprovenBytes, UnprovenHosts } from "../../src/path/address/unproven_bytes.ts";
import { address } from "./fakes.ts";

Deno.test("UnprovenBytes lends so much for all addresses together, and it comes back in time [attack address-after-address]", () => {
  const bytes = new UnprovenBytes();
  bytes.advance(1_000);
  for (let host = 0; host < 8; host++) bytes.take(address(host), 1_200);
  assert.equal(bytes.room(address(9)), MAX_UNPROVEN_BYTES - 8 * 1_200);
  bytes.take(address(9), 1_200);
  assert.equal(bytes.room(address(9)), 0);
  bytes.advance(1_000 + UNPROVEN_PERIOD / 2);
  assert.equal(bytes.room(address(9)), 1.5 * MAX_UNPROVEN_BYTES - 9 * 1_200);
  bytes.advance(1_000 + 10 * UNPROVEN_PERIOD);
  assert.equal(bytes.room(address(9)), MAX_UNPROVEN_BYTES);
});

Deno.test("UnprovenBytes lends whole bytes, and forgets no part of one", () => {
  const bytes = new UnprovenBytes(new UnprovenHosts());
  bytes.take(address(1), MAX_UNPROVEN_BYTES);
  for (let time = 0; time < UNPROVEN_PERIOD / 2; time += UNPROVEN_PERIOD / 1_777) {
    bytes.advance(time);
    assert.equal(bytes.room(address(1)) % 1, 0, `after ${time} ms`);
    bytes.take(address(1), 1);
  }
  const left = MAX_UNPROVEN_BYTES / 2 - bytes.room(address(1));
  assert.ok(left >= 888 && left <= 900, `${left} bytes lent`);
});

Deno.test("UnprovenBytes forgets what went to an address that is proven", () => {
  const bytes = new UnprovenBytes();
  bytes.take(address(1), 3_600);
  bytes.take(address(2), 1_200);
  bytes.giveBack(address(1), 3_600);
  assert.equal(bytes.room(address(3)), MAX_UNPROVEN_BYTES - 1_200);
  bytes.giveBack(address(2), 1e6);
  assert.equal(bytes.room(address(3)), MAX_UNPROVEN_BYTES, "and never lends more than there is");
});

Deno.test("UnprovenHosts counts what all connections send to one host, whatever its ports", () => {
  const hosts = new UnprovenHosts();
  for (let i = 0; i < 100; i++) {
    const bytes = new UnprovenBytes(hosts);
    const victim = address(1, 1_000 + i);
    while (bytes.room(victim) >= 1_200) bytes.take(victim, 1_200);
  }
  const spent = MAX_UNPROVEN_BYTES_PER_HOST - hosts.room(address(1).hostname, 0);
  assert.ok(spent <= MAX_UNPROVEN_BYTES_PER_HOST && spent > MAX_UNPROVEN_BYTES_PER_HOST - 1_200);
  assert.equal(hosts.room(address(2).hostname, 0), MAX_UNPROVEN_BYTES_PER_HOST);
  assert.equal(hosts.room(address(1).hostname, UNPROVEN_PERIOD), MAX_UNPROVEN_BYTES_PER_HOST);
});

Deno.test("UnprovenHosts remembers few hosts, and none that owes nothing", () => {
  const hosts = new UnprovenHosts();
  for (let i = 0; i < 3 * MAX_UNPROVEN_HOSTS; i++) hosts.add(`host ${i}`, 1_200, 0);
  assert.equal(hosts.size, MAX_UNPROVEN_HOSTS);
  for (let i = 0; i < 3 * MAX_UNPROVEN_HOSTS; i++) hosts.add(`host ${i}`, -1_200, 0);
  assert.equal(hosts.size, 0);
});

Deno.test("UnprovenBytes.room() is whole bytes at any time: datagrams have no others", () => {
  const bytes = new UnprovenBytes();
  bytes.take(address(1), MAX_UNPROVEN_BYTES);
  for (let now = 0; now < UNPROVEN_PERIOD; now += 0.37) {
    bytes.advance(now);
    assert.ok(Number.isInteger(bytes.room(address(2))), `at ${now} ms`);
  }
});
