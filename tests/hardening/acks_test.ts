import { Readiness } from "../../src/scheduler/readiness.ts";
import assert from "node:assert/strict";
import { bbr } from "../../src/congestion/bbr.ts";
import { cubic } from "../../src/congestion/cubic.ts";
import { FrameWriter } from "../../src/connection/send/frame_writer.ts";
import { ErrorCode } from "../../src/error/error_code.ts";
import { PATH_ACK } from "../../src/frame/ack.ts";
import { ACK_FREQUENCY } from "../../src/frame/ack_frequency.ts";
import { PATH_RESPONSE } from "../../src/frame/path_validation.ts";
import type { Path } from "../../src/path/path.ts";
import { Attacker, frame } from "../connection/attacker.ts";
import { TestSink } from "../stream/sink.ts";
import { linkOf, Pair, type PairOptions } from "../sim/pair.ts";
import { begin, expectOpen, move } from "../sim/transfers.ts";

const MB = 1_000_000;

/** Runs something while all acknowledgements go the way that a function chooses. */
function withAckRoute<T>(
  choose: (paths: readonly Path[], path: Path, pair: Pair) => Path,
  options: PairOptions,
  body: (pair: Pair) => T,
): T {
  const real = FrameWriter.prototype.ackRoute;
  const pair = new Pair(options);
  FrameWriter.prototype.ackRoute = function (path) {
    const ends = [pair.client, pair.server].filter((end) => end.isConnected);
    const { paths } = ends.map((end) => end.connection.paths)
      .find((set) => set.paths.includes(path))!;
    const healthy = paths.filter((each) => each.readiness >= Readiness.Healthy);
    return healthy.length < 2 || path.readiness < Readiness.Opening
      ? real.call(this, path)
      : choose(healthy, path, pair);
  };
  try {
    return body(pair);
  } finally {
    FrameWriter.prototype.ackRoute = real;
  }
}

// MPQUIC, Section 5.4: all of these ways are allowed.
for (const [name, congestionControl] of Object.entries({ cubic, bbr })) {
  Deno.test(`Acknowledgements come back by one path, whichever way that is, with ${name} [attack ack-by-other-path] [MPQUIC 5.4 round-trips]`, () => {
    const options = {
      links: [linkOf(10, 40), linkOf(10, 200)],
      config: { congestionControl },
    };
    const time = (pair: Pair) => {
      const finished = begin(pair, 10 * MB);
      pair.run({ until: 60_000, when: () => finished() < Infinity });
      return finished();
    };
    const run = (choose: (paths: readonly Path[], path: Path) => Path) =>
      withAckRoute(choose, options, (pair) => {
        pair.start();
        return time(pair);
      });
    const own = run((_, path) => path);
    const byFast = run((paths) => paths[0]!);
    assert.ok(byFast < 1.05 * own, `${byFast} ms by the fast path, ${own} each by its own`);
    // Here the fast path has a round-trip time of 120 ms instead of 40.
    const bySlow = run((paths) => paths[1]!);
    assert.ok(bySlow < 1.5 * own, `${bySlow} ms by the slow path, ${own} each by its own`);
  });
}

Deno.test("Acknowledgements that come back by turns make a transfer slower, and nothing worse [attack ack-by-other-path]", () => {
  const links = [linkOf(10, 40), linkOf(10, 200)];
  withAckRoute(
    (paths, _, { now }) => paths[Math.floor(now / 50) % 2]!,
    { links },
    (pair) => {
      pair.start();
      const time = move(pair, 5 * MB);
      assert.ok(time < 5_000, `${time} ms, where one path needs 4.2 s`);
      for (const { counters } of pair.server.connection.paths.paths) {
        assert.ok(counters.packetsLost < 0.05 * counters.packetsSent, `${counters.packetsLost}`);
      }
    },
  );
});

// The ends of a path may be an attacker's: acknowledgements that come late are to cost that path.
Deno.test("A path that acknowledges ever later holds up no other for long [attack late-acks]", () => {
  for (const direction of ["download", "upload"] as const) {
    const pair = new Pair({ links: [linkOf(10, 44), linkOf(10, 44)] });
    pair.start();
    const back = pair.links[1]![direction === "download" ? "upward" : "downward"];
    const finished = begin(pair, 10 * MB, direction);
    for (let i = 0; i < 20; i++) {
      pair.at(1_000 + 250 * i, () => back.options.delay = 22 * 2 ** Math.min(i, 8));
    }
    pair.run({ until: 60_000, when: () => finished() < Infinity });
    expectOpen(pair);
    // The other path alone would need 8.3 s.
    assert.ok(finished() < 8_800, `${finished()} ms`);
    const sender = direction === "download" ? pair.server : pair.client;
    const { copied } = sender.connection.dispatcher;
    assert.ok(copied < 0.02 * 1.2 * 10 * MB + 20 * 1_452, `${copied} bytes were sent twice`);
  }
});

