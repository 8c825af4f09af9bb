import assert from "node:assert/strict";
import { type Bbr, bbr, BbrState } from "../../src/congestion/bbr.ts";
import { Flow, Link, type LinkOptions, megabits, runAlone, Timeline } from "./bottleneck.ts";

interface Trace {
  flow: Flow;
  link: Link;
  timeline: Timeline;
  controller: Bbr;
}

function start(options: LinkOptions, rtt: number): Trace {
  const timeline = new Timeline();
  const link = new Link(timeline, options);
  const flow = new Flow(timeline, link, { control: bbr, rtt, ackEvery: 2 });
  return { flow, link, timeline, controller: flow.controller as Bbr };
}

/** The states a flow goes through until `until`, each once in a row. */
function states(trace: Trace, until: number): BbrState[] {
  const seen: BbrState[] = [trace.controller.state];
  for (let now = trace.timeline.now; now < until; now += 1) {
    trace.timeline.run(now);
    if (seen.at(-1) !== trace.controller.state) seen.push(trace.controller.state);
  }
  return seen;
}

Deno.test("bbr() finds bandwidth and round-trip time, then drains and cycles", () => {
  const rate = megabits(10);
  const trace = start({ rate, queue: rate * 88 }, 44);
  const { Startup, Drain, ProbeDown, ProbeCruise, ProbeRefill, ProbeUp } = BbrState;
  const seen = states(trace, 4900);
  assert.deepEqual(seen.slice(0, 2), [Startup, Drain]);
  const cycle = seen.slice(seen.indexOf(ProbeRefill));
  assert.deepEqual(cycle.slice(0, 4), [ProbeRefill, ProbeUp, ProbeDown, ProbeCruise]);
  const { model } = trace.controller;
  assert.ok(Math.abs(model.maxBandwidth - rate) < 0.03 * rate, `${model.maxBandwidth}`);
  assert.ok(model.minRtt >= 44 && model.minRtt < 47, `${model.minRtt}`);
});

Deno.test("bbr() keeps the queue short while it cruises", () => {
  const rate = megabits(10);
  const { flow, timeline } = start({ rate, queue: rate * 400 }, 44);
  timeline.run(3000);
  let sum = 0;
  for (let i = 0; i < 1000; i++) {
    timeline.run(3000 + 10 * i);
    sum += flow.rtt.latest;
  }
  assert.ok(sum / 1000 < 44 * 1.3, `${sum / 1000} ms`);
  assert.equal(flow.lost, 0);
});

Deno.test("bbr() visits ProbeRTT with half a BDP when the least RTT gets old", () => {
  const rate = megabits(10);
  const timeline = new Timeline();
  const link = new Link(timeline, { rate, queue: rate * 400 });
  // A neighbour keeps the queue from running dry.
  const flows = [0, 100].map((at) =>
    new Flow(timeline, link, { control: bbr, rtt: 44, ackEvery: 2, start: at, seed: at + 1 })
  );
  const controller = flows[0]!.controller as Bbr;
  let least = Infinity;
  let time = 0;
  for (let now = 0; now < 20_000; now++) {
    timeline.run(now);
    if (controller.state !== BbrState.ProbeRtt) continue;
    time++;
    least = Math.min(least, flows[0]!.inFlight);
  }
  assert.ok(time >= 200 && time < 2000, `${time} ms in ProbeRTT`);
  assert.ok(least <= rate * 44 * 0.5, `${least} bytes in flight`);
});

Deno.test("bbr() reaches 85 % of the rate at 1 % random loss", () => {
  const rate = megabits(20);
  for (const seed of [1, 2, 3]) {
    const link = { rate, queue: rate * 40, loss: 0.01, seed };
    const { bytes } = runAlone(link, { control: bbr, rtt: 40, ackEvery: 2 }, 5000, 65_000);
    assert.ok(bytes >= 0.85 * rate * 60_000, `${bytes / rate / 60_000} with seed ${seed}`);
  }
});

Deno.test("bbr() follows a path whose rate changes", () => {
  const { flow, link, timeline } = start({ rate: megabits(10), queue: megabits(10) * 44 }, 44);
  timeline.run(5000);
  link.rate = megabits(20);
  timeline.run(15_000);
  let before = flow.received;
  timeline.run(20_000);
  assert.ok(flow.received - before > 0.85 * megabits(20) * 5000, "up");
  link.rate = megabits(5);
  timeline.run(30_000);
  before = flow.received;
  timeline.run(35_000);
  assert.ok(flow.received - before > 0.85 * megabits(5) * 5000, "down");
  assert.ok(flow.controller.window < 4 * megabits(5) * 44, `${flow.controller.window}`);
});

Deno.test("bbr() does not take an idle path for a slow one", () => {
  const rate = megabits(10);
  const timeline = new Timeline();
  const link = new Link(timeline, { rate, queue: rate * 44 });
  // Everything for 4 s, then a tenth of the rate for 20 s.
  const supply = (now: number) => now < 4000 ? Infinity : flow.sent + (now % 100 < 5 ? 12_500 : 0);
  const flow: Flow = new Flow(timeline, link, { control: bbr, rtt: 44, ackEvery: 2, supply });
  timeline.run(24_000);
  const { model } = flow.controller as Bbr;
  assert.ok(model.maxBandwidth > 0.9 * rate, `${model.maxBandwidth} of ${rate}`);
});

Deno.test("bbr() forgets what spurious losses made it believe", () => {
  const trace = start({ rate: megabits(10), queue: megabits(10) * 88 }, 44);
  trace.timeline.run(1500);
  const { controller } = trace;
  const { inflightLong } = controller.model;
  const lost = {
    size: 1200,
    timeSent: 1499,
    delivered: 0,
    deliveredTime: 0,
    firstSentTime: 0,
    lostAtSend: 0,
    inFlightAtSend: 60_000,
    appLimited: false,
  };
  controller.onLost(lost, 0, false, 1500);
  controller.onSpuriousLoss(lost, 1501);
  assert.ok(controller.model.inflightLong >= inflightLong);
  assert.equal(controller.model.bandwidthShort, Infinity);
  assert.equal(controller.model.inflightShort, Infinity);
});
