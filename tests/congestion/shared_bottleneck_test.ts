import assert from "node:assert/strict";
import {
  DelayMonitor,
  groupByBottleneck,
  SharedBottlenecks,
} from "../../src/congestion/shared_bottleneck.ts";
import { SeededRandom } from "../../src/sim/seeded_random.ts";
import { Link, megabits, Timeline } from "./bottleneck.ts";

/** Others' packets: on average `load` of the rate, in bursts of some seconds. */
function disturb(timeline: Timeline, link: Link, load: number, seed: number): void {
  const random = new SeededRandom(seed);
  let level = load;
  let until = 0;
  const step = (): void => {
    if (timeline.now >= until) {
      level = load * (0.5 + random.below(1000) / 1000);
      until = timeline.now + 200 + random.below(1500);
    }
    const size = level * link.rate * 2 * random.below(2000) / 2000;
    for (let left = size; left > 0; left -= 1200) link.pass(Math.min(left, 1200));
    timeline.at(timeline.now + 1, step);
  };
  timeline.at(0, step);
}

interface Path {
  monitor: DelayMonitor;
  link: Link;
  delay: number;
}

/** Sends a packet every 4 ms on every path for so long; returns how much of it was shared. */
function observe(timeline: Timeline, paths: Path[], duration: number): number {
  const shared = new SharedBottlenecks();
  for (const { monitor } of paths) shared.add(monitor, 0);
  let ready = 0;
  let together = 0;
  for (let now = 0; now < duration; now += 4) {
    for (const [i, { monitor, link, delay }] of paths.entries()) {
      timeline.run(now + i);
      const out = link.pass(200);
      if (out < 0) monitor.onLost();
      else monitor.onDelay(out - timeline.now + delay);
    }
    if (!shared.update(now + 3) || now < 25_000) continue;
    ready++;
    if (shared.shares(paths[0]!.monitor, paths[1]!.monitor)) together++;
  }
  return together / ready;
}

const options = { rate: megabits(10), queue: megabits(10) * 100 };

Deno.test("SharedBottlenecks.shares() finds two paths through one bottleneck", () => {
  let sum = 0;
  for (const seed of [1, 2, 3, 4]) {
    const timeline = new Timeline();
    const link = new Link(timeline, options);
    disturb(timeline, link, 0.98, seed);
    const paths = [20, 70].map((delay) => ({ monitor: new DelayMonitor(), link, delay }));
    sum += observe(timeline, paths, 120_000);
  }
  assert.ok(sum / 4 >= 0.8, `together ${sum / 4} of the time`);
});

Deno.test("SharedBottlenecks.shares() keeps disjoint paths apart", () => {
  let sum = 0;
  for (const seed of [1, 2, 3, 4]) {
    const timeline = new Timeline();
    const paths = [0, 1].map((i) => {
      const link = new Link(timeline, options);
      disturb(timeline, link, 0.98, 10 * seed + i);
      return { monitor: new DelayMonitor(), link, delay: 20 };
    });
    sum += observe(timeline, paths, 120_000);
  }
  assert.ok(sum / 4 <= 0.2, `together ${sum / 4} of the time`);
});

Deno.test("SharedBottlenecks.shares() does not join paths without a queue", () => {
  const timeline = new Timeline();
  const link = new Link(timeline, options);
  const random = new SeededRandom(1);
  const step = (): void => {
    if (random.below(10) < 3) link.pass(1200);
    timeline.at(timeline.now + 1, step);
  };
  timeline.at(0, step);
  const paths = [20, 70].map((delay) => ({ monitor: new DelayMonitor(), link, delay }));
  assert.equal(observe(timeline, paths, 60_000), 0);
});

Deno.test("DelayMonitor counts loss, and calls a path that loses much a bottleneck", () => {
  const monitor = new DelayMonitor();
  for (let interval = 0; interval < 60; interval++) {
    for (let i = 0; i < 90; i++) monitor.onDelay(i % 10 === 0 ? 30 : 20);
    for (let i = 0; i < 10; i++) monitor.onLost();
    monitor.endInterval();
  }
  assert.ok(Math.abs(monitor.loss - 0.1) < 1e-9);
  assert.ok(monitor.isBottleneck && monitor.isReady);
  assert.ok(Math.abs(monitor.skew - 0.8) < 1e-9, `${monitor.skew}`);
});

Deno.test("DelayMonitor survives intervals without samples", () => {
  const monitor = new DelayMonitor();
  for (let interval = 0; interval < 60; interval++) monitor.endInterval();
  assert.ok(monitor.isReady && !monitor.isBottleneck);
  assert.deepEqual([monitor.skew, monitor.variation, monitor.loss], [1, 0, 0]);
});

Deno.test("groupByBottleneck() divides by each statistic in turn", () => {
  const make = (frequency: number, variation: number, skew: number, loss = 0) =>
    Object.defineProperty(
      Object.assign(new DelayMonitor(), {
        frequency,
        variation,
        skew,
        loss,
        isBottleneck: true,
      }),
      "isReady",
      { value: true },
    );
  const a = make(0.3, 10, 0);
  const b = make(0.35, 10.5, -0.1);
  const others = [make(0.6, 10, 0), make(0.3, 20, 0), make(0.3, 10, -0.5), make(0.3, 10, 0, 0.2)];
  const groups = groupByBottleneck([a, ...others, b]);
  assert.equal(groups.length, 5);
  assert.deepEqual(groups.find((group) => group.length === 2)?.toSorted(), [a, b].toSorted());
});

Deno.test("SharedBottlenecks.remove() forgets a path", () => {
  const shared = new SharedBottlenecks();
  const monitor = new DelayMonitor();
  assert.equal(shared.deadline, Infinity);
  shared.add(monitor, 100);
  assert.equal(shared.deadline, 450);
  shared.remove(monitor);
  assert.equal(shared.deadline, Infinity);
  assert.ok(!shared.update(1e9));
});