for (const side of ["client", "server"] as const) {
  for (const pathId of [0, 1]) {
    // RFC 9000, Section 21.4.
    Deno.test(`A ${side} that acknowledges what was never sent on path ${pathId} is found out [attack blind-path-acks]`, () => {
      const pair = new Pair({ paths: 2 }).connect();
      const attacker = new Attacker(pair, side);
      const { paths } = attacker.victim.connection;
      const from = side === "client" ? "download" : "upload";
      const finished = begin(pair, 3 * MB, from);
      // A number is left out among the first few hundred: it is looked for while it is still held.
      let gap = -1;
      const find = () => {
        const space = paths.find(pathId)?.space.sent;
        if (space === undefined) return false;
        for (let number = space.first; number < space.next && gap < 0; number++) {
          if (space.get(number) === undefined) gap = number;
        }
        return gap >= 0;
      };
      pair.run({ until: pair.now + 20_000, when: find });
      assert.ok(gap >= 0 && finished() === Infinity, "a number was left out in time");
      attacker.send(frame(PATH_ACK, pathId, gap, 0, 0, 0), pathId);
      attacker.expectClose(ErrorCode.ProtocolViolation);
    });
  }

  // ACK frequency, Section 4.
  Deno.test(`A ${side} asks for delays from min_ack_delay to below 16,384 ms, and for no others`, () => {
    for (const delay of [0, 999, 16_384_000]) {
      const attacker = new Attacker(new Pair().connect(), side).wait(500);
      attacker.send(frame(ACK_FREQUENCY, 0, 1, 1_000, 1));
      assert.equal(attacker.verdict, undefined, "as much as was announced");
      // Also in a frame that is out of date.
      attacker.send(frame(ACK_FREQUENCY, 0, 1, delay, 1));
      attacker.expectClose(ErrorCode.ProtocolViolation, `${delay} microseconds`);
    }
    const attacker = new Attacker(new Pair().connect(), side).wait(500);
    attacker.send(frame(ACK_FREQUENCY, 1, 1, 16_383_999, 1));
    attacker.send(frame(ACK_FREQUENCY, 2, 1, 1_000, 1));
    attacker.expectAlive();
  });

  Deno.test(`PATH_RESPONSEs of a ${side} on the wrong path prove nothing [attack swapped-path-response]`, () => {
    const pair = new Pair({ paths: 2 }).connect();
    pair.run({ until: pair.now + 500 });
    const attacker = new Attacker(pair, side);
    const { paths } = attacker.victim.connection;
    const both = [0, 1].map((id) => paths.find(id)!);
    const challenges = both.map((path) => {
      paths.validate(path, path.current, pair.now);
      const sink = new TestSink();
      path.current.validation.writeFrames(sink, 1_200, pair.now);
      return sink.bytes.slice(1, 9);
    });
    const state = () => both.map(({ current }) => !current.validation.pending);
    attacker.send(frame(PATH_RESPONSE, challenges[1]!), 0);
    attacker.send(frame(PATH_RESPONSE, challenges[0]!), 1);
    assert.deepEqual(state(), [false, false], "swapped");
    attacker.send(frame(PATH_RESPONSE, challenges[0]!), 0);
    assert.deepEqual(state(), [true, false]);
    attacker.send(frame(PATH_RESPONSE, challenges[1]!), 1);
    assert.deepEqual(state(), [true, true]);
    attacker.expectAlive();
  });
}

// MPQUIC, Section 2.4, RFC 9001, Section 5.3: over all paths and keys, as packets are really sealed.
Deno.test("No nonce is used twice while paths come and go and keys change [attack nonce-reuse-in-connection]", () => {
  const pair = new Pair({
    links: [linkOf(10, 44, { loss: 0.01 }), linkOf(10, 80, { loss: 0.01 }), linkOf(10, 20)],
    config: { keyLimits: { updateAfter: 150 } },
  }).connect();
  const seen = new Set<string>();
  let sealed = 0;
  const generations = new Set<number>();
  const ids = new Set<number>();
  for (const { connection, host } of [pair.client, pair.server]) {
    const keys = connection.keys.oneRtt!;
    const seal = keys.seal.bind(keys);
    keys.seal = (buffer, header, start, end, pathId, number) => {
      const nonce = `${host.name} ${keys.generation} ${pathId} ${number}`;
      assert.ok(!seen.has(nonce), nonce);
      seen.add(nonce);
      sealed++;
      generations.add(keys.generation);
      ids.add(pathId);
      return seal(buffer, header, start, end, pathId, number);
    };
  }
  for (let round = 0; round < 12; round++) {
    move(pair, 300_000, round % 2 === 0 ? "download" : "upload");
    const end = round % 2 === 0 ? pair.client : pair.server;
    const path = end.connection.paths.paths.find(({ id, readiness }) =>
      id > 0 && readiness >= Readiness.Open
    );
    if (path) end.connection.closePath(path, 0, pair.now);
    pair.clientPorts[0]!.rebind({ port: 20_000 + round });
    pair.run({ until: pair.now + 800 });
    pair.openPaths();
  }
  expectOpen(pair);
  assert.ok(sealed > 3_000 && generations.size > 3 && ids.size > 6, `${sealed} ${ids.size}`);
});

Deno.test("Paths that are idle have no timers and send nothing [attack idle-paths]", () => {
  const pair = new Pair({ paths: 8, config: { maxConcurrentPaths: 8, maxIdleTimeout: 0 } })
    .connect();
  pair.run({ until: 5_000 });
  move(pair, MB);
  pair.run({ until: pair.now + 5_000 });
  let sent = 0;
  pair.world.network.capture = (_time, event) => void (event === "send" && sent++);
  for (const { connection } of [pair.client, pair.server]) {
    assert.equal(
      connection.paths.paths.filter(({ readiness }) => readiness >= Readiness.Open).length,
      8,
    );
    assert.equal(connection.paths.deadline, Infinity);
    assert.equal(connection.deadline, Infinity);
  }
  pair.run({ until: pair.now + 3_600_000 });
  assert.equal(sent, 0);
  move(pair, 100_000);
});
