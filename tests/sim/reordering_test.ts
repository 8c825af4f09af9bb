import assert from "node:assert/strict";
import { download } from "../evaluate/measure.ts";
import { linkOf, type PairOptions } from "./pair.ts";

/** Delays of packets differ by so many milliseconds each way, and do not keep their order. */
function shuffled(rate: number, rtt: number, jitter: number, loss = 0): NonNullable<
  PairOptions["links"]
>[number] {
  return linkOf(rate, rtt, { jitter, loss, keepOrder: false });
}

// Rate in Mbit/s, round trip and jitter in ms, and seconds that 5 MB may take. Without patience each
// late packet is sent again: these took 21.6, 17.6 and 23.1 s.
const cases = [
  { rate: 20, rtt: 160, jitter: 30, loss: 0, most: 4 },
  { rate: 20, rtt: 40, jitter: 15, loss: 0, most: 4 },
  { rate: 10, rtt: 44, jitter: 15, loss: 0.01, most: 14 },
] as const;

for (const { rate, rtt, jitter, loss, most } of cases) {
  Deno.test(`5 MB take ${most} s at most at ${rate} Mbit/s, ${rtt} ms ± ${jitter} each way, ${100 * loss} % lost`, () => {
    for (const seed of [1, 2, 3]) {
      const seconds = download([shuffled(rate, rtt, jitter, loss)], 5e6, { seed });
      assert.ok(seconds <= most, `${seconds} s (replay with SIM_SEED=${seed})`);
    }
  });
}
