import { linkOf } from "../sim/pair.ts";
import { ablation, download, equalLinks, MIB, ownFigures } from "./measure.ts";
import { OURS, type Row } from "./row.ts";

const single = (seconds: number): Map<string, number> => new Map([[OURS, seconds]]);

/** T1: 1 MiB over two equal paths, by round-trip time. */
export function* shortTransfers(): Generator<Row> {
  const cases: [rtt: number, floor: number, bound: number, target: number][] = [
    [24, 0.498, 0.523, 0.55],
    [44, 0.548, 0.619, 0.65],
    [104, 0.698, 0.976, 1.02],
    [204, 0.948, 1.673, 1.74],
  ];
  for (const [rtt, floor, bound, target] of cases) {
    yield {
      scenario: "T1",
      name: `1 MiB, 2 × 10 Mbit/s, RTT ${rtt} ms`,
      unit: "s",
      results: ablation(equalLinks(2, 10, rtt), MIB),
      ...ownFigures(equalLinks(1, 10, rtt), MIB),
      floor,
      bound,
      target,
      ...(rtt === 44 ? { thesis: 0.704, mptcp: 0.713 } : {}),
    };
  }
  yield {
    scenario: "T1",
    name: "1 MiB, one path of 10 Mbit/s, RTT 44 ms",
    unit: "s",
    results: single(download(equalLinks(1, 10, 44), MIB)),
    bound: 1.039,
    target: 1.07,
    thesis: 1.066,
    published: "TCP 1.085",
  };
}

/** T2: 10 MiB over two equal paths, by round-trip time. */
export function* longTransfers(): Generator<Row> {
  const cases: [rtt: number, floor: number, bound: number][] = [
    [24, 4.438, 4.502],
    [44, 4.488, 4.598],
    [104, 4.638, 4.954],
    [204, 4.888, 5.652],
  ];
  for (const [rtt, floor, bound] of cases) {
    yield {
      scenario: "T2",
      name: `10 MiB, 2 × 10 Mbit/s, RTT ${rtt} ms`,
      unit: "s",
      results: ablation(equalLinks(2, 10, rtt), 10 * MIB),
      ...ownFigures(equalLinks(1, 10, rtt), 10 * MIB),
      floor,
      bound,
      target: 1.03 * bound,
      ...(rtt === 44 ? { thesis: 4.79 } : {}),
    };
  }
}

/** T3: small files at 44 ms; never slower than one path. */
export function* smallFiles(): Generator<Row> {
  const small = [[1, 0.089, 0.092, 0.133], [10, 0.097, 0.1, 0.142], [100, 0.205, 0.215, 0.24]];
  for (const [kilobytes, bound, target, thesis] of small as [number, number, number, number][]) {
    yield {
      scenario: "T3",
      name: `${kilobytes} kB, 2 × 10 Mbit/s, RTT 44 ms`,
      unit: "s",
      results: ablation(equalLinks(2, 10, 44), kilobytes * 1_000),
      ...ownFigures(equalLinks(1, 10, 44), kilobytes * 1_000),
      bound,
      target,
      thesis,
    };
  }
}

/** T4: the same, by ten kilobytes. */
export function* growingFiles(): Generator<Row> {
  const bounds = [0.097, 0.137, 0.142, 0.149, 0.18, 0.184, 0.189, 0.193, 0.198];
  const thesis = [0.156, 0.158, 0.196, 0.209, 0.216, 0.217, 0.22, 0.241, 0.249];
  const mptcp = [0.197, 0.199, 0.24, 0.243, 0.245, 0.251, 0.252, 0.275, 0.285];
  for (const [i, bound] of bounds.entries()) {
    yield {
      scenario: "T4",
      name: `${10 * (i + 1)} kB, 2 × 10 Mbit/s, RTT 44 ms`,
      unit: "s",
      results: ablation(equalLinks(2, 10, 44), 10_000 * (i + 1)),
      ...ownFigures(equalLinks(1, 10, 44), 10_000 * (i + 1)),
      bound,
      target: 1.05 * bound,
      thesis: thesis[i]!,
      mptcp: mptcp[i]!,
    };
  }
}

