import type { Scheduler } from "../../src/scheduler/scheduler.ts";
import { urgencyOrder } from "../../src/scheduler/stream_order.ts";
import { linkOf } from "../sim/pair.ts";
import { equalLinks, MIB, pairOf } from "./measure.ts";
import { POLICIES } from "./policies.ts";
import { median, OURS, quantile, type Row } from "./row.ts";

/** How an urgent file fared beside a large one. Times in seconds. */
interface Outcome {
  readonly urgent: number;
  readonly large: number;
}

/** T9: 1 kB asked for while 10 MiB are on their way over 10 Mbit/s of 44 and of 104 ms. */
export function* urgentFile(offsets: number): Generator<Row> {
  const early = new Map<string, Outcome[]>();
  for (const name of POLICIES.keys()) {
    early.set(name, sample(name, offsets, 450, 550));
  }
  const by = (of: (outcomes: Outcome[]) => number): Map<string, number> =>
    new Map([...early].map(([name, outcomes]) => [name, of(outcomes)]));
  const urgent = (outcomes: Outcome[]): number[] => outcomes.map((outcome) => outcome.urgent);
  yield {
    scenario: "T9",
    name: "1 kB urgent into 10 MiB, median",
    unit: "s",
    results: by((outcomes) => median(urgent(outcomes))),
    bound: 0.06,
    target: 0.07,
    floor: 0.045,
    thesis: 0.135,
    mptcp: 0.388,
  };
  yield {
    scenario: "T9",
    name: "1 kB urgent into 10 MiB, 95th percentile",
    unit: "s",
    results: by((outcomes) => quantile(urgent(outcomes), 0.95)),
    target: 0.1,
    thesis: 0.16,
  };
  yield {
    scenario: "T9",
    name: "the 10 MiB",
    unit: "s",
    results: by((outcomes) => median(outcomes.map((outcome) => outcome.large))),
    bound: 4.762,
    target: 4.9,
    floor: 4.548,
    thesis: 4.99,
    mptcp: 4.77,
  };
  const steady = sample(OURS, offsets, 1_500, 2_900);
  yield {
    scenario: "T9",
    name: "1 kB urgent in steady state, 95th percentile",
    unit: "s",
    results: new Map([[OURS, quantile(urgent(steady), 0.95)]]),
    target: 0.11,
  };
}

function sample(policy: string, count: number, from: number, to: number): Outcome[] {
  return Array.from({ length: count }, (_, i) => run(policy, from + (to - from) * i / count));
}

function run(policy: string, askAt: number): Outcome {
  const pair = pairOf([linkOf(10, 44), linkOf(10, 104)], {
    scheduler: POLICIES.get(policy)!,
    config: { streamOrder: urgencyOrder },
  });
  pair.start();
  const { app } = pair.client;
  const large = app.download(10 * MIB, { urgency: 7, incremental: true });
  let urgent: ReturnType<typeof app.download> | undefined;
  pair.at(askAt, () => (urgent = app.download(1_000, { urgency: 0 })));
  pair.run({ until: 60_000, when: () => large.isDone && urgent?.isDone === true });
  return { urgent: urgent!.duration / 1_000, large: large.finishedAt / 1_000 };
}

/** T19: how far streams that are to share alike get ahead of each other, in what is sent. */
export function* fairShares(): Generator<Row> {
  const results = new Map<string, number>();
  for (const [name, scheduler] of POLICIES) results.set(name, largestLead(scheduler));
  yield {
    scenario: "T19",
    name:
      "4 incremental downloads of 1 MiB, nothing lost, over 2 × 10 Mbit/s: largest lead of one, in packets",
    unit: "",
    results,
    bound: 1,
    target: 2,
  };
}

/**
 * The largest lead of a stream over another, in full-sized packets, while all have data. Nothing is
 * lost: what is sent again counts as a turn, too.
 */
function largestLead(scheduler: Scheduler): number {
  const links = equalLinks(2, 10, 44).map((link) => ({ ...link, queue: 1e6 }));
  const pair = pairOf(links, {
    scheduler,
    serverConfig: { streamOrder: urgencyOrder },
  });
  pair.connect();
  const options = { urgency: 3, incremental: true };
  const downloads = [0, 1, 2, 3].map(() => pair.client.app.download(MIB, options));
  const { connection } = pair.server;
  let lead = 0;
  while (!downloads.some((download) => download.isDone)) {
    pair.run({ until: pair.now + 0.25 });
    const sent = [...connection.streams.all()].map(({ send }) => send!.bytesSent);
    if (sent.some((bytes) => bytes === MIB)) break;
    const bytes = Math.max(...sent) - Math.min(...sent);
    const size = Math.max(...connection.paths.paths.map((path) => path.maxDatagramSize));
    lead = Math.max(lead, bytes / size);
  }
  return lead;
}
