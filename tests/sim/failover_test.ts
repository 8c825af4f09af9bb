import { Readiness } from "../../src/scheduler/readiness.ts";
import assert from "node:assert/strict";
import { minRtt } from "../../src/scheduler/min_rtt.ts";
import { redundant } from "../../src/scheduler/redundant.ts";
import { roundRobin } from "../../src/scheduler/round_robin.ts";
import { linkOf, Pair, type PairOptions } from "./pair.ts";
import { begin, type Direction, expectOpen, move, senderOf } from "./transfers.ts";

const MB = 1_000_000;

function pairOf(options: PairOptions = {}): Pair {
  const pair = new Pair({ links: [linkOf(10, 44), linkOf(10, 44)], ...options });
  pair.start();
  return pair;
}

/** The longest time without a byte for the application, from `from` on, while bytes move. */
function longestStall(
  pair: Pair,
  direction: Direction,
  finished: () => number,
  from: number,
): number {
  let stall = 0;
  let last = from;
  let seen = -1;
  const receiver = direction === "download" ? pair.client : pair.server;
  const before = receiver.onEvent;
  receiver.onEvent = (event) => {
    before(event);
    if (event.type !== "readable" || pair.now < from) return;
    const { received } = [...receiverTransfers(pair, direction)].at(-1)!;
    if (received === seen) return;
    seen = received;
    stall = Math.max(stall, pair.now - last);
    last = pair.now;
  };
  pair.run({ until: pair.now + 300_000, when: () => finished() < Infinity });
  expectOpen(pair);
  assert.ok(finished() < Infinity, "the transfer goes on");
  return stall;
}

function receiverTransfers(pair: Pair, direction: Direction): Iterable<{ received: number }> {
  return direction === "download" ? downloads.get(pair)! : pair.server.app.uploads.values();
}

const downloads = new WeakMap<Pair, { received: number }[]>();

function start(pair: Pair, size: number, direction: Direction): () => number {
  if (direction === "upload") return begin(pair, size, direction);
  const transfer = pair.client.app.download(size);
  downloads.set(pair, [transfer]);
  return () => transfer.finishedAt;
}

for (const direction of ["download", "upload"] as const) {
  for (const dying of [0, 1]) {
    for (const [name, scheduler] of Object.entries({ minRtt, roundRobin, redundant })) {
      Deno.test(`Path ${dying} dies at 3 s: a ${direction} with ${name} goes on [MPQUIC 5.7 takeover]`, () => {
        const pair = pairOf({ config: { scheduler } });
        const finished = start(pair, 10 * MB, direction);
        pair.run({ until: 1_000 });
        pair.links[dying]!.outage(3_000);
        const stall = longestStall(pair, direction, finished, 3_000);
        assert.ok(stall < 700, `no byte for ${stall} ms`);
        assert.ok(pair.now < 11_500, `${pair.now} ms`);
      });
    }

    Deno.test(`Path ${dying} is cut one way only: a ${direction} goes on`, () => {
      for (const way of ["upward", "downward"] as const) {
        const pair = pairOf();
        const finished = start(pair, 6 * MB, direction);
        pair.at(2_000, () => pair.links[dying]![way].down());
        const stall = longestStall(pair, direction, finished, 2_000);
        assert.ok(stall < 1_500, `${way}: no byte for ${stall} ms`);
        assert.ok(pair.now < 12_000, `${way}: ${pair.now} ms`);
      }
    });
  }

  Deno.test(`A ${direction} finishes when both paths were dead for five seconds`, () => {
    const pair = pairOf();
    const finished = begin(pair, 5 * MB, direction);
    for (const link of pair.links) link.outage(1_500, 6_500);
    pair.run({ until: 60_000, when: () => finished() < Infinity });
    expectOpen(pair);
    assert.ok(finished() < 12_000, `${finished()} ms`);
  });

  Deno.test(`A path that was silent for a second carries a ${direction} again`, () => {
    const pair = pairOf();
    const finished = begin(pair, 15 * MB, direction);
    pair.links[1]!.outage(2_000, 3_000);
    let before = 0;
    pair.at(3_500, () => {
      before = senderOf(pair, direction).connection.paths.find(1)!.current.bytesSent;
    });
    pair.run({ until: 60_000, when: () => finished() < Infinity });
    const path = senderOf(pair, direction).connection.paths.find(1)!;
    assert.ok(path.current.bytesSent - before > 2 * MB, `${path.current.bytesSent - before}`);
    assert.ok(finished() < 8_500, `${finished()} ms`);
  });
}

