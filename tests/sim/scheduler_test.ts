import assert from "node:assert/strict";
import { earliestCompletion } from "../../src/scheduler/earliest_completion.ts";
import { minRtt } from "../../src/scheduler/min_rtt.ts";
import type { Scheduler, SchedulerFactory } from "../../src/scheduler/scheduler.ts";
import { schedulers } from "../../src/scheduler/schedulers.ts";
import { urgencyOrder } from "../../src/scheduler/stream_order.ts";
import type { LinkOptions } from "../../src/sim/link.ts";
import { linkOf, Pair } from "./pair.ts";
import { SeededRandom } from "../../src/sim/seeded_random.ts";

const MEBI = 1_048_576;

/** Seconds from the first packet to the last byte of a download. */
function download(links: LinkOptions[], bytes: number, scheduler?: Scheduler): number {
  const pair = new Pair({ links, config: scheduler ? { scheduler } : {} });
  pair.start();
  const transfer = pair.client.app.download(bytes);
  pair.run({ until: 60_000, when: () => transfer.isDone });
  assert.ok(transfer.isDone, "the download ends");
  return transfer.finishedAt / 1_000;
}

function two(megabits: number, rtt: number, firstMegabits = 10, firstRtt = 44): LinkOptions[] {
  return [linkOf(firstMegabits, firstRtt), linkOf(megabits, rtt)];
}

/** The evaluation's figures for 1 MiB: name, links, seconds at most. */
const targets: [string, LinkOptions[], number][] = [
  ["one path", [linkOf(10, 44)], 1.07],
  ["24 ms", two(10, 24, 10, 24), 0.55],
  ["44 ms", two(10, 44), 0.65],
  ["104 ms", two(10, 104, 10, 104), 1.02],
  ["204 ms", two(10, 204, 10, 204), 1.74],
  ["half the bandwidth", two(5, 44), 0.79],
  ["three quarters of the bandwidth", two(7.5, 44), 0.71],
  ["3 times the bandwidth", two(30, 44), 0.48],
  ["5 times the bandwidth", two(50, 44), 0.44],
  ["half the RTT", two(10, 22), 0.60],
  ["three quarters of the RTT", two(10, 33), 0.62],
  ["3 times the RTT", two(10, 132), 0.91],
  ["5 times the RTT", two(10, 220), 1.03],
  ["10 + 10 Mbit/s without delay", two(10, 0, 10, 0), 0.46],
  ["10 + 1 Mbit/s without delay", two(1, 0, 10, 0), 0.85],
  ["1 + 10 Mbit/s without delay", two(10, 0, 1, 0), 0.85],
];

for (const [name, links, most] of targets) {
  Deno.test(`earliestCompletion() brings 1 MiB across in time: ${name}`, () => {
    const time = download(links, MEBI, earliestCompletion);
    assert.ok(time <= most, `${time.toFixed(3)} s, not ${most} s`);
  });
}

Deno.test("earliestCompletion() is no slower than the better path alone", () => {
  const random = new SeededRandom(1, "topologies");
  for (let i = 0; i < 12; i++) {
    const shapes = Array.from({ length: 2 }, () => {
      return [4 * 8 ** random.unit(), random.between(5, 120)] as const;
    });
    const alone = shapes.map((shape) => download([linkOf(...shape)], 2e6));
    const best = Math.min(...alone);
    if (alone[1]! < alone[0]!) shapes.reverse();
    const together = download(shapes.map((shape) => linkOf(...shape)), 2e6, earliestCompletion);
    const factor = together / best;
    assert.ok(factor <= 1.02, `${factor.toFixed(3)} times as long over ${JSON.stringify(shapes)}`);
  }
});

Deno.test("earliestCompletion() is no slower than lowest RTT beside a path twenty times slower", () => {
  const links = two(0.5, 44);
  const greedy = download(links, MEBI, minRtt);
  const careful = download(links, MEBI, earliestCompletion);
  assert.ok(careful <= 1.02 * download([linkOf(10, 44)], MEBI), `${careful.toFixed(3)} s`);
  // What lowest RTT leaves on the slow path is copied to the other when its answer is late.
  assert.ok(careful <= greedy, `${careful.toFixed(3)} s against ${greedy.toFixed(3)} s`);
});

