import assert from "node:assert/strict";
import { balia } from "../../src/congestion/balia.ts";
import type { CongestionControl } from "../../src/congestion/controller.ts";
import { type CoupledPath, CouplingGroup } from "../../src/congestion/coupling_group.ts";
import { lia, liaAggressiveness } from "../../src/congestion/lia.ts";
import { newReno } from "../../src/congestion/new_reno.ts";
import { olia, oliaShift } from "../../src/congestion/olia.ts";
import { Flow, Link, megabits, Timeline } from "./bottleneck.ts";
import { Driver, SIZE } from "./drive.ts";

const kinds: Record<string, CongestionControl> = { lia, olia, balia };

function near(actual: number, expected: number, part = 0.02): void {
  assert.ok(Math.abs(actual - expected) <= Math.abs(expected) * part, `${actual} for ${expected}`);
}

function groupOf(...paths: [window: number, rtt: number, interval: number][]): CouplingGroup {
  const group = new CouplingGroup();
  for (const [window, smoothedRtt, lossInterval] of paths) {
    group.join({ window, smoothedRtt, lossInterval });
  }
  return group;
}

/** Paths of one connection in congestion avoidance with these windows in datagrams. */
function settled(control: CongestionControl, windows: number[], rtt: number): Driver[] {
  const group = new CouplingGroup();
  return windows.map((window) => {
    const driver = new Driver(control, rtt, group);
    driver.settle(window * SIZE, 0.5);
    return driver;
  });
}

function total(paths: Driver[]): number {
  return paths.reduce((sum, path) => sum + path.controller.window, 0);
}

Deno.test("liaAggressiveness() is 1/n for n equal paths, and 0.8 for 10 and 40 datagrams", () => {
  for (const n of [1, 2, 3, 5]) {
    const group = new CouplingGroup();
    for (let i = 0; i < n; i++) group.join({ window: 20_000, smoothedRtt: 20, lossInterval: 0 });
    near(liaAggressiveness(group.members), 1 / n, 1e-9);
  }
  near(liaAggressiveness(groupOf([10_000, 20, 0], [40_000, 20, 0]).members), 0.8, 1e-9);
});

Deno.test("liaAggressiveness() counts only paths with a round-trip time", () => {
  near(liaAggressiveness(groupOf([10_000, 20, 0], [40_000, 0, 0]).members), 1, 1e-9);
  assert.equal(liaAggressiveness(groupOf([10_000, 0, 0]).members), 1);
});

for (const [name, control] of Object.entries(kinds)) {
  Deno.test(`${name}() lets n equal paths grow by 1/n^2 datagrams per round trip [MPQUIC 5.3 coupled]`, () => {
    for (const n of [1, 2, 4]) {
      const paths = settled(control, new Array(n).fill(40), 20);
      const before = total(paths);
      near(before, n * 40 * SIZE);
      // The growth of one packet, times the packets of a round trip.
      const { controller } = paths[0]!;
      const { window } = controller;
      const flight = paths[0]!.send();
      paths[0]!.ack([flight[0]!]);
      near((controller.window - window) * window / SIZE, SIZE / (n * n), 0.001);
    }
  });

  Deno.test(`${name}() is NewReno in slow start`, () => {
    const driver = new Driver(control, 20, new CouplingGroup());
    driver.round();
    assert.equal(driver.controller.window, 20 * SIZE);
  });

  Deno.test(`${name}() leaves the group when closed, and the rest grows as one flow`, () => {
    const [one, other] = settled(control, [40, 40], 20);
    other!.controller.close();
    const before = one!.controller.window;
    one!.round();
    near(one!.controller.window - before, SIZE, 0.06);
  });

  Deno.test(`${name}() takes no more than one Reno flow from a shared bottleneck`, () => {
    let two = 0;
    let one = 0;
    for (const seed of [1, 2, 3, 4, 5, 6]) {
      const timeline = new Timeline();
      const rate = megabits(20);
      const link = new Link(timeline, { rate, queue: rate * 40, loss: 0.0005, seed });
      const group = new CouplingGroup();
      const make = (start: number, kind: CongestionControl) =>
        new Flow(timeline, link, { control: kind, rtt: 40, ackEvery: 2, group, start });
      const paths = [make(seed * 7, control), make(500 + seed * 7, control)];
      const reno = make(1000, newReno);
      timeline.run(20_000);
      const before = paths[0]!.received + paths[1]!.received;
      const renoBefore = reno.received;
      timeline.run(80_000);
      two += paths[0]!.received + paths[1]!.received - before;
      one += reno.received - renoBefore;
    }
    const ratio = two / one;
    assert.ok(ratio >= 0.8 && ratio <= 1.2, `ratio ${ratio}`);
  });

  Deno.test(`${name}() fills two disjoint paths`, () => {
    const timeline = new Timeline();
    const rate = megabits(10);
    const group = new CouplingGroup();
    const paths = [30, 50].map((rtt) =>
      new Flow(timeline, new Link(timeline, { rate, queue: rate * rtt }), {
        control,
        rtt,
        ackEvery: 2,
        group,
      })
    );
    timeline.run(5000);
    const before = paths[0]!.received + paths[1]!.received;
    timeline.run(65_000);
    const share = (paths[0]!.received + paths[1]!.received - before) / (2 * rate * 60_000);
    assert.ok(share >= 0.9, `${share}`);
  });
}

Deno.test("lia() grows 10 and 40 datagrams by 0.16 and 0.64 per round trip", () => {
  const [small, large] = settled(lia, [10, 40], 20);
  const windows = [small!.controller.window, large!.controller.window];
  small!.round();
  large!.round();
  near(small!.controller.window - windows[0]!, 0.16 * SIZE, 0.05);
  near(large!.controller.window - windows[1]!, 0.64 * SIZE, 0.05);
});

Deno.test("oliaShift() moves window from the largest path to the best one, and adds up to 0", () => {
  const paths: CoupledPath[] = [
    { window: 40_000, smoothedRtt: 20, lossInterval: 10_000 },
    { window: 10_000, smoothedRtt: 20, lossInterval: 90_000 },
    { window: 20_000, smoothedRtt: 20, lossInterval: 20_000 },
  ];
  const group = new CouplingGroup();
  for (const path of paths) group.join(path);
  assert.deepEqual(paths.map((path) => oliaShift(group, path)), [-1 / 3, 1 / 3, 0]);
});

Deno.test("oliaShift() is 0 when the best path is the largest", () => {
  const group = groupOf([40_000, 20, 90_000], [10_000, 20, 1000]);
  for (const path of group.members) assert.equal(oliaShift(group, path), 0);
});

Deno.test("balia() takes up to three quarters at a loss on a path that lags behind", () => {
  const [slow] = settled(balia, [10, 40], 20);
  const before = slow!.controller.window;
  slow!.lose(slow!.send(SIZE)[0]!);
  near(slow!.controller.window, before / 4);
});

Deno.test("CouplingGroup.join() takes a path once, and leave() of a stranger does nothing", () => {
  const group = groupOf([1, 1, 1]);
  const [path] = group.members;
  group.join(path!);
  group.leave({ window: 1, smoothedRtt: 1, lossInterval: 1 });
  assert.equal(group.members.length, 1);
  group.leave(path!);
  assert.equal(group.members.length, 0);
});
