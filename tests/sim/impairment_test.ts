import assert from "node:assert/strict";
import { redundant } from "../../src/scheduler/redundant.ts";
import { roundRobin } from "../../src/scheduler/round_robin.ts";
import type { LinkOptions } from "../../src/sim/link.ts";
import { linkOf, Pair } from "./pair.ts";
import { move } from "./transfers.ts";

const bad: LinkOptions = {
  loss: 0.02,
  reorder: 0.02,
  duplicate: 0.02,
  jitter: 3,
  keepOrder: false,
};

function links(options: LinkOptions, count = 2): LinkOptions[] {
  return Array.from({ length: count }, () => linkOf(10, 44, options));
}

/** Moves bytes over bad links; `StreamApp` compares every byte that comes out. */
function survive(seed: number, options: LinkOptions, size: number, more = {}): Pair {
  const pair = new Pair({ seed, links: links(options), ...more });
  pair.start();
  move(pair, size, seed % 2 === 0 ? "download" : "upload");
  return pair;
}

for (let block = 0; block < 200; block += 50) {
  Deno.test(`Every byte arrives in order with 2 % loss, seeds ${block} to ${block + 49}`, () => {
    for (let seed = block; seed < block + 50; seed++) survive(seed, bad, 300_000);
  });
}

Deno.test("Every byte arrives with every scheduler over bad links", () => {
  for (const scheduler of [roundRobin, redundant]) {
    for (let seed = 0; seed < 10; seed++) survive(seed, bad, 300_000, { config: { scheduler } });
  }
});

Deno.test("Every byte arrives when datagrams are damaged on the way", () => {
  for (let seed = 0; seed < 10; seed++) {
    const pair = survive(seed, { ...bad, corrupt: 0.05 }, 200_000);
    assert.ok(pair.links[0]!.upward.counters.corrupted > 0);
  }
});

Deno.test("Every byte arrives through bursts of loss", () => {
  const burst = { toBad: 0.02, toGood: 0.3, lossInGood: 0, lossInBad: 0.8 };
  for (let seed = 0; seed < 10; seed++) survive(seed, { burst }, 300_000);
});

Deno.test("Every byte arrives with a fifth of all datagrams lost", () => {
  for (let seed = 0; seed < 5; seed++) survive(seed, { loss: 0.2 }, 100_000);
});

Deno.test("2 % loss leaves most of what one loss-based window can reach", () => {
  const pair = new Pair({ links: links({ loss: 0.02 }), seed: 3 });
  pair.start();
  const time = move(pair, 2_000_000);
  assert.ok(time < 12_000, `${time} ms`);
});

Deno.test("A network that reorders does not count as one that loses", () => {
  const pair = new Pair({ links: links({ reorder: 0.1, reorderDelay: 15 }), seed: 3 });
  pair.start();
  const time = move(pair, 5_000_000);
  assert.ok(time < 4_500, `${time} ms`);
});

Deno.test("Small datagrams only: a link that carries no more than 1200 bytes is used", () => {
  for (const seed of [1, 2]) {
    const pair = new Pair({ links: links({ mtu: 1_228 }), seed });
    pair.start();
    move(pair, 1_000_000);
    for (const path of pair.server.connection.paths.paths) {
      assert.equal(path.current.mtu.current, 1_200);
    }
  }
});

Deno.test("A path whose datagrams shrink in the middle of a transfer goes on [MPQUIC 5.8 sizes]", () => {
  const pair = new Pair({ links: links({}, 1) });
  pair.start();
  pair.at(1_500, () => {
    assert.equal(pair.server.connection.paths.find(0)!.current.mtu.current, 1_452);
    pair.links[0]!.set({ mtu: 1_300 });
  });
  const time = move(pair, 5_000_000);
  assert.ok(time < 20_000, `${time} ms`);
});
