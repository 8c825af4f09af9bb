import assert from "node:assert/strict";
import { ErrorCode } from "../../src/error/error_code.ts";
import { Health } from "../../src/path/health/lifecycle.ts";
import { type End, linkOf, Pair, type PairOptions } from "./pair.ts";
import { begin, type Direction, expectOpen, move } from "./transfers.ts";

const MB = 1_000_000;

function connected(options: PairOptions = {}): Pair {
  const pair = new Pair({ links: [linkOf(10, 44), linkOf(10, 44)], ...options }).connect();
  pair.run({ until: pair.now + 300 });
  return pair;
}

function abandon(pair: Pair, end: End, pathId: number, code: number = ErrorCode.NoError): void {
  const path = end.connection.paths.find(pathId)!;
  assert.ok(end.connection.closePath(path, code, pair.now));
  end.touch();
}

function ids(end: End): number[] {
  return end.connection.paths.paths.map((path) => path.id);
}

for (const side of ["client", "server"] as const) {
  for (const direction of ["download", "upload"] as Direction[]) {
    for (const pathId of [0, 1]) {
      Deno.test(`The ${side} abandons path ${pathId} in the middle of a ${direction}`, () => {
        const pair = connected();
        const finished = begin(pair, 4 * MB, direction);
        pair.at(pair.now + 700, () => abandon(pair, pair[side], pathId));
        pair.run({ until: 60_000, when: () => finished() < Infinity });
        expectOpen(pair);
        assert.ok(finished() < 4_300, `${finished()} ms`);
        pair.run({ until: pair.now + 3_000 });
        for (const end of [pair.client, pair.server]) {
          assert.deepEqual(ids(end), [1 - pathId]);
          const closed = end.events.find((event) => event.type === "pathClosed");
          assert.ok(closed?.type === "pathClosed" && closed.path.id === pathId);
          assert.equal(end.connection.paths.limits.local, 4);
        }
        move(pair, 100_000, direction);
      });
    }
  }

  Deno.test(`The ${side} abandons a path over bad links: PATH_ABANDON is repeated until heard [attack abandon-race]`, () => {
    for (let seed = 0; seed < 20; seed++) {
      const bad = { loss: 0.2, reorder: 0.1, duplicate: 0.1 };
      const pair = connected({ seed, links: [linkOf(10, 44, bad), linkOf(10, 44, bad)] });
      pair.run({ until: 4_000 });
      if (ids(pair[side]).length < 2) continue;
      abandon(pair, pair[side], 1);
      move(pair, 50_000);
      pair.run({ until: pair.now + 20_000 });
      for (const end of [pair.client, pair.server]) assert.deepEqual(ids(end), [0]);
      expectOpen(pair);
    }
  });

  Deno.test(`The ${side} may not close its only path`, () => {
    const pair = connected();
    abandon(pair, pair[side], 0);
    const last = pair[side].connection.paths.find(1)!;
    assert.equal(pair[side].connection.closePath(last, 0, pair.now), false);
    move(pair, 100_000);
  });

  Deno.test(`The ${side} opens no gap: abandoned IDs are never used again [MPQUIC 3.4 never-again]`, () => {
    const pair = connected();
    const seen = new Set([1]);
    for (let round = 0; round < 30; round++) {
      const [path] = pair.client.connection.paths.paths.filter((each) => each.id > 0);
      abandon(pair, pair[side], path!.id);
      pair.run({ until: pair.now + 1_500 });
      pair.openPaths();
      pair.run({ until: pair.now + 500 });
      const [, next] = ids(pair.client);
      assert.ok(next !== undefined && !seen.has(next), `round ${round}: path ${next}`);
      seen.add(next);
      assert.deepEqual(ids(pair.server), ids(pair.client));
    }
    move(pair, 500_000);
  });
}

Deno.test("Both ends abandon different paths at one moment: the connection ends, cleanly", () => {
  const pair = connected();
  abandon(pair, pair.client, 0);
  abandon(pair, pair.server, 1);
  pair.run({ until: pair.now + 3_000 });
  const codes = [pair.client, pair.server].map((end) => end.connection.closing.reason?.code);
  assert.ok(codes.every((code) => code === ErrorCode.NoViablePath), `${codes}`);
  pair.run({ until: pair.now + 60_000 });
  assert.equal(pair.server.endpoint.connections.size, 0);
});

