import assert from "node:assert/strict";
import { Undecryptable } from "../../src/connection/receive/undecryptable.ts";
import { address, portAt } from "../path/fakes.ts";

Deno.test("Undecryptable keeps 16 packets and 24 KB of copies at most [attack undecryptable-packets]", () => {
  for (const [size, expected] of [[100, 16], [1_500, 16], [5_000, 4], [30_000, 0]] as const) {
    const kept = new Undecryptable();
    for (let i = 0; i < 1_000; i++) kept.keep(new Uint8Array(size), portAt(1), address(2), 0, 0);
    assert.equal(kept.take().length, expected);
    assert.equal(kept.take().length, 0);
  }
});

Deno.test("Undecryptable has room again after it was emptied, and copies what it keeps", () => {
  const kept = new Undecryptable();
  const packet = Uint8Array.of(1, 2, 3);
  for (let round = 0; round < 3; round++) {
    for (let i = 0; i < 20; i++) kept.keep(packet, portAt(1), address(2), 0, 0);
    packet.fill(9);
    const taken = kept.take();
    assert.equal(taken.length, 16);
    assert.deepEqual(taken[0]!.bytes, round === 0 ? Uint8Array.of(1, 2, 3) : packet);
  }
});
