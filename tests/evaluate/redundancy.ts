import type { LinkOptions } from "../../src/sim/link.ts";
import { linkOf } from "../sim/pair.ts";
import { equalLinks, MIB, pairOf, seeds } from "./measure.ts";
import { OURS, type Row } from "./row.ts";

/** Ratios of the second path to the first in T6 and T7. */
const RATIOS = [0.5, 0.75, 1, 3, 5];
const LOSS = { loss: 0.01 };

/** T18: what part of the bytes is sent once more although it is not known to be lost. */
export function* redundancy(count: number): Generator<Row> {
  const row = (name: string, shares: readonly number[], target: number): Row => ({
    scenario: "T18",
    name: `bytes sent twice, ${name}`,
    unit: "x",
    results: new Map([[OURS, shares.reduce((sum, share) => sum + share, 0) / shares.length]]),
    target,
    published: "XLINK 2.1 %",
  });
  const byRate = (more: Partial<LinkOptions>) =>
    RATIOS.map((ratio) => [linkOf(10, 44, more), linkOf(10 * ratio, 44, more)]);
  const byDelay = (more: Partial<LinkOptions>) =>
    RATIOS.map((ratio) => [linkOf(10, 44, more), linkOf(10, 44 * ratio, more)]);
  const clean = [24, 44, 104, 204].map((rtt) => equalLinks(2, 10, rtt));
  const of = (cases: readonly (readonly LinkOptions[])[], size: number): number[] =>
    cases.map((links) => copiedShare(links, size, 1));
  const lossy = (cases: readonly (readonly LinkOptions[])[]): number[] =>
    cases.flatMap((links) => seeds(count).map((seed) => copiedShare(links, MIB, seed)));
  yield row("T1 without loss", of(clean, MIB), 0);
  yield row("T2 without loss", of(clean, 10 * MIB), 0);
  yield row("T5 without loss, 5 paths", of([equalLinks(5, 10, 44)], 1e8), 0);
  yield row("T6 without loss", of(byRate({}), MIB), 0.021);
  yield row("T7 without loss", of(byDelay({}), MIB), 0.021);
  yield row("T6 with 1 % loss", lossy(byRate(LOSS)), 0.021);
  yield row("T7 with 1 % loss", lossy(byDelay(LOSS)), 0.021);
  const messages = seeds(count).map((seed) => copiedInMessages(seed));
  yield row("T14 with 1 % loss instead of the outage", messages, 0.021);
}

/** Of a download, the part of its bytes that its sender copied. */
function copiedShare(links: readonly LinkOptions[], size: number, seed: number): number {
  const pair = pairOf(links, { seed });
  pair.start();
  const transfer = pair.client.app.download(size);
  pair.run({ until: 600_000, when: () => transfer.isDone });
  return pair.server.connection.dispatcher.copied / size;
}

/** The same of small answers that leave one by one. */
function copiedInMessages(seed: number): number {
  const pair = pairOf([linkOf(10, 15, LOSS), linkOf(10, 25, LOSS)], { seed });
  pair.start();
  const times = 200;
  for (let i = 0; i < times; i++) pair.at(500 + 400 * i, () => pair.client.app.download(750));
  pair.run({ until: 500 + 400 * times });
  return pair.server.connection.dispatcher.copied / (750 * times);
}