Deno.test("A client abandons a path that stays dead while another works, and servers follow", () => {
  for (const dead of [0, 1]) {
    const pair = pairOf();
    const finished = begin(pair, 2 * MB, "upload");
    pair.links[dead]!.outage(500);
    pair.run({ until: 25_000 });
    assert.ok(finished() < 10_000);
    for (const end of [pair.client, pair.server]) {
      assert.equal((end.connection.paths.find(dead)?.readiness ?? 0) >= Readiness.Open, false);
    }
    expectOpen(pair);
  }
});

Deno.test("Both paths dead: both ends give up, with a timeout", () => {
  const pair = pairOf();
  begin(pair, 50 * MB);
  for (const link of pair.links) link.outage(2_000);
  pair.run({ until: 120_000 });
  for (const end of [pair.client, pair.server]) {
    assert.equal(end.connection.closing.reason?.by, "timeout");
    assert.equal(end.endpoint.connections.size, 0);
  }
});

Deno.test("Seeds: one path dies at any time, and every byte arrives", () => {
  for (let seed = 0; seed < 40; seed++) {
    const pair = new Pair({ seed, links: [linkOf(10, 44), linkOf(10, 44)] });
    pair.start();
    const at = pair.world.random.fork("death").between(20, 1_500);
    pair.links[seed % 2]!.outage(at);
    if (seed % 2 === 0 && at < 150) continue; // there is no second path yet
    move(pair, 2 * MB, seed % 4 < 2 ? "download" : "upload");
  }
});

Deno.test("A path opened when the first load is on its way helps", () => {
  for (const delay of [0, 10, 500]) {
    const pair = new Pair({ links: [linkOf(10, 44), linkOf(10, 44)], openPaths: false }).connect();
    const finished = begin(pair, 5 * MB);
    pair.at(pair.now + delay, () => pair.openPaths());
    pair.run({ until: 60_000, when: () => finished() < Infinity });
    assert.ok(finished() < 3_300, `${finished()} ms`);
  }
});

Deno.test("A new path whose way back is dead is dropped by both ends, the transfer completes", () => {
  const pair = new Pair({ links: [linkOf(10, 44), linkOf(10, 44)], openPaths: false }).connect();
  pair.links[1]!.downward.down();
  pair.openPaths();
  move(pair, 3 * MB);
  pair.run({ until: pair.now + 20_000 });
  assert.ok(pair.client.has("pathRefused"));
  for (const end of [pair.client, pair.server]) {
    assert.deepEqual(end.connection.paths.paths.map((path) => path.id), [0]);
  }
  expectOpen(pair);
});

Deno.test("A socket that refuses to send makes its path suspect at once", () => {
  const pair = pairOf();
  const finished = begin(pair, 10 * MB, "upload");
  pair.at(1_000, () => {
    const port = pair.clientPorts[1]!;
    port.onSendError = (remote) => pair.client.endpoint.portFailed(port, remote, pair.now);
  });
  pair.run({ until: 60_000, when: () => finished() < Infinity });
  expectOpen(pair);
  assert.ok(finished() < 9_500, `${finished()} ms`);
});

Deno.test("A port that is blocked for a while holds up no other", () => {
  const pair = pairOf();
  const finished = begin(pair, 5 * MB, "upload");
  pair.at(1_000, () => pair.clientPorts[1]!.block());
  pair.at(2_000, () => pair.clientPorts[1]!.unblock());
  pair.run({ until: 60_000, when: () => finished() < Infinity });
  expectOpen(pair);
  assert.ok(finished() < 3_800, `${finished()} ms`);
});
