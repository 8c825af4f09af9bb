import assert from "node:assert/strict";
import { Ecn } from "../../src/bytes/ecn.ts";
import { auto } from "../../src/congestion/auto.ts";
import { balia } from "../../src/congestion/balia.ts";
import { bbr } from "../../src/congestion/bbr.ts";
import { cubic } from "../../src/congestion/cubic.ts";
import { lia } from "../../src/congestion/lia.ts";
import { newReno } from "../../src/congestion/new_reno.ts";
import { olia } from "../../src/congestion/olia.ts";
import { intercept } from "../../src/sim/intercept.ts";
import type { LinkOptions } from "../../src/sim/link.ts";
import { linkOf, Pair } from "./pair.ts";
import { move } from "./transfers.ts";

Deno.test("the mark of a datagram is counted for each of its packets, in their spaces", () => {
  const pair = new Pair();
  const { endpoint } = pair.server;
  const receive = endpoint.receive.bind(endpoint);
  const sizes: number[] = [];
  endpoint.receive = (datagram, port, remote, now) => {
    sizes.push(datagram.length);
    receive(datagram, port, remote, now, Ecn.Ce);
  };
  pair.connect();
  pair.run({ until: pair.now + 100 });
  const { handshake, paths } = pair.server.connection;
  const spaces = [handshake.initialSpace, handshake.handshakeSpace, paths.paths[0]!.space];
  const counts = spaces.map(({ received: { marks, ranges } }) => {
    assert.deepEqual([marks.ect0, marks.ect1], [0, 0]);
    let packets = 0;
    for (let i = 0; i < ranges.count; i++) packets += ranges.endAt(i) - ranges.startAt(i);
    assert.equal(marks.ce, packets);
    return marks.ce;
  });
  assert.ok(counts.every((count) => count > 0));
  assert.ok(counts.reduce((sum, count) => sum + count) > sizes.length, "some were coalesced");
});

/** The states of the client's and of the server's first path after a transfer of a megabyte each way. */
function statesOver(link: LinkOptions): readonly [string, string] {
  const pair = new Pair({ ecn: true, links: [linkOf(10, 44, link)] });
  pair.connect();
  for (const direction of ["download", "upload"] as const) move(pair, 1_000_000, direction);
  const [client, server] = [pair.client, pair.server].map(({ connection }) =>
    connection.paths.paths[0]!.current.ecn.state
  );
  return [client!, server!];
}

Deno.test("both ends use ECN over a link that carries it", () => {
  assert.deepEqual(statesOver({}), ["capable", "capable"]);
});

Deno.test("an end whose marks are cleared, changed or always congested uses ECN no more", () => {
  const cleared = () => Ecn.NotEct;
  const changed = (mark: Ecn) => mark === Ecn.Ect0 ? Ecn.Ect1 : mark;
  const congested = () => Ecn.Ce;
  for (const remark of [cleared, changed, congested]) {
    assert.deepEqual(statesOver({ up: { remark } }), ["failed", "capable"], remark.name);
    assert.deepEqual(statesOver({ down: { remark } }), ["capable", "failed"], remark.name);
  }
});

Deno.test("where marked packets vanish, the handshake goes on with its first repetition", () => {
  const times = [false, true].map((isBroken) => {
    const pair = new Pair({ ecn: true });
    if (isBroken) {
      const { upward, downward } = pair.links[0]!;
      for (const pipe of [upward, downward]) {
        intercept(pipe, pair.world.network.events, (_, { mark }) => {
          return mark === Ecn.NotEct ? "pass" : "drop";
        });
      }
    }
    pair.connect();
    move(pair, 100_000, "download", 10_000);
    const { state } = pair.client.connection.paths.paths[0]!.current.ecn;
    // Packets whose keys are gone are neither acknowledged nor lost: then nothing is known.
    assert.equal(state, isBroken ? "unknown" : "capable");
    return pair.client.completedAt;
  });
  // One probe timeout at the client, and one at the server.
  assert.ok(times[1]! - times[0]! < 2_100, `${times}`);
});

