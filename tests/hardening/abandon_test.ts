import { Readiness } from "../../src/scheduler/readiness.ts";
import assert from "node:assert/strict";
import { ErrorCode } from "../../src/error/error_code.ts";
import { PATH_ABANDON } from "../../src/frame/multipath.ts";
import { PING } from "../../src/frame/ping.ts";
import { Attacker, frame, idOf, newId } from "../connection/attacker.ts";
import { TestPaths } from "../path/fakes.ts";
import { linkOf, Pair, type PairOptions } from "../sim/pair.ts";
import { expectOpen, move } from "../sim/transfers.ts";
import { threadTime } from "../thread_time.ts";

const sides = ["client", "server"] as const;

function connected(options: PairOptions = {}): Pair {
  const pair = new Pair({ paths: 2, ...options }).connect();
  pair.run({ until: pair.now + 500 });
  return pair;
}

Deno.test("100,000 paths abandoned before they are opened leave nothing behind [attack unopened-path-ids-used-up]", () => {
  const t = new TestPaths();
  let now = 0;
  let most = 0;
  for (let id = 1; id <= 100_000; id++) {
    // The peer abandons what was never opened, and once more.
    t.set.onPathAbandon(id, 0, now);
    t.set.onPathAbandon(id, 0, now);
    t.drain().acked();
    now += 5_000;
    t.set.expire(now);
    t.set.settle(now);
    t.set.limits.onMaxPathId(t.set.limits.local);
    t.set.provide();
    t.drain().acked();
    most = Math.max(most, [...t.set.slots].length);
    assert.equal(t.set.slot(id), undefined, `path ${id}`);
  }
  assert.equal(t.set.limits.local, 3 + 100_000);
  assert.ok(most <= 4, `${most} at once`);
  assert.equal(t.set.paths.length, 1);
  assert.ok(t.issuer.active.size <= 4 + 3 * 2, `${t.issuer.active.size} IDs`);
});

Deno.test("A frame about paths costs the same however many path IDs above a kept one are used up [attack unopened-path-ids-used-up]", () => {
  const t = new TestPaths();
  t.open();
  const costs = [10_000, 100_000].map((most) => {
    for (let id = t.set.limits.local - 1; id < most; id++) {
      const now = 5_000 * id;
      t.set.onPathAbandon(id, 0, now);
      t.drain().acked();
      t.set.expire(now + 4_999);
      t.set.limits.onMaxPathId(t.set.limits.local);
    }
    const begun = threadTime();
    // As MAX_PATH_ID and PATH_CIDS_BLOCKED do, of which a packet holds some hundreds.
    for (let i = 0; i < 2_000; i++) t.set.provide();
    t.set.noteBlocked();
    assert.equal(t.set.openableId, -1, "the peer gave no ID for another");
    return threadTime() - begun;
  });
  assert.ok(costs[1]! < 300, `${costs[1]} ms for 2,000 frames, and before that ${costs[0]}`);
});

