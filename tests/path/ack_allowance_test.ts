import assert from "node:assert/strict";
import { AckAllowance } from "../../src/path/network/ack_allowance.ts";

Deno.test("AckAllowance lets a window of acknowledgements leave in a round trip", () => {
  const acks = new AckAllowance();
  let sent = 0;
  let now = 1_000;
  while (now < 2_000) {
    const at = acks.nextAt(12_000, 100, now);
    if (at > now) {
      now = at;
      continue;
    }
    acks.onSent(60);
    sent += 60;
  }
  // A window at once, and one for each of the ten round trips.
  assert.ok(sent > 11 * 12_000 - 200 && sent < 11 * 12_000 + 200, `${sent}`);
});

Deno.test("AckAllowance follows a window that shrinks", () => {
  const acks = new AckAllowance();
  acks.onSent(12_000);
  assert.equal(acks.nextAt(12_000, 100, 0), 0);
  assert.equal(acks.nextAt(2_400, 100, 0), 9_600 * 100 / 2_400);
});
