import assert from "node:assert/strict";
import { ResetRate } from "../../src/endpoint/reset_rate.ts";
import {
  RESETS_PER_SECOND,
  RESETS_PER_SECOND_AT_FIRST,
  RESTART_TIME,
  SITES_OF_RESETS,
} from "../../src/limits/limits.ts";

/** How many of so many may be sent. */
function taken(rate: ResetRate, now: number, hostnames: readonly string[], tries = 3_000): number {
  let count = 0;
  for (let i = 0; i < tries; i++) if (rate.take(hostnames[i % hostnames.length]!, now)) count++;
  return count;
}

Deno.test("ResetRate gives each site its part, more at first, and again each second", () => {
  const rate = new ResetRate(() => false);
  const part = RESETS_PER_SECOND_AT_FIRST / SITES_OF_RESETS;
  assert.equal(taken(rate, 0, ["192.0.2.1"]), part);
  // A machine has all addresses of its /64.
  assert.equal(taken(rate, 0, ["2001:db8::1", "2001:db8::2"]), part);
  const others = Array.from({ length: 100 }, (_, i) => `198.51.100.${i}`);
  assert.equal(taken(rate, 0, others), RESETS_PER_SECOND_AT_FIRST - 2 * part);
  assert.equal(taken(rate, 999, others), 0);
  assert.equal(taken(rate, 1_000, ["192.0.2.1"]), part);
  const later = RESTART_TIME + 1_000;
  assert.equal(taken(rate, later, ["192.0.2.1"]), RESETS_PER_SECOND / SITES_OF_RESETS);
  assert.equal(taken(rate, later + 1_000, others), RESETS_PER_SECOND);
});

Deno.test("ResetRate lets a balancer have all: many clients are behind its address", () => {
  const rate = new ResetRate((hostname) => hostname === "192.0.2.1");
  assert.equal(taken(rate, 0, ["192.0.2.1"]), RESETS_PER_SECOND_AT_FIRST);
});
