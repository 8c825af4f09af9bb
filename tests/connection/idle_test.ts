import assert from "node:assert/strict";
import { Idle } from "../../src/connection/idle.ts";

Deno.test("Idle counts from the last packet that arrived", () => {
  const idle = new Idle(30_000);
  assert.equal(idle.deadline, Infinity);
  idle.onReceived(100, 1_000);
  assert.equal(idle.deadline, 31_000);
  idle.onReceived(100, 2_000);
  assert.equal(idle.deadline, 32_000);
});

Deno.test("Idle counts from the first packet sent since, and no later one", () => {
  const idle = new Idle(30_000);
  idle.onReceived(100, 0);
  idle.onSent({ largestProbeTimeout: 100 }, 5_000);
  idle.onSent({ largestProbeTimeout: 100 }, 9_000);
  assert.equal(idle.deadline, 35_000);
  idle.onReceived(100, 10_000);
  idle.onSent({ largestProbeTimeout: 100 }, 11_000);
  assert.equal(idle.deadline, 41_000);
});

Deno.test("Idle waits for three probe timeouts at least", () => {
  const idle = new Idle(1_000);
  idle.onReceived(2_000, 0);
  assert.equal(idle.deadline, 6_000);
});

Deno.test("Idle takes the shorter of both announcements, 0 being none", () => {
  const cases = [[30, 10, 10], [10, 30, 10], [0, 10, 10], [10, 0, 10], [0, 0, 0]] as const;
  for (const [own, peer, expected] of cases) {
    const idle = new Idle(own);
    idle.onPeerTimeout(peer);
    idle.onReceived(0, 0);
    assert.equal(idle.deadline, expected || Infinity);
  }
});

Deno.test("Idle without a timeout never ends", () => {
  const idle = new Idle(0);
  idle.onReceived(100, 0);
  idle.onSent({ largestProbeTimeout: 100 }, 1);
  assert.equal(idle.deadline, Infinity);
});

Deno.test("Idle.stop() ends the timeout", () => {
  const idle = new Idle(30_000);
  idle.onReceived(100, 0);
  idle.stop();
  assert.equal(idle.deadline, Infinity);
});