/** T5: 10^8 bytes over one to five paths. */
export function* manyPaths(): Generator<Row> {
  const thesis = [84.16, 42.25, 29.48, 22.3, 18.05];
  const floors = [83.6, 41.9, 28.0, 21.0, 16.8];
  const bounds = [84.48, 42.34, 28.29, 21.27, 17.06];
  const times: number[] = [];
  for (const [i, bound] of bounds.entries()) {
    const results = i === 0
      ? single(download(equalLinks(1, 10, 44), 1e8))
      : ablation(equalLinks(i + 1, 10, 44), 1e8);
    times.push(results.get(OURS)!);
    yield {
      scenario: "T5",
      name: `10^8 B, ${i + 1} × 10 Mbit/s, RTT 44 ms`,
      unit: "s",
      results,
      alone: times[0]!,
      floor: floors[i]!,
      bound,
      target: 1.02 * bound,
      thesis: thesis[i]!,
    };
  }
  yield {
    scenario: "T5",
    name: "speed-up of five paths",
    unit: "x",
    results: single(times[0]! / times[4]!),
    target: 4.85,
    atLeast: true,
    thesis: 4.68,
  };
}

/** T6: a second path of another bandwidth. */
export function* bandwidthRatios(): Generator<Row> {
  const ratios = [0.5, 0.75, 1, 3, 5];
  const floors = [0.686, 0.607, 0.548, 0.34, 0.271];
  const bounds = [0.749, 0.673, 0.619, 0.455, 0.417];
  const targets = [0.79, 0.71, 0.65, 0.48, 0.44];
  const thesis = [0.851, 0.762, 0.701, 0.58, 0.571];
  const mptcp = [0.813, 0.751, 0.712, 0.549, 0.467];
  for (const [i, ratio] of ratios.entries()) {
    yield {
      scenario: "T6",
      name: `1 MiB, 10 + ${10 * ratio} Mbit/s, RTT 44 ms`,
      unit: "s",
      results: ablation([linkOf(10, 44), linkOf(10 * ratio, 44)], MIB),
      ...ownFigures([linkOf(10, 44)], MIB),
      floor: floors[i]!,
      bound: bounds[i]!,
      target: targets[i]!,
      thesis: thesis[i]!,
      mptcp: mptcp[i]!,
    };
  }
}

/** T7: a second path of another round-trip time. */
export function* rttRatios(): Generator<Row> {
  const ratios = [0.5, 0.75, 1, 3, 5];
  const floors = [0.526, 0.537, 0.548, 0.636, 0.724];
  const bounds = [0.572, 0.594, 0.619, 0.871, 1.001];
  const targets = [0.6, 0.62, 0.65, 0.91, 1.03];
  const thesis = [0.691, 0.657, 0.7, 0.979, 1.066];
  const mptcp = [0.64, 0.658, 0.711, 0.913, 1.027];
  for (const [i, ratio] of ratios.entries()) {
    yield {
      scenario: "T7",
      name: `1 MiB, 2 × 10 Mbit/s, RTT 44 + ${44 * ratio} ms`,
      unit: "s",
      results: ablation([linkOf(10, 44), linkOf(10, 44 * ratio)], MIB),
      ...ownFigures([linkOf(10, 44)], MIB),
      floor: floors[i]!,
      bound: bounds[i]!,
      target: targets[i]!,
      thesis: thesis[i]!,
      mptcp: mptcp[i]!,
    };
  }
}

/** T8: the cases of the 2018 repository (its logs stand in for the thesis), where the slow path made everything slower. */
export function* repositoryCases(): Generator<Row> {
  const cases: [number, number, number, number, number, number][] = [
    [10, 10, 0.438, 0.443, 0.46, 0.471],
    [10, 1, 0.796, 0.806, 0.85, 2.011],
    [1, 10, 0.796, 0.806, 0.85, 1.672],
    [1, 1, 4.378, 4.431, 4.55, 4.424],
  ];
  for (const [first, second, floor, bound, target, thesis] of cases) {
    // A round trip of nothing: only the links' rates count, and their queues hold 30 packets.
    yield {
      scenario: "T8",
      name: `1 MiB, ${first} + ${second} Mbit/s, RTT 0`,
      unit: "s",
      results: ablation([linkOf(first, 0.2), linkOf(second, 0.2)], MIB),
      ...ownFigures([linkOf(first, 0.2)], MIB),
      floor,
      bound,
      target,
      thesis,
    };
  }
}
