import assert from "node:assert/strict";
import { balia } from "../../src/congestion/balia.ts";
import { bbr } from "../../src/congestion/bbr.ts";
import { type CongestionControl, initialWindow } from "../../src/congestion/controller.ts";
import type { PacketSample } from "../../src/congestion/packet_sample.ts";
import { cubic } from "../../src/congestion/cubic.ts";
import { DeliveryRate } from "../../src/congestion/delivery_rate.ts";
import { lia } from "../../src/congestion/lia.ts";
import { newReno } from "../../src/congestion/new_reno.ts";
import { olia } from "../../src/congestion/olia.ts";
import { Pacer } from "../../src/congestion/pacer.ts";
import { SeededRandom } from "../../src/sim/seeded_random.ts";
import { DATAGRAM, Flow, Link, megabits, runAlone, Timeline } from "./bottleneck.ts";
import { options, packet } from "./drive.ts";
import { plainCubic } from "./plain_cubic.ts";

const controls: Record<string, CongestionControl> = { newReno, cubic, bbr, lia, olia, balia };

Deno.test("initialWindow() follows RFC 9002, Section 7.2", () => {
  assert.equal(initialWindow({ ...options(), maxDatagramSize: 1200 }), 12_000);
  assert.equal(initialWindow({ ...options(), maxDatagramSize: 1472 }), 14_720);
  assert.equal(initialWindow({ ...options(), maxDatagramSize: 9000 }), 18_000);
  assert.equal(initialWindow({ ...options(), maxDatagramSize: 1200, initialWindow: 32 }), 38_400);
});

for (const [name, control] of Object.entries(controls)) {
  Deno.test(`${name}() uses 95 % of 10 Mbit/s at 44 ms, whatever the ACKs`, () => {
    const rate = megabits(10);
    for (const ackEvery of [1, 2, 10]) {
      for (const lateness of [0, 1.5]) {
        const flow = { control, rtt: 44, ackEvery, lateness };
        const { bytes } = runAlone({ rate, queue: rate * 44 }, flow, 5000, 25_000);
        const share = bytes / rate / 20_000;
        assert.ok(share >= 0.95 && share < 1.001, `${share} with ${ackEvery}, ${lateness} ms`);
      }
    }
  });

  Deno.test(`${name}() shares a bottleneck with a later flow of its kind`, () => {
    const rate = megabits(20);
    for (const queue of [1, 2]) {
      const timeline = new Timeline();
      const link = new Link(timeline, { rate, queue: rate * 40 * queue });
      const [one, two] = [0, 5003].map((start) =>
        new Flow(timeline, link, { control, rtt: 40, ackEvery: 2, start, seed: start + 1 })
      );
      timeline.run(20_000);
      const before = [one!.received, two!.received];
      timeline.run(80_000);
      const ratio = (one!.received - before[0]!) / (two!.received - before[1]!);
      assert.ok(ratio > 0.7 && ratio < 1.43, `ratio ${ratio}, queue of ${queue} BDP`);
    }
  });

  Deno.test(`${name}() does not grow for an application that needs little`, () => {
    const timeline = new Timeline();
    const link = new Link(timeline, { rate: megabits(100), queue: 1e6 });
    const supply = (now: number) => Math.floor(now / 50) * 3 * DATAGRAM;
    const flow = new Flow(timeline, link, { control, rtt: 40, supply });
    timeline.run(20_000);
    assert.ok(flow.controller.window <= 20 * DATAGRAM, `${flow.controller.window}`);
  });

  Deno.test(`${name}() gets going again after the path was dead`, () => {
    const timeline = new Timeline();
    const rate = megabits(10);
    const link = new Link(timeline, { rate, queue: rate * 44 });
    const flow = new Flow(timeline, link, { control, rtt: 44, ackEvery: 2 });
    timeline.run(2000);
    const pass = link.pass.bind(link);
    link.pass = () => -1;
    timeline.run(4000);
    link.pass = pass;
    timeline.run(7500);
    const before = flow.received;
    timeline.run(10_000);
    assert.ok(flow.received - before > 0.6 * rate * 2500, `${(flow.received - before) / rate}`);
  });

  Deno.test(`${name}() stays finite and above two datagrams under 100 000 random events`, () => {
    hammer(control, 1);
    hammer(control, 2);
  });
}

