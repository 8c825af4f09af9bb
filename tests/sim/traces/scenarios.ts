import assert from "node:assert/strict";
import type { TransportConfig } from "../../../src/connection/config.ts";
import { auto } from "../../../src/congestion/auto.ts";
import { balia } from "../../../src/congestion/balia.ts";
import { bbr } from "../../../src/congestion/bbr.ts";
import { lia } from "../../../src/congestion/lia.ts";
import { newReno } from "../../../src/congestion/new_reno.ts";
import { olia } from "../../../src/congestion/olia.ts";
import { Version } from "../../../src/packet/version.ts";
import { blest } from "../../../src/scheduler/blest.ts";
import { earliestCompletion } from "../../../src/scheduler/earliest_completion.ts";
import { ecf } from "../../../src/scheduler/ecf.ts";
import { minRtt } from "../../../src/scheduler/min_rtt.ts";
import { redundant } from "../../../src/scheduler/redundant.ts";
import { roundRobin } from "../../../src/scheduler/round_robin.ts";
import type { Scheduler } from "../../../src/scheduler/scheduler.ts";
import { sttf } from "../../../src/scheduler/sttf.ts";
import { weightedRoundRobin } from "../../../src/scheduler/weighted_round_robin.ts";
import { firstVisit, Inbox, sendTexts, visitAgain } from "../early_data.ts";
import { linkOf, Pair, type PairOptions } from "../pair.ts";
import { PathHistory } from "../path_history.ts";
import { RandomScenario } from "../random_scenario.ts";
import { TraceHash } from "../../../src/sim/trace_hash.ts";
import { begin, expectOpen } from "../transfers.ts";

/** Runs a scenario of a seed; returns the digest of its trace and the number of its datagrams. */
export type Scenario = (seed: number) => string;

/** Scenarios of one kind, and from how many seeds each runs. */
export interface Family {
  readonly seeds: number;
  readonly scenarios: Readonly<Record<string, Scenario>>;
}

/** Every scenario whose trace is recorded, by family. */
export const families: Readonly<Record<string, Family>> = {
  random: { seeds: 50, scenarios: { random: runOf(RandomScenario) } },
  history: { seeds: 40, scenarios: { history: runOf(PathHistory) } },
  scheduler: {
    seeds: 2,
    scenarios: {
      earliestCompletion: unequal(earliestCompletion),
      minRtt: unequal(minRtt),
      roundRobin: unequal(roundRobin),
      weightedRoundRobin: unequal(weightedRoundRobin()),
      ecf: unequal(ecf),
      blest: unequal(blest),
      sttf: unequal(sttf),
      redundant: unequal(redundant),
    },
  },
  congestion: {
    seeds: 2,
    scenarios: {
      newReno: exchange({ config: { congestionControl: newReno } }),
      lia: exchange({ config: { congestionControl: lia } }),
      olia: exchange({ config: { congestionControl: olia } }),
      balia: exchange({ config: { congestionControl: balia } }),
      auto: exchange({ config: { congestionControl: auto } }),
      bbr: exchange({ config: { congestionControl: bbr } }),
    },
  },
  feature: {
    seeds: 2,
    scenarios: {
      defaults: exchange({}),
      retry: exchange({ server: { retry: "always" } }),
      version2: exchange({ client: { versions: [Version.V2] } }),
      negotiatedVersion: exchange({ server: { versions: [Version.V2, Version.V1] } }),
      onePath: exchange({ config: { maxConcurrentPaths: 1 } }),
      ackFrequency: exchange({ config: { ackFrequency: 10 } }),
      ipv6: exchange({ ipv6: true, serverAddresses: 2 }),
      smallWindows: exchange({ config: smallWindows() }),
      keyUpdates: exchange({ config: { keyLimits: { updateAfter: 60 } } }),
      earlyData: resumption,
    },
  },
};

/** A family that checks its own bytes. */
function runOf(
  Life: new (seed: number) => { run(): void; readonly trace: string },
): Scenario {
  return (seed) => {
    const life = new Life(seed);
    life.run();
    return life.trace;
  };
}

/**
 * Bytes in both directions over two lossy links, then requests when both have room; the digest
 * counts the qlog records as well.
 */
function exchange(options: PairOptions): Scenario {
  return (seed) => {
    const log = new TraceHash();
    const links = [linkOf(20, 44, { loss: 0.01 }), linkOf(8, 60, { loss: 0.01, jitter: 3 })];
    const qlog = (record: string) => log.addText(record);
    const pair = new Pair({ links, ...options, seed, qlog });
    pair.start();
    const ends = [begin(pair, 500_000), begin(pair, 60_000, "upload"), begin(pair, 90_000)];
    const requests = 5;
    for (let i = 0; i < requests; i++) {
      pair.at(1_500 + 140 * i, () => ends.push(begin(pair, 20_000 * (i + 1))));
    }
    const isDone = () => ends.length === 3 + requests && ends.every((end) => end() < Infinity);
    pair.run({ until: 120_000, when: isDone });
    expectOpen(pair);
    assert.ok(isDone(), "everything arrives");
    pair.client.connection.close(0, "", pair.now);
    pair.run({ until: pair.now + 60_000 });
    return `${traceOf(pair)} log ${log.digest}`;
  };
}

/** The same over a fast path and a slow one, about which schedulers disagree. */
function unequal(scheduler: Scheduler): Scenario {
  const links = [linkOf(20, 30, { loss: 0.01 }), linkOf(6, 160, { loss: 0.01 })];
  return exchange({ links, config: { scheduler } });
}

/** A second connection whose first bytes are 0-RTT. */
function resumption(seed: number): string {
  const { pair, sessions } = firstVisit({ seed, links: [linkOf(10, 44, { loss: 0.02 })] });
  const visit = visitAgain(pair, { session: sessions[0] });
  const texts = Array.from({ length: 20 }, (_, i) => `request ${i}`);
  sendTexts(visit.client, texts);
  const inbox = new Inbox();
  pair.run({ until: pair.now + 20_000, when: () => inbox.read(visit.server).texts.size === 20 });
  assert.ok(inbox.early > 0, "some of it is early");
  visit.client.close(0, "", pair.now);
  pair.run({ until: pair.now + 60_000 });
  return traceOf(pair);
}

function traceOf({ world }: Pair): string {
  const { digest, count } = world.network.trace;
  return `${digest} ${count}`;
}

function smallWindows(): Partial<TransportConfig> {
  return {
    connectionWindow: 20_000,
    maxConnectionWindow: 60_000,
    streamWindow: 10_000,
    maxStreamWindow: 40_000,
    maxBidirectionalStreams: 1,
    maxUnidirectionalStreams: 1,
  };
}