Deno.test("Both ends abandon the same path at one moment [attack abandon-race]", () => {
  const pair = connected();
  const finished = begin(pair, 2 * MB);
  abandon(pair, pair.client, 1);
  abandon(pair, pair.server, 1);
  pair.run({ until: 60_000, when: () => finished() < Infinity });
  pair.run({ until: pair.now + 3_000 });
  expectOpen(pair);
  for (const end of [pair.client, pair.server]) assert.deepEqual(ids(end), [0]);
});

Deno.test("A lost link returns: a new path on it is opened and used [scenario back-new]", () => {
  const pair = connected();
  pair.links[1]!.down();
  abandon(pair, pair.client, 1);
  pair.run({ until: pair.now + 2_000 });
  pair.links[1]!.up();
  pair.openPaths();
  pair.run({ until: pair.now + 500 });
  const time = move(pair, 5 * MB);
  assert.ok(time < 2_800, `${time} ms`);
  assert.deepEqual(ids(pair.client), [0, 2]);
});

Deno.test("A path that is silent is abandoned by neither end while the connection lives", () => {
  const pair = connected();
  pair.links[1]!.down();
  move(pair, 5 * MB);
  pair.links[1]!.up();
  pair.run({ until: pair.now + 10_000 });
  const time = move(pair, 5 * MB);
  assert.ok(time < 2_900, `${time} ms`);
});

Deno.test("Late packets of an abandoned path cause no stateless reset [attack abandon-race] [MPQUIC 3.4.2 no-resets]", () => {
  const pair = connected({ links: [linkOf(10, 44), linkOf(10, 400)] });
  const finished = begin(pair, 2 * MB, "upload");
  pair.at(pair.now + 300, () => abandon(pair, pair.server, 1));
  pair.run({ until: 60_000, when: () => finished() < Infinity });
  pair.run({ until: pair.now + 5_000 });
  expectOpen(pair);
});

for (const direction of ["download", "upload"] as Direction[]) {
  Deno.test(`A backup path carries next to nothing of a ${direction} while the other lives`, () => {
    const pair = connected({ statuses: ["available", "backup"] });
    move(pair, 3 * MB, direction);
    for (const end of [pair.client, pair.server]) {
      const sent = end.connection.paths.find(1)!.current.bytesSent;
      assert.ok(sent < 50_000, `${end.host.name}: ${sent} bytes`);
    }
  });

  Deno.test(`A backup path takes over a ${direction} when the other dies`, () => {
    const pair = connected({ statuses: ["available", "backup"] });
    const finished = begin(pair, 3 * MB, direction);
    pair.links[0]!.outage(pair.now + 1_000);
    pair.run({ until: 60_000, when: () => finished() < Infinity });
    expectOpen(pair);
    assert.ok(finished() < 5_000, `${finished()} ms`);
  });

  Deno.test(`Status changes in the middle of a ${direction} are obeyed`, () => {
    const pair = connected();
    const finished = begin(pair, 6 * MB, direction);
    const sender = direction === "download" ? pair.server : pair.client;
    pair.at(1_000, () => pair.client.connection.paths.slot(1)!.status.set("backup"));
    let before = 0;
    pair.at(1_300, () => before = sender.connection.paths.find(1)!.current.bytesSent);
    pair.at(2_000, () => {
      assert.ok(sender.connection.paths.find(1)!.current.bytesSent - before < 20_000);
      pair.client.connection.paths.slot(1)!.status.set("available");
    });
    pair.run({ until: 60_000, when: () => finished() < Infinity });
    assert.ok(sender.connection.paths.find(1)!.current.bytesSent - before > MB);
    expectOpen(pair);
  });
}

Deno.test("Probes of a suspect path that is all there is say what was to be said", () => {
  for (const outage of [700, 2_500, 5_000]) {
    const pair = connected();
    begin(pair, 4 * MB, "upload");
    pair.links[1]!.down();
    const doubted = pair.client.connection.paths.find(1)!;
    pair.run({ until: pair.now + 1_000, when: () => doubted.health !== Health.Ok });
    abandon(pair, pair.client, 0);
    // All that the window allows is lost; then there are nothing but probes.
    pair.run({ until: pair.now + outage });
    assert.ok(doubted.current.windowBlocked && doubted.health !== Health.Ok);
    pair.links[1]!.up();
    const [kept, found] = [0, 1].map((id) => pair.server.connection.paths.find(id)!);
    const before = found!.current.datagramsReceived;
    pair.run({ until: pair.now + 5_000, when: () => found!.current.datagramsReceived > before });
    assert.ok(kept!.slot.abandoned, `after ${outage} ms`);
  }
});
