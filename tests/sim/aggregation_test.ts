import assert from "node:assert/strict";
import { minRtt } from "../../src/scheduler/min_rtt.ts";
import { redundant } from "../../src/scheduler/redundant.ts";
import { roundRobin } from "../../src/scheduler/round_robin.ts";
import { linkOf, Pair, type PairOptions } from "./pair.ts";
import { type Direction, move, timeOf } from "./transfers.ts";

const MB = 1_000_000;
const directions = ["download", "upload"] as const;

function equal(count: number): PairOptions {
  return {
    links: Array.from({ length: count }, () => linkOf(10, 44)),
    config: { maxConcurrentPaths: 8 },
  };
}

function gain(count: number, size: number, direction: Direction, more: PairOptions = {}): number {
  const one = timeOf({ ...equal(1), ...more }, size, direction);
  return one / timeOf({ ...equal(count), ...more }, size, direction);
}

for (const direction of directions) {
  Deno.test(`Two paths make a ${direction} of 20 MB at least 1.9 times as fast as one`, () => {
    const factor = gain(2, 20 * MB, direction);
    assert.ok(factor >= 1.9, `${factor.toFixed(3)}`);
  });

  Deno.test(`Five paths make a ${direction} of 100 MB at least 4.7 times as fast as one`, () => {
    const factor = gain(5, 100 * MB, direction);
    assert.ok(factor >= 4.7, `${factor.toFixed(3)}`);
  });

  for (const [name, scheduler] of Object.entries({ minRtt, roundRobin })) {
    Deno.test(`${name} of the sending end uses both paths in a ${direction}`, () => {
      const key = direction === "download" ? "serverConfig" : "clientConfig";
      const factor = gain(2, 10 * MB, direction, { [key]: { scheduler } });
      assert.ok(factor >= 1.85, `${factor.toFixed(3)}`);
    });
  }

  Deno.test(`redundant is no slower than one path in a ${direction}`, () => {
    const key = direction === "download" ? "serverConfig" : "clientConfig";
    const more = { [key]: { scheduler: redundant } };
    const factor = gain(2, 5 * MB, direction, more);
    assert.ok(factor > 0.9, `${factor.toFixed(3)}`);
  });
}

Deno.test("The scheduler of the receiving end does not matter", () => {
  const plain = timeOf(equal(2), 2 * MB);
  for (const scheduler of [roundRobin, redundant]) {
    const time = timeOf({ ...equal(2), clientConfig: { scheduler } }, 2 * MB);
    assert.ok(time < 1.1 * plain);
  }
});

Deno.test("Paths of unequal rate add up", () => {
  const links = [linkOf(50, 10), linkOf(40, 50)];
  const together = timeOf({ links }, 10 * MB);
  assert.ok(together < 1_650, `${together} ms`); // what picoquic allows itself
});

Deno.test("A slow satellite beside a thin line carries its share", () => {
  const time = timeOf({ links: [linkOf(1, 30), linkOf(10, 300)] }, 10 * MB);
  assert.ok(time < 13_000, `${time} ms`);
});

Deno.test("Requests in the other direction at the same time arrive whole", () => {
  const pair = new Pair(equal(2)).connect();
  const down = pair.client.app.download(5 * MB);
  pair.client.app.upload(5 * MB);
  pair.run({
    until: 60_000,
    when: () => down.isDone && [...pair.server.app.uploads.values()].some((up) => up.isDone),
  });
  assert.ok(down.isDone);
  assert.ok(pair.now < 6_000, `${pair.now} ms`);
});

Deno.test("A server allows fewer paths than the client wants: those there are work", () => {
  const options: PairOptions = { ...equal(3), serverConfig: { maxConcurrentPaths: 2 } };
  const pair = new Pair(options).connect();
  move(pair, 2 * MB);
  assert.deepEqual(pair.client.connection.paths.paths.map((path) => path.id), [0, 1]);
});

Deno.test("A server that does not know multipath serves over one path", () => {
  const pair = new Pair({ ...equal(2), serverConfig: { maxConcurrentPaths: 1 } }).connect();
  move(pair, MB);
  assert.equal(pair.client.connection.paths.paths.length, 1);
  assert.ok(pair.client.has("pathRefused"));
});

Deno.test("The same seed gives the same trace, another seed another", () => {
  const links = Array.from(
    { length: 2 },
    () => linkOf(10, 44, { loss: 0.01, reorder: 0.01, duplicate: 0.01, jitter: 2 }),
  );
  const digest = (seed: number) => {
    const pair = new Pair({ links, seed });
    pair.start();
    move(pair, 2 * MB);
    return pair.world.network.trace.digest;
  };
  assert.equal(digest(1), digest(1));
  assert.notEqual(digest(1), digest(2));
});
