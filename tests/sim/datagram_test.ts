import assert from "node:assert/strict";
import { redundant } from "../../src/scheduler/redundant.ts";
import { withSeed } from "../../src/sim/world.ts";
import { Drip } from "./drip.ts";
import { linkOf, Pair, type PairOptions } from "./pair.ts";
import { seedOf } from "./seed.ts";
import { expectOpen, move } from "./transfers.ts";

function connected(options: PairOptions = {}): Pair {
  const pair = new Pair({ paths: 2, ...options }).connect();
  pair.run({ until: pair.now + 500 });
  return pair;
}

function drain(pair: Pair, side: "client" | "server"): Uint8Array[] {
  const all: Uint8Array[] = [];
  for (let next; (next = pair[side].connection.datagrams.receive());) all.push(next);
  return all;
}

for (const [from, to] of [["client", "server"], ["server", "client"]] as const) {
  Deno.test(`DATAGRAMs of the ${from} arrive whole`, () => {
    const pair = connected();
    const sizes = [0, 1, 63, 64, 500, 1_100];
    for (const size of sizes) {
      pair[from].connection.datagrams.send(new Uint8Array(size).fill(size & 0xff));
    }
    pair.run({ until: pair.now + 200 });
    const got = drain(pair, to);
    assert.deepEqual(got.map((data) => data.length).toSorted((a, b) => a - b), sizes);
    for (const data of got) assert.ok(data.every((byte) => byte === (data.length & 0xff)));
    assert.ok(pair[to].has("datagramReceived"));
  });
}

Deno.test("DATAGRAMs are never sent again", () => {
  const pair = connected({ links: [linkOf(10, 44, { loss: 0.3 }), linkOf(10, 44, { loss: 0.3 })] });
  for (let i = 0; i < 200; i++) {
    pair.client.connection.datagrams.send(Uint8Array.of(i));
    pair.run({ until: pair.now + 5 });
  }
  pair.run({ until: pair.now + 5_000 });
  const got = drain(pair, "server").map((data) => data[0]!);
  assert.ok(got.length > 80 && got.length < 200, `${got.length}`);
  assert.equal(new Set(got).size, got.length);
  assert.ok(pair.client.connection.datagrams.lost > 20);
});

Deno.test("DATAGRAMs leave on every path with redundant, so that a path that dies loses none", () => {
  for (const dying of [0, 1]) {
    const pair = connected({
      links: [linkOf(10, 20), linkOf(10, 40)],
      config: { scheduler: redundant },
    });
    const got: number[] = [];
    for (let i = 0; i < 200; i++) {
      if (i === 100) pair.links[dying]!.down();
      pair.client.connection.datagrams.send(Uint8Array.of(i));
      pair.run({ until: pair.now + (i < 199 ? 20 : 2_000) });
      got.push(...drain(pair, "server").map((data) => data[0]!));
    }
    assert.equal(new Set(got).size, 200, `link ${dying}`);
    assert.ok(got.length > 280, `${got.length} with copies`);
  }
});

Deno.test("Copies of DATAGRAMs are dropped by option, and repetitions are not", () => {
  const config = { scheduler: redundant, dropDuplicateDatagrams: true };
  const pair = connected({ config, links: [linkOf(10, 20), linkOf(10, 60)] });
  const got: number[] = [];
  const wanted = Array.from({ length: 100 }, (_, i) => i % 3);
  for (const [i, value] of wanted.entries()) {
    if (i === 50) pair.links[0]!.down();
    pair.client.connection.datagrams.send(Uint8Array.of(value));
    pair.run({ until: pair.now + (i < 99 ? 7 : 1_000) });
    got.push(...drain(pair, "server").map((data) => data[0]!));
  }
  const counts = (all: readonly number[]) =>
    [0, 1, 2].map((n) => all.filter((m) => m === n).length);
  assert.deepEqual(counts(got), counts(wanted));
});

Deno.test("A DATAGRAM that is bound to a path leaves on that one alone with redundant", () => {
  const pair = connected({ config: { scheduler: redundant } });
  const { datagrams, paths } = pair.client.connection;
  datagrams.send(Uint8Array.of(1), paths.paths[1]);
  pair.run({ until: pair.now + 200 });
  assert.equal(drain(pair, "server").length, 1);
});

Deno.test("A DATAGRAM too large for the path is dropped and holds up no other", () => {
  const pair = connected();
  const { datagrams } = pair.client.connection;
  datagrams.send(new Uint8Array(2_000));
  datagrams.send(new Uint8Array(100));
  pair.run({ until: pair.now + 200 });
  assert.deepEqual(drain(pair, "server").map((data) => data.length), [100]);
  assert.equal(datagrams.lost, 1);
  expectOpen(pair);
});

Deno.test("DATAGRAMs that are not read do not pile up", () => {
  const pair = connected();
  for (let i = 0; i < 2_000; i++) {
    pair.client.connection.datagrams.send(new Uint8Array(100));
    if (i % 20 === 0) pair.run({ until: pair.now + 10 });
  }
  pair.run({ until: pair.now + 1_000 });
  assert.ok(drain(pair, "server").length <= 256);
  assert.ok(pair.server.connection.datagrams.dropped > 1_000);
});

Deno.test("DATAGRAMs and streams share a connection", () => {
  const pair = connected();
  for (let at = 0; at < 1_500; at += 10) {
    pair.at(pair.now + at, () => pair.server.connection.datagrams.send(new Uint8Array(600)));
  }
  const time = move(pair, 3_000_000);
  assert.ok(time < 1_900, `${time} ms`);
  assert.ok(drain(pair, "client").length > 130);
});

for (const from of ["client", "server"] as const) {
  Deno.test(`datagrams of the ${from} beside a transfer take the path that delivers them first`, () => {
    const seed = seedOf(`beside ${from}`);
    const pair = new Pair({ seed, links: [linkOf(10, 40), linkOf(20, 600)] });
    withSeed(pair.world, () => {
      pair.connect().run({ until: pair.now + 1_500 });
      if (from === "server") pair.client.app.download(8_000_000);
      else pair.client.app.upload(8_000_000);
      const drip = new Drip(pair, { from, kind: "datagram", period: 20, size: 160 });
      drip.start();
      pair.run({ until: pair.now + 1_000 });
      drip.restart();
      pair.run({ until: pair.now + 2_500 });
      // One way, and the queue of that link.
      assert.ok(drip.longest < 20 + 40 + 5, `${drip.longest.toFixed(0)} ms`);
      const bytes = pair.links.map(({ upward, downward }) =>
        (from === "server" ? downward : upward).counters.deliveredBytes
      );
      for (const carried of bytes) {
        assert.ok(carried > 500_000, `both carry the transfer: ${bytes}`);
      }
    });
  });
}
