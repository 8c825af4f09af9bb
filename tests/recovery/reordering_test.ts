import assert from "node:assert/strict";
import { Reordering } from "../../src/recovery/reordering.ts";

Deno.test("Reordering bears what was seen, as far as it may", () => {
  const reordering = new Reordering();
  assert.equal(reordering.packets, 3);
  assert.equal(reordering.trips, 9 / 8);
  reordering.onSpuriousLoss(7, 1.5);
  reordering.onSpuriousLoss(1, 1);
  assert.equal(reordering.packets, 8);
  assert.equal(reordering.trips, 1.5);
  reordering.onSpuriousLoss(1_000, 40);
  assert.equal(reordering.packets, 128);
  assert.equal(reordering.trips, 2);
});

Deno.test("Reordering waits no longer than usual once packets are lost in earnest", () => {
  const reordering = new Reordering();
  reordering.onSpuriousLoss(7, 2);
  for (let i = 0; i < 8; i++) reordering.onLoss();
  assert.equal(reordering.trips, 1.5625);
  for (let i = 0; i < 9; i++) reordering.onLoss();
  assert.equal(reordering.trips, 9 / 8);
});
