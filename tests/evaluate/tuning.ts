// Measures a set of transfers with the constants as they are; see docs/scheduling.md, "Constants".
// deno-lint-ignore-file no-console -- prints its figures

import { linkOf, Pair } from "../sim/pair.ts";
import { move } from "../sim/transfers.ts";

/** Megabits per second and round-trip milliseconds of the paths. */
const PATHS: readonly (readonly (readonly [number, number])[])[] = [
  [[10, 44], [10, 44]],
  [[10, 44], [50, 44]],
  [[10, 44], [10, 220]],
  [[20, 30], [5, 100]],
  [[15, 4], [60, 347]],
  [[50, 20], [10, 60], [5, 10]],
];
const SIZES = [20_000, 200_000, 1_048_576, 5_000_000];
const LOSSES = [0, 0.002];

/** The mean of the milliseconds of a transfer, without loss and with some. */
function meanOf(paths: readonly (readonly [number, number])[], size: number): number {
  const seeds = size > 2_000_000 ? [1] : [1, 2, 3];
  let sum = 0;
  for (const seed of seeds) {
    for (const loss of LOSSES) {
      const links = paths.map(([megabits, rtt]) => linkOf(megabits, rtt, { loss }));
      const pair = new Pair({ links, seed });
      pair.start();
      sum += move(pair, size);
    }
  }
  return sum / seeds.length / LOSSES.length;
}

let logarithms = 0;
for (const paths of PATHS) {
  const name = paths.map(([megabits, rtt]) => `${megabits} Mbit/s ${rtt} ms`).join(" + ");
  for (const size of SIZES) {
    const mean = meanOf(paths, size);
    logarithms += Math.log(mean);
    console.log(`${size} B over ${name}: ${mean.toFixed(1)} ms`);
  }
}
const count = PATHS.length * SIZES.length;
console.log(`geometric mean: ${Math.exp(logarithms / count).toFixed(2)} ms`);
