import { Readiness } from "../../src/scheduler/readiness.ts";
import assert from "node:assert/strict";
import { ErrorCode } from "../../src/error/error_code.ts";
import { roundRobin } from "../../src/scheduler/round_robin.ts";
import { linkOf, Pair } from "./pair.ts";
import { begin, expectOpen, senderOf } from "./transfers.ts";

/** A link with this MTU carries UDP payloads of 1000 bytes. */
const NARROW = 1_028;

// RFC 9000, Section 14.2: on a path that carries less than 1200 bytes nothing may be sent.
for (const direction of ["download", "upload"] as const) {
  Deno.test(`A lone path that becomes too narrow ends the connection (${direction})`, () => {
    for (const [rate, rtt] of [[10, 44], [50, 200], [2, 20]] as const) {
      const pair = new Pair({ links: [linkOf(rate, rtt)] }).connect();
      begin(pair, 50_000_000, direction);
      pair.run({ until: pair.now + 1_500 });
      pair.links[0]!.set({ mtu: NARROW });
      const from = pair.now;
      const sender = senderOf(pair, direction).connection;
      pair.run({ until: from + 30_000, when: () => !sender.closing.open });
      const took = pair.now - from;
      assert.equal(sender.closing.reason?.code, ErrorCode.NoViablePath, `${took} ms`);
      assert.equal(sender.closing.reason?.by, "local");
      // Probe timeouts follow the queue, which may double the round trip.
      assert.ok(took < 2_000 + 25 * rtt, `${took} ms`);
      // CONNECTION_CLOSE is small, and gets through.
      pair.run({ until: pair.now + 2 * rtt });
      for (const end of [pair.client, pair.server]) {
        assert.equal(end.connection.closing.reason?.code, ErrorCode.NoViablePath);
      }
    }
  });

  Deno.test(`One of two paths that becomes too narrow is abandoned (${direction})`, () => {
    for (const narrow of [0, 1]) {
      const pair = new Pair({ paths: 2 }).connect();
      // It goes on to use the path, where others would leave one alone that loses so much.
      senderOf(pair, direction).connection.dispatcher.replaceScheduler(roundRobin);
      const finished = begin(pair, 8_000_000, direction);
      pair.run({ until: pair.now + 1_000 });
      pair.links[narrow]!.set({ mtu: NARROW });
      const { paths } = senderOf(pair, direction).connection;
      const path = paths.find(narrow)!;
      pair.run({ until: pair.now + 5_000, when: () => path.slot.abandoned });
      assert.equal(path.slot.abandonCode, ErrorCode.PathUnstableOrPoor);
      pair.run({ until: pair.now + 30_000, when: () => finished() < Infinity });
      assert.ok(finished() < 9_000, `${finished()} ms`);
      expectOpen(pair);
      assert.deepEqual(
        paths.paths.filter(({ readiness }) => readiness >= Readiness.Open).map(({ id }) => id),
        [1 - narrow],
      );
    }
  });
}

Deno.test("A path that still carries 1200 bytes goes on, however narrow it became", () => {
  for (const paths of [1, 2]) {
    const pair = new Pair({ paths }).connect();
    const finished = begin(pair, 4_000_000);
    pair.run({ until: pair.now + 1_000 });
    for (const link of pair.links) link.set({ mtu: 1_228 });
    pair.run({ until: pair.now + 30_000, when: () => finished() < Infinity });
    assert.ok(finished() < 6_000, `${finished()} ms`);
    for (const path of pair.server.connection.paths.paths) {
      assert.ok(path.readiness >= Readiness.Open && path.current.mtu.current === 1_200);
    }
    expectOpen(pair);
  }
});

Deno.test("Heavy loss is not taken for a narrow path", () => {
  for (const loss of [0.2, 0.4, 0.6]) {
    for (let seed = 1; seed <= 6; seed++) {
      const pair = new Pair({ seed, paths: 1 + seed % 2 }).connect();
      begin(pair, 50_000_000, seed % 3 === 0 ? "upload" : "download");
      pair.run({ until: pair.now + 500 });
      for (const link of pair.links) link.set({ loss });
      const until = pair.now + 40_000;
      const isGone = (end: typeof pair.client) => end.has("closed") || end.has("pathClosed");
      pair.run({ until, when: () => isGone(pair.client) || isGone(pair.server) });
      for (const end of [pair.client, pair.server]) {
        const { reason } = end.connection.closing;
        assert.notEqual(reason?.code, ErrorCode.NoViablePath, `seed ${seed}: ${reason?.reason}`);
        const tooNarrow = end.connection.paths.paths.some(({ current }) => current.mtu.tooNarrow);
        assert.ok(!tooNarrow, `seed ${seed}, loss ${loss}`);
      }
    }
  }
});

Deno.test("Outages are not taken for a narrow path", () => {
  for (const length of [200, 1_000, 4_000]) {
    const pair = new Pair().connect();
    const finished = begin(pair, 6_000_000);
    const from = pair.now + 500;
    for (let i = 0; i < 3; i++) {
      pair.links[0]!.outage(from + 6_000 * i, from + 6_000 * i + length);
    }
    pair.run({ until: pair.now + 60_000, when: () => finished() < Infinity });
    assert.ok(finished() < Infinity);
    expectOpen(pair);
  }
});
