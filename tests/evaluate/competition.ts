import { auto } from "../../src/congestion/auto.ts";
import { balia } from "../../src/congestion/balia.ts";
import type { CongestionControl } from "../../src/congestion/controller.ts";
import { lia } from "../../src/congestion/lia.ts";
import { newReno } from "../../src/congestion/new_reno.ts";
import { olia } from "../../src/congestion/olia.ts";
import { linkOf, Pair } from "../sim/pair.ts";
import { World } from "../sim/world.ts";
import { plainCubic } from "../congestion/plain_cubic.ts";
import { pairOf, seeds } from "./measure.ts";
import { median, OURS, type Row } from "./row.ts";

/** When the flows are compared, in virtual ms: after both are under way. */
const FROM = 10_000;
const UNTIL = 60_000;

/** T20: two paths over one bottleneck beside a connection that has one; and over two of their own. */
export function* coupling(count: number): Generator<Row> {
  const controls: [string, CongestionControl][] = [
    ["lia", lia],
    ["olia", olia],
    ["balia", balia],
    ["auto", auto],
    ["uncoupled newReno", newReno],
  ];
  for (const [name, congestionControl] of controls) {
    const ratios = seeds(count).map((seed) => shared(congestionControl, seed));
    const row = {
      scenario: "T20",
      name: `${name}: two paths against one flow at a shared 20 Mbit/s`,
      unit: "x" as const,
      results: new Map([[OURS, median(ratios)]]),
      published: "fair 1, uncoupled about 2",
    };
    yield congestionControl === newReno ? row : { ...row, target: 1.2 };
  }
  for (const [name, congestionControl] of controls.slice(0, 4)) {
    yield {
      scenario: "T20",
      name: `${name}: share of two disjoint paths of 10 Mbit/s`,
      unit: "x",
      results: new Map([[OURS, disjoint(congestionControl)]]),
      target: 0.9,
      atLeast: true,
    };
  }
  const ratios = seeds(count).map((seed) => besidePlain(seed));
  yield {
    scenario: "T20",
    name: "the default against one flow to which every loss is congestion, at 20 Mbit/s: the less",
    unit: "x",
    results: new Map([[OURS, Math.min(median(ratios), 1 / median(ratios))]]),
    target: 0.8,
    atLeast: true,
  };
}

/** Bytes of a connection with the default controller for each byte of one beside it, nothing lost. */
export function besidePlain(seed: number): number {
  const world = new World(seed);
  const sharedLinks = [world.network.link(linkOf(20, 40))];
  const serverConfig = { congestionControl: plainCubic };
  return ratioOf(
    new Pair({ world, number: 0, sharedLinks }),
    new Pair({ world, number: 1, sharedLinks, serverConfig }),
    seed,
  );
}

/** Bytes of the connection with two paths for each byte of the one with a single path. */
function shared(congestionControl: CongestionControl, seed: number): number {
  const world = new World(seed);
  const bottleneck = world.network.link(linkOf(20, 40, { loss: 0.0005 }));
  const two = new Pair({
    world,
    number: 0,
    sharedLinks: [bottleneck, bottleneck],
    serverConfig: { congestionControl },
  });
  const one = new Pair({
    world,
    number: 1,
    sharedLinks: [bottleneck],
    serverConfig: { congestionControl: newReno },
  });
  return ratioOf(two, one);
}

/** Bytes of one pair for each byte of the other; the first begins `delay` ms later. */
function ratioOf(one: Pair, other: Pair, delay = 0): number {
  const second = begun(other);
  one.run({ until: delay });
  const first = begun(one);
  one.run({ until: FROM });
  const [a, b] = [first.received, second.received];
  one.run({ until: UNTIL });
  return (first.received - a) / (second.received - b);
}

function begun(pair: Pair): ReturnType<typeof pair.client.app.download> {
  pair.start();
  return pair.client.app.download(1e9);
}

function disjoint(congestionControl: CongestionControl): number {
  const pair = pairOf([linkOf(10, 44), linkOf(10, 44)], { serverConfig: { congestionControl } });
  pair.start();
  const transfer = pair.client.app.download(1e9);
  pair.run({ until: FROM });
  const before = transfer.received;
  pair.run({ until: UNTIL });
  return (transfer.received - before) * 8 / (UNTIL - FROM) / 1_000 / 20;
}