/** Calls everything in random order with random numbers, as no network would. */
function hammer(control: CongestionControl, seed: number): void {
  const random = new SeededRandom(seed);
  const controller = control(options());
  const rate = new DeliveryRate();
  const pacer = new Pacer(1000);
  const flying: PacketSample[] = [];
  const lost: PacketSample[] = [];
  const rtt = { latest: 40, smoothed: 40, variation: 10, min: 40 };
  let size = 1000;
  let inFlight = 0;
  let now = 0;
  for (let i = 0; i < 50_000; i++) {
    now += random.below(4) === 0 ? random.below(random.below(500) === 0 ? 100_000 : 50) / 10 : 0;
    const event = random.below(100);
    if (event < 50) {
      const one = packet(now, 1 + random.below(size));
      inFlight += one.size;
      rate.onSent(one, inFlight, now);
      controller.onSent(one, inFlight, now);
      pacer.onSent(one.size, now);
      flying.push(one);
    } else if (event < 85) {
      const prior = inFlight;
      for (let n = random.below(4); n > 0 && flying.length > 0; n--) {
        const one = flying.splice(random.below(flying.length), 1)[0]!;
        inFlight -= one.size;
        rtt.latest = random.below(50) === 0 ? 0 : now - one.timeSent;
        rtt.min = Math.min(rtt.min, rtt.latest);
        rtt.smoothed += (rtt.latest - rtt.smoothed) / 8;
        rate.onAcked(one, now);
        controller.onAcked(one, rtt, inFlight, now);
      }
      rate.finish(rtt.min, prior);
      controller.onAckProcessed(rate, rtt, inFlight, now);
      rate.next();
    } else if (event < 93 && flying.length > 0) {
      const one = flying.shift()!;
      inFlight -= one.size;
      lost.push(one);
      rate.onLost(one);
      controller.onLost(one, inFlight, random.below(20) === 0, now);
    } else if (event < 96 && lost.length > 0) {
      const one = lost.splice(random.below(lost.length), 1)[0]!;
      rate.onSpuriousLoss(one);
      rate.onAcked(one, now);
      controller.onSpuriousLoss(one, now);
    } else if (event === 96) rate.markAppLimited(inFlight);
    else if (event === 97 && random.below(100) === 0) {
      size = 1000 + random.below(500);
      controller.onMtuChanged(size);
    }
    pacer.update(controller, { unheld: rtt.smoothed }, size, now);
    const { window, pacingRate } = controller;
    assert.ok(Number.isFinite(window) && window >= 2 * size, `window ${window}, event ${i}`);
    assert.ok(Number.isFinite(pacingRate) && pacingRate >= 0, `rate ${pacingRate}, event ${i}`);
    assert.ok(controller.slowStartThreshold >= 2000, `${controller.slowStartThreshold}`);
    assert.ok(pacer.room(now) >= 0 && pacer.nextSendAt(now) >= now, `pacer, event ${i}`);
    assert.ok(pacer.nextSendAt(now) < Infinity, `pacer never sends, event ${i}`);
  }
}

Deno.test("newReno() keeps to 1.22 m / (s sqrt p) at random loss", () => {
  for (const loss of [0.001, 0.003, 0.01]) {
    const link = { rate: megabits(1000), queue: 1e7, loss };
    const flow = { control: newReno, rtt: 40, ackEvery: 1 };
    const { bytes } = runAlone(link, flow, 10_000, 310_000);
    const expected = 1.22 * DATAGRAM / (40 * Math.sqrt(loss));
    const ratio = bytes / 300_000 / expected;
    assert.ok(Math.abs(ratio - 1) <= 0.2, `${ratio} of the model at ${loss}`);
  }
});

Deno.test("cubic() to the letter is no slower than Reno at random loss", () => {
  for (const loss of [0.001, 0.01]) {
    const link = { rate: megabits(1000), queue: 1e7, loss };
    const flow = { control: plainCubic, rtt: 40, ackEvery: 2 };
    const { bytes } = runAlone(link, flow, 10_000, 130_000);
    const reno = 1.22 * DATAGRAM / (40 * Math.sqrt(loss));
    assert.ok(bytes / 120_000 >= 0.9 * reno, `${bytes / 120_000} against ${reno}`);
  }
});

Deno.test("cubic() uses 80 % of 20 Mbit/s at 1 % random loss", () => {
  const rate = megabits(20);
  for (const loss of [0.001, 0.01]) {
    const link = { rate, queue: rate * 40, loss };
    const flow = { control: cubic, rtt: 40, ackEvery: 2 };
    const { bytes } = runAlone(link, flow, 5_000, 65_000);
    const share = bytes / 60_000 / rate;
    assert.ok(share >= 0.8, `${share} at ${loss}`);
  }
});