Deno.test("earliestCompletion() lets a long path grow beside a short one", () => {
  const pair = new Pair({ links: [linkOf(60, 340), linkOf(15, 4)], serverAddresses: 2 });
  pair.start();
  const transfer = pair.client.app.download(20_000_000);
  for (let at = 1_800; at <= 3_000; at += 200) {
    pair.at(at, () => {
      const { bytesInFlight, congestionWindow } = pair.server.connection.paths.paths[0]!;
      assert.ok(bytesInFlight > 0.75 * congestionWindow, `${bytesInFlight} of ${congestionWindow}`);
    });
  }
  pair.run({ until: 60_000, when: () => transfer.isDone });
  // The first path alone takes 5.9 s; 6.6 s if it is held to the rate that it has shown.
  assert.ok(transfer.finishedAt < 4_900, `${transfer.finishedAt} ms`);
});

Deno.test("earliestCompletion() plans for the end of a stream whose size was announced", () => {
  // The last bytes must not leave on the path of 188 ms when the other has 94 ms of work left.
  const links = [linkOf(91.9, 188.6), linkOf(99, 0.2)];
  const pair = new Pair({ links, serverAddresses: 2 });
  pair.start();
  const transfer = pair.client.app.download(20_480_000);
  pair.run({ until: 60_000, when: () => transfer.isDone });
  // 1,838 ms if it is only known that there is more.
  assert.ok(transfer.finishedAt < 1_815, `${transfer.finishedAt} ms`);
});

Deno.test("earliestCompletion() keeps an urgent stream off the slow path", () => {
  const config = { scheduler: earliestCompletion, streamOrder: urgencyOrder };
  const pair = new Pair({ links: two(10, 300), config });
  pair.start();
  const bulk = pair.client.app.download(8 * MEBI, { urgency: 7 });
  pair.run({ until: 1_500 });
  let longest = 0;
  for (let i = 0; i < 10; i++) {
    const urgent = pair.client.app.download(1_000, { urgency: 0 });
    pair.run({ until: pair.now + 1_000, when: () => urgent.isDone });
    longest = Math.max(longest, urgent.duration);
  }
  assert.ok(!bulk.isDone);
  assert.ok(longest < 150, `${longest.toFixed(1)} ms`);
  assert.ok(pair.links[1]!.downward.counters.delivered > 200, "the slow path is in use");
});

Deno.test("A scheduler that says to wait for no number is asked again, and silences no timer", () => {
  for (const until of [NaN, -Infinity, 0]) {
    let waits = 0;
    const scheduler: Scheduler = (paths) => {
      if (++waits % 2 === 1) return { until };
      return { path: paths.find(({ room }) => room > 0) };
    };
    const pair = new Pair({ links: [linkOf(10, 44)], config: { scheduler } });
    pair.start();
    const transfer = pair.client.app.download(100_000);
    pair.run({ until: 10_000, when: () => transfer.isDone });
    assert.ok(transfer.isDone, `waits for ${until}`);
    pair.run({ until: 100_000 });
    assert.ok(waits < 5_000, `asked ${waits} times`);
  }
});

Deno.test("A factory makes a scheduler for each connection", () => {
  const made: number[] = [];
  const scheduler: SchedulerFactory = {
    forConnection() {
      const index = made.push(0) - 1;
      return (paths) => {
        made[index]!++;
        return minRtt(paths);
      };
    },
  };
  const pair = new Pair({ links: [linkOf(10, 20)], config: { scheduler } });
  pair.start();
  const transfer = pair.client.app.download(100_000);
  pair.run({ until: 10_000, when: () => transfer.isDone });
  assert.equal(made.length, 2, "one of the client, one of the server");
  assert.ok(made[1]! > 0, "the one of the server decides about the response");
});

for (const { name, scheduler } of schedulers) {
  Deno.test(`${name}() brings everything across over lossy and vanishing paths`, () => {
    const links = [linkOf(10, 20, { loss: 0.02 }), linkOf(4, 80, { loss: 0.01, jitter: 5 })];
    const pair = new Pair({ links, config: { scheduler } });
    pair.start();
    const transfers = [700_000, 50_000, 10].map((size) => pair.client.app.download(size));
    pair.links[0]!.outage(300, 900);
    pair.links[1]!.outage(1_200, 1_800);
    pair.run({ until: 60_000, when: () => transfers.every((transfer) => transfer.isDone) });
    assert.ok(transfers.every((transfer) => transfer.isDone), `not done at ${pair.now} ms`);
  });
}
