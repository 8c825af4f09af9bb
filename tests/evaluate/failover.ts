import { redundant } from "../../src/scheduler/redundant.ts";
import type { Scheduler } from "../../src/scheduler/scheduler.ts";
import { linkOf } from "../sim/pair.ts";
import { equalLinks, MIB, pairOf } from "./measure.ts";
import { POLICIES } from "./policies.ts";
import { OURS, type Row } from "./row.ts";

/** Goodput of a 10 Mbit/s link in bytes per ms, with full-sized packets. */
const LINK_GOODPUT = 10e6 / 8_000 * 0.958;

/** T14: small answers on a connection whose first path dies. */
export function* handover(): Generator<Row> {
  const results = new Map<string, number>();
  for (const [name, scheduler] of POLICIES) results.set(name, spike(scheduler));
  yield {
    scenario: "T14",
    name: "750 B every 400 ms, path of 15 ms dies beside one of 25 ms: longest answer",
    unit: "ms",
    results,
    bound: 73,
    target: 100,
    published: "MPQUIC 2017 285–377",
  };
  yield {
    scenario: "T14",
    name: "the same with redundancy on",
    unit: "ms",
    results: new Map([[OURS, spike(redundant)]]),
    bound: 25,
    target: 30,
  };
}

function spike(scheduler: Scheduler): number {
  const pair = pairOf([linkOf(10, 15), linkOf(10, 25)], { scheduler, config: { scheduler } });
  pair.start();
  const answers: { duration: number }[] = [];
  for (let time = 500; time < 8_000; time += 400) {
    pair.at(time, () => answers.push(pair.client.app.download(750)));
  }
  pair.links[0]!.outage(3_000);
  pair.run({ until: 12_000 });
  return Math.max(...answers.map((answer) => answer.duration));
}

/** T15: one of two paths goes silent in the middle of a transfer, for good or for ten seconds. */
export function* blackhole(): Generator<Row> {
  const results = new Map<string, number>();
  for (const [name, scheduler] of POLICIES) results.set(name, excess(scheduler));
  yield {
    scenario: "T15",
    name: "4 MiB, one of 2 × 10 Mbit/s silent from 30 %: time beyond one path alone",
    unit: "ms",
    results,
    target: 250,
    published: "quiche 10 s, noq until idle",
  };
  yield {
    scenario: "T15",
    name: "a path silent for 10 s: in use again after its return",
    unit: "ms",
    results: new Map([[OURS, returnTime()]]),
    target: 2_100,
  };
}

function excess(scheduler: Scheduler): number {
  const size = 4 * MIB;
  const pair = pairOf(equalLinks(2, 10, 44), { scheduler });
  pair.start();
  const transfer = pair.client.app.download(size);
  pair.run({ until: 60_000, when: () => transfer.received >= 0.3 * size });
  const cutAt = pair.now;
  const left = size - transfer.received;
  pair.links[0]!.down();
  pair.run({ until: 120_000, when: () => transfer.isDone });
  return transfer.finishedAt - cutAt - left / LINK_GOODPUT;
}

function returnTime(): number {
  const pair = pairOf(equalLinks(2, 10, 44));
  pair.start();
  pair.client.app.download(40 * MIB);
  const backAt = 12_000;
  pair.links[0]!.outage(2_000, backAt);
  pair.run({ until: backAt });
  const path = pair.server.connection.paths.find(0)!;
  const before = path.current.bytesSent;
  pair.run({ until: 60_000, when: () => path.current.bytesSent > before + 20_000 });
  return pair.now - backAt;
}