for (const side of sides) {
  Deno.test(`A ${side} that abandons the same path a thousand times gets one answer [attack abandoned-path-packets]`, () => {
    const pair = connected();
    const attacker = new Attacker(pair, side);
    const { paths } = attacker.victim.connection;
    const before = paths.find(0)!.counters.packetsSent;
    for (let i = 0; i < 1_000; i++) {
      attacker.send((writer) => {
        for (let k = 0; k < 50; k++) frame(PATH_ABANDON, 1, 0)(writer);
      });
      if (i % 10 === 0) pair.run({ until: pair.now + 1 });
    }
    pair.run({ until: pair.now + 1_000 });
    const closed = attacker.victim.events.filter(({ type }) => type === "pathClosed");
    assert.equal(closed.length, 1);
    // Each second packet is acknowledged, as ever.
    const sent = paths.find(0)!.counters.packetsSent - before;
    assert.ok(sent < 600, `${sent} packets`);
    attacker.expectAlive();
  });

  // MPQUIC, Section 3.4.3.
  Deno.test(`Late packets of a ${side} on an abandoned path are acknowledged on another, and move nothing [attack abandon-and-late-frames] [MPQUIC 3.4.3 late]`, () => {
    const pair = connected();
    const attacker = new Attacker(pair, side);
    const { paths } = attacker.victim.connection;
    const late = [1, 2].map(() => attacker.seal(frame(PING), 1));
    const path = paths.find(1)!;
    const { remote } = path.current;
    attacker.send(frame(PATH_ABANDON, 1, 0));
    pair.run({ until: pair.now + 10 });
    const zero = paths.find(0)!;
    const { packetsSent } = zero.counters;
    const before = path.counters.packetsSent;
    // Even from another address.
    for (const packet of late) attacker.deliver(packet, 1, { port: 0 });
    attacker.victim.touch();
    pair.run({ until: pair.now + 30 });
    assert.equal(path.space.received.eliciting, 0, "they are acknowledged");
    assert.ok(zero.counters.packetsSent > packetsSent);
    assert.equal(path.counters.packetsSent, before, "nothing left on the path itself");
    assert.equal(path.current.remote, remote);
    assert.equal(path.route.candidate, undefined);
    attacker.expectAlive();
  });

  Deno.test(`Packets of a ${side} for a path that is forgotten make nothing new [attack abandoned-path-packets]`, () => {
    const pair = connected();
    const attacker = new Attacker(pair, side);
    const late = [1, 2].map(() => attacker.seal(frame(PING), 1));
    attacker.send(frame(PATH_ABANDON, 1, 0));
    attacker.wait(3_000);
    const { paths } = attacker.victim.connection;
    assert.equal(paths.slot(1), undefined);
    const before = [paths.paths.length, [...paths.slots].length];
    for (const packet of late) attacker.deliver(packet);
    attacker.wait(500);
    assert.deepEqual([paths.paths.length, [...paths.slots].length], before);
    attacker.expectAlive();
  });

  // RFC 9000, Section 10.3.1: MPQUIC, Section 3.4.1 has all IDs of the path retired at once.
  Deno.test(`A stateless reset for an ID of a path that a ${side} has abandoned says nothing [attack abandon-and-late-frames]`, () => {
    const pair = connected();
    const attacker = new Attacker(pair, side);
    const { paths } = attacker.victim.connection;
    const token = new Uint8Array(16).fill(0x5a);
    attacker.send(newId(1, 9, 9, idOf(99), token));
    const reset = () => {
      const datagram = new Uint8Array(60).fill(0x47);
      datagram.set(token, 44);
      return datagram;
    };
    assert.equal(paths.isResetToken(token), true, "as long as the path is in use");
    attacker.send(frame(PATH_ABANDON, 1, 0));
    assert.equal(paths.isResetToken(token), false);
    attacker.deliver(reset());
    attacker.wait(100);
    attacker.expectAlive();
  });

  Deno.test(`A ${side} that makes IDs of several paths retire without end is closed on [attack many-path-retirement]`, () => {
    const pair = connected();
    const attacker = new Attacker(pair, side);
    let sent = 0;
    for (let i = 2; i < 1_000 && attacker.verdict === undefined; i++) {
      for (const path of [0, 1, 2, 3]) {
        if (attacker.verdict !== undefined) continue;
        const id = new Uint8Array(8).fill(path + 1);
        new DataView(id.buffer).setUint32(0, i);
        attacker.send(newId(path, 2 + i, 2 + i, id));
        sent++;
      }
    }
    attacker.expectClose(ErrorCode.ConnectionIdLimitError);
    assert.ok(sent < 4 * 16, `after ${sent} frames`);
  });
}

Deno.test("PATH_ABANDON of both ends crosses, is lost and comes twice, and leaves nothing behind [attack abandon-and-late-frames]", () => {
  for (let seed = 0; seed < 30; seed++) {
    const bad = { loss: 0.15, reorder: 0.2, reorderDelay: 80, duplicate: 0.2 };
    const links = [linkOf(10, 44, bad), linkOf(10, 44, bad), linkOf(10, 44, bad)];
    const pair = new Pair({ seed, links }).connect();
    pair.run({ until: 5_000 });
    const ids = pair.client.connection.paths.paths.filter(({ readiness }) =>
      readiness >= Readiness.Open
    ).map(({ id }) => id);
    if (ids.length < 3) continue;
    const random = pair.world.random.fork("abandon");
    for (const end of [pair.client, pair.server]) {
      pair.at(pair.now + random.between(0, 60), () => {
        const path = end.connection.paths.find(ids[1 + random.below(2)]!);
        if (path && path.readiness >= Readiness.Open) end.connection.closePath(path, 0, pair.now);
      });
    }
    move(pair, 100_000);
    pair.run({ until: pair.now + 20_000 });
    expectOpen(pair);
    const left = [pair.client, pair.server].map(({ connection }) =>
      connection.paths.paths.map(({ id, stage }) => `${id} ${stage}`)
    );
    assert.deepEqual(left[0], left[1], `seed ${seed}`);
    assert.ok(left[0]!.every((path) => path.endsWith(" 1")), `seed ${seed}: ${left[0]}`);
  }
});
