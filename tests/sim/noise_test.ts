import assert from "node:assert/strict";
import { besidePlain } from "../evaluate/competition.ts";
import { download } from "../evaluate/measure.ts";
import { linkOf } from "./pair.ts";

/** Milliseconds of a transfer of 10 MB over two paths that lose 1 % at random; its suspect paths. */
function noisyTransfer(seed: number): { readonly seconds: number; readonly doubts: number } {
  const link = linkOf(10, 44, { loss: 0.01 });
  let doubts = 0;
  const seconds = download([link, link], 1e7, {
    seed,
    prepare: ({ server }) => {
      server.onEvent = ({ type }) => {
        if (type === "pathHealth") doubts++;
      };
    },
  });
  return { seconds, doubts };
}

Deno.test("10 MB take 7 s at most over two paths of 10 Mbit/s that lose 1 %", () => {
  for (const seed of [1, 2, 3]) {
    const { seconds, doubts } = noisyTransfer(seed);
    assert.ok(seconds <= 7, `${seconds} s (replay with SIM_SEED=${seed})`);
    assert.equal(doubts, 0, `suspect paths (replay with SIM_SEED=${seed})`);
  }
});

Deno.test("the default takes its share beside a flow to which every loss is congestion", () => {
  const ratios = [1, 2].map(besidePlain);
  const mean = ratios.reduce((product, ratio) => product * ratio) ** (1 / ratios.length);
  assert.ok(mean >= 0.8 && mean <= 1.2, `${ratios}`);
});
