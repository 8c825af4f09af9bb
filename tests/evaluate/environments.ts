import { Readiness } from "../../src/scheduler/readiness.ts";
import { bbr } from "../../src/congestion/bbr.ts";
import type { CongestionControl } from "../../src/congestion/controller.ts";
import { cubic } from "../../src/congestion/cubic.ts";
import { newReno } from "../../src/congestion/new_reno.ts";
import type { LinkOptions } from "../../src/sim/link.ts";
import { linkOf } from "../sim/pair.ts";
import { ablation, download, MIB, pairOf, seeds } from "./measure.ts";
import { median, OURS, type Row } from "./row.ts";

const ours = (value: number): Map<string, number> => new Map([[OURS, value]]);

/** T16: scenarios of picoquic's own simulation, with its limits; paths drop 0.64 s after they open. */
export function* picoquicCases(): Generator<Row> {
  const path = (): LinkOptions => ({ rate: 10e6, delay: 10, queue: 25_000 });
  const twice = (drop: number): number => {
    const pair = pairOf([path(), path()]);
    pair.start();
    const { app } = pair.client;
    let second: ReturnType<typeof app.download> | undefined;
    app.download(1e6, { onDone: () => (second = app.download(1e6)) });
    if (drop >= 0) {
      pair.run({
        when: () => (pair.client.connection.paths.find(1)?.readiness ?? 0) >= Readiness.Open,
      });
      pair.links[drop]!.outage(pair.now + 640);
    }
    pair.run({ until: 60_000, when: () => second?.isDone === true });
    return second!.finishedAt / 1_000;
  };
  const cases: [string, number, number][] = [["basic", -1, 1.06], ["drop first", 0, 1.49]];
  cases.push(["drop second", 1, 1.26]);
  for (const [name, drop, limit] of cases) {
    yield {
      scenario: "T16",
      name: `picoquic ${name}: 2 × 1 MB over 2 × 10 Mbit/s`,
      unit: "s",
      results: ours(twice(drop)),
      target: limit,
      published: `picoquic's limit ${limit}`,
    };
  }
  const wifi: LinkOptions = linkOf(50, 30);
  const lte: LinkOptions = linkOf(40, 60);
  yield {
    scenario: "T16",
    name: "10 MB over Wi-Fi 50 Mbit/s and LTE 40 Mbit/s",
    unit: "s",
    results: ablation([wifi, lte], 1e7),
    bound: 1.188,
    target: 1.3,
    published: "picoquic 1.65",
  };
  yield {
    scenario: "T16",
    name: "10 MB over 1 Mbit/s of 20 ms and a satellite of 10 Mbit/s and 600 ms",
    unit: "s",
    results: ablation([linkOf(1, 20), linkOf(10, 600)], 1e7),
    bound: 11.5,
    published: "picoquic's limit 10",
  };
}

/** T17: a receiver that lends little: the slow path must not use up what the fast one needs. */
export function* smallWindows(): Generator<Row> {
  const fast = linkOf(50, 20);
  const slow = linkOf(5, 200);
  for (const window of [65_536, 131_072, 262_144, 524_288, 1_048_576]) {
    const config = {
      connectionWindow: window,
      maxConnectionWindow: window,
      streamWindow: window,
      maxStreamWindow: window,
    };
    const alone = download([fast], 4 * MIB, { config });
    const both = ablation([fast, slow], 4 * MIB, [1], { config });
    yield {
      scenario: "T17",
      name: `4 MiB, window ${
        window / 1024
      } KiB, 50 Mbit/s 20 ms + 5 Mbit/s 200 ms: of the fast alone`,
      unit: "x",
      results: new Map([...both].map(([policy, seconds]) => [policy, alone / seconds])),
      target: 0.95,
      atLeast: true,
    };
  }
}

/** Paths that are worse in one way: never slower than the better path alone. */
export function* impairedPaths(count: number): Generator<Row> {
  const good = linkOf(10, 44);
  const cases: [string, LinkOptions][] = [
    ["1 % random loss on one path", linkOf(10, 44, { loss: 0.01 })],
    ["a queue of 4 BDP on one path", linkOf(10, 44, { queue: 4 * 55_000 })],
    ["jitter of 20 ms on one path", linkOf(10, 44, { jitter: 20 })],
    ["one path 10 times slower", linkOf(1, 44)],
  ];
  const size = 4 * MIB;
  const alone = download([good], size);
  for (const [name, other] of cases) {
    const both = ablation([good, other], size, seeds(count));
    yield {
      scenario: "T18",
      name: `4 MiB, ${name}: against the better path alone`,
      unit: "x",
      results: new Map([...both].map(([policy, seconds]) => [policy, seconds / alone])),
      target: 1.02,
    };
  }
}

/** T21: random loss, by controller. */
export function* lossyControllers(count: number): Generator<Row> {
  yield {
    scenario: "T21",
    name: "10 MB, 2 × 10 Mbit/s, RTT 44 ms, 1 % loss",
    unit: "s",
    results: ours(median(seeds(count).map(noisyPaths))),
    target: 7,
    published: "MPTCP 14.7, picoquic 4.67",
  };
  for (const loss of [0, 0.001, 0.01]) {
    for (const [name, congestionControl, least] of CONTROLLERS) {
      const times = seeds(count).map((seed) =>
        download([linkOf(20, 40, { loss })], 20 * MIB, { seed, config: { congestionControl } })
      );
      const rate = 20 * MIB / median(times);
      const target = least.get(loss);
      yield {
        scenario: "T21",
        name: `${name}, 20 Mbit/s 40 ms, ${loss * 100} % loss: share of the link`,
        unit: "x",
        results: ours(rate * 8 / 20e6),
        ...(target === undefined ? {} : { target, atLeast: true }),
      };
      if (name !== "newReno" || loss === 0) continue;
      yield {
        scenario: "T21",
        name: `newReno, ${loss * 100} % loss: distance from 1.22 · segment / (RTT · √loss)`,
        unit: "x",
        results: ours(Math.abs(rate / (1.22 * SEGMENT / (0.04 * Math.sqrt(loss))) - 1)),
        target: 0.2,
      };
    }
  }
}

/** Seconds that 10 MB take by the default over two paths of 10 Mbit/s that lose 1 % at random. */
export function noisyPaths(seed: number): number {
  return download([linkOf(10, 44, { loss: 0.01 }), linkOf(10, 44, { loss: 0.01 })], 1e7, { seed });
}

/** Bytes of data in a full-sized packet. */
const SEGMENT = 1_410;

/** Controllers, and the least share of the link that each must use, by loss. */
const CONTROLLERS: [string, CongestionControl, least: ReadonlyMap<number, number>][] = [
  ["newReno", newReno, new Map([[0, 0.92]])],
  ["cubic", cubic, new Map([[0, 0.92]])],
  ["bbr", bbr, new Map([[0, 0.9], [0.01, 0.85]])],
];