Deno.test("each path finds out for itself whether it carries marks", () => {
  const links = [linkOf(10, 44), linkOf(10, 44, { remark: () => Ecn.NotEct })];
  const pair = new Pair({ ecn: true, links });
  pair.connect();
  move(pair, 2_000_000);
  const states = pair.server.connection.paths.paths.map(({ current }) => current.ecn.state);
  assert.deepEqual(states, ["capable", "failed"]);
});

Deno.test("a path that moves finds out again", () => {
  const pair = new Pair({ ecn: true });
  pair.connect();
  pair.links[0]!.set({ remark: () => Ecn.NotEct });
  pair.clientPorts[0]!.rebind({ hostname: "10.9.9.9" });
  move(pair, 1_000_000);
  const { current } = pair.server.connection.paths.paths[0]!;
  assert.equal(current.remote.hostname, "10.9.9.9");
  assert.equal(current.ecn.state, "failed");
});

Deno.test("ports that carry no marks send none, and their ACKs have no counts", () => {
  const pair = new Pair();
  const marks = new Set<Ecn>();
  intercept(pair.links[0]!.upward, pair.world.network.events, (_, { mark }) => {
    marks.add(mark);
    return "pass";
  });
  pair.connect();
  assert.deepEqual([...marks], [Ecn.NotEct]);
  const { space, current } = pair.server.connection.paths.paths[0]!;
  assert.equal(current.ecn.state, "not supported");
  assert.ok(space.received.marks.isEmpty);
});

const controls = { newReno, cubic, bbr, auto, lia, olia, balia };
for (const [name, congestionControl] of Object.entries(controls)) {
  Deno.test(`${name}() fills a link that marks, and loses next to nothing there`, () => {
    const [plain, marking] = [Infinity, 60_000].map((markFrom) => {
      const link = linkOf(20, 40, { queue: 100_000, markFrom });
      const pair = new Pair({ ecn: true, links: [link], config: { congestionControl } });
      pair.connect();
      move(pair, 10_000_000);
      const { dropped, marked } = pair.links[0]!.downward.counters;
      return { time: pair.now, lost: dropped.queue, marked };
    });
    const report = JSON.stringify({ plain, marking });
    assert.equal(plain!.marked, 0);
    assert.ok(marking!.marked > 0, report);
    // BBR's start-up fills the queue within the round trip in which the first mark is told.
    assert.ok(marking!.lost <= (name === "bbr" ? plain!.lost / 2 : 0), report);
    assert.ok(marking!.time < 1.06 * plain!.time && marking!.time < 4_700, report);
  });
}

Deno.test("a path that begins to mark every packet holds a transfer up for a while only", () => {
  for (const [name, congestionControl] of Object.entries(controls)) {
    const pair = new Pair({ ecn: true, links: [linkOf(20, 40)], config: { congestionControl } });
    pair.connect();
    move(pair, 1_000_000);
    pair.links[0]!.set({ remark: () => Ecn.Ce });
    const time = move(pair, 6_000_000, "download", 60_000);
    assert.equal(pair.server.connection.paths.paths[0]!.current.ecn.state, "failed", name);
    assert.ok(time < 6_500, `${name}: ${time} ms, and 2,600 without marks`);
  }
});

Deno.test("a peer that reports marks which never were harms nothing", () => {
  for (const ecn of [true, false]) {
    for (const mark of [Ecn.Ce, Ecn.Ect0, Ecn.Ect1]) {
      const pair = new Pair({ ecn });
      pair.connect();
      const { received } = pair.server.connection.paths.paths[0]!.space;
      for (let i = 0; i < 100_000; i++) received.marks.add(mark);
      const time = move(pair, 1_000_000, "upload");
      const { state, congested } = pair.client.connection.paths.paths[0]!.current.ecn;
      assert.equal(state, ecn ? "failed" : "not supported");
      assert.ok(congested < 100, `${congested}`);
      assert.ok(time < 1_200, `${time} ms, as without the lie`);
    }
  }
});
