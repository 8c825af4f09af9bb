import assert from "node:assert/strict";
import { Kind } from "../../src/stream/connection_credit.ts";
import { redundant } from "../../src/scheduler/redundant.ts";
import { linkOf, Pair, type PairOptions } from "./pair.ts";
import { patternAt } from "../../src/sim/pattern.ts";
import type { Transfer } from "../../src/sim/stream_app.ts";
import { expectOpen } from "./transfers.ts";

/** A pair, and which frames the server sent on which path. */
class Watched {
  readonly pair: Pair;
  /** Bytes of stream data sent, by `stream/path`. */
  readonly #bytes = new Map<string, number>();
  /** DATAGRAM frames sent, by path. */
  readonly datagrams = new Map<number, number>();

  constructor(options: PairOptions = {}) {
    const qlog = (record: string, role: string) => {
      if (role === "server" && record.includes("packet_sent")) this.#onSent(record);
    };
    this.pair = new Pair({ paths: 2, qlog, ...options }).connect();
    this.pair.run({ until: this.pair.now + 500 });
  }

  #onSent(record: string): void {
    const { data } = JSON.parse(record.slice(1));
    const path: number = data.header.path_id ?? 0;
    for (const frame of data.frames ?? []) {
      if (frame.frame_type === "datagram") {
        this.datagrams.set(path, (this.datagrams.get(path) ?? 0) + 1);
      }
      if (frame.frame_type !== "stream") continue;
      const key = `${frame.stream_id}/${path}`;
      this.#bytes.set(
        key,
        (this.#bytes.get(key) ?? 0) + (frame.raw?.payload_length ?? frame.length),
      );
    }
  }

  /** Bytes of a stream that left on a path. */
  sent({ id }: Transfer, path: number): number {
    return this.#bytes.get(`${id}/${path}`) ?? 0;
  }

  /** Downloads; the server binds what it answers with to a path. */
  download(size: number, bound?: number): Transfer {
    const { pair } = this;
    const transfer = pair.client.app.download(size);
    if (bound !== undefined) {
      const before = pair.server.onEvent;
      pair.server.onEvent = (event) => {
        before(event);
        if (event.type !== "opened" || event.stream.id !== transfer.id) return;
        event.stream.send!.bound = pair.server.connection.paths.find(bound)!;
      };
    }
    return transfer;
  }

  finish(...transfers: Transfer[]): void {
    const { pair } = this;
    pair.run({ until: pair.now + 60_000, when: () => transfers.every(({ isDone }) => isDone) });
    assert.ok(transfers.every(({ isDone }) => isDone), "all come to their end");
  }
}

for (const bound of [0, 1]) {
  Deno.test(`A stream bound to path ${bound} leaves there only, others on both paths`, () => {
    const watched = new Watched();
    const tied = watched.download(500_000, bound);
    const free = watched.download(1_500_000);
    watched.finish(tied, free);
    assert.ok(watched.sent(tied, bound) >= 500_000);
    assert.equal(watched.sent(tied, 1 - bound), 0);
    assert.ok(watched.sent(free, bound) > 200_000 && watched.sent(free, 1 - bound) > 200_000);
    // Nothing was wasted by it: both paths were full all the time.
    const unbound = new Watched();
    const others = [unbound.download(500_000), unbound.download(1_500_000)];
    unbound.finish(...others);
    const time = Math.max(tied.duration, free.duration);
    assert.ok(time < 1.03 * Math.max(...others.map(({ duration }) => duration)), `${time} ms`);
  });
}

Deno.test("A stream may be bound to a backup path, and no other comes there", () => {
  const watched = new Watched({ statuses: ["available", "backup"] });
  const tied = watched.download(500_000, 1);
  const free = watched.download(500_000);
  watched.finish(tied, free);
  assert.equal(watched.sent(tied, 0), 0);
  assert.equal(watched.sent(free, 1), 0);
});

Deno.test("What is lost of a bound stream leaves on its path again", () => {
  const watched = new Watched({ links: [linkOf(10, 44), linkOf(10, 44, { loss: 0.05 })] });
  const tied = watched.download(500_000, 1);
  watched.finish(tied);
  assert.ok(watched.sent(tied, 1) > 510_000);
  // But for what was under way when the path seemed to be dead.
  assert.ok(watched.sent(tied, 0) < 30_000, `${watched.sent(tied, 0)}`);
});

Deno.test("A scheduler that copies everything copies no bound stream", () => {
  const watched = new Watched({ config: { scheduler: redundant } });
  const tied = watched.download(200_000, 1);
  const free = watched.download(200_000);
  watched.finish(tied, free);
  assert.equal(watched.sent(tied, 0), 0);
  assert.ok(watched.sent(free, 0) > 150_000 && watched.sent(free, 1) > 150_000);
});

Deno.test("A bound stream goes on elsewhere when its path dies, and comes back with it", () => {
  const watched = new Watched();
  const { pair } = watched;
  const tied = watched.download(4_000_000, 1);
  pair.run({ until: pair.now + 600 });
  assert.equal(watched.sent(tied, 0), 0);
  const received = tied.received;
  pair.links[1]!.outage(pair.now, pair.now + 1_500);
  pair.run({ until: pair.now + 600 });
  assert.ok(tied.received > received + 200_000, "it does not wait for the path");
  const elsewhere = () => watched.sent(tied, 0);
  assert.ok(elsewhere() > 200_000);
  pair.run({ until: pair.now + 2_500, when: () => tied.isDone });
  const before = elsewhere();
  watched.finish(tied);
  assert.equal(elsewhere(), before, "the path is its own again");
  expectOpen(pair);
});

Deno.test("An urgent bound stream goes before others on its path", () => {
  const watched = new Watched({ paths: 1 });
  const bulk = watched.download(1_000_000);
  watched.pair.run({ until: watched.pair.now + 200 });
  const tied = watched.download(100_000, 0);
  watched.pair.run({ until: watched.pair.now + 30 });
  watched.pair.server.connection.streams.find(tied.id)!.send!.sendOrder = 1;
  watched.finish(bulk, tied);
  assert.ok(tied.finishedAt < bulk.finishedAt);
});

Deno.test("DATAGRAMs bound to a path leave there, whatever else there is to send", () => {
  const watched = new Watched({ statuses: ["available", "backup"] });
  const { pair } = watched;
  const path = pair.server.connection.paths.find(1)!;
  const bulk = watched.download(1_000_000);
  for (let i = 0; i < 50; i++) {
    pair.server.connection.datagrams.send(new Uint8Array(900), path);
    pair.server.touch();
    pair.run({ until: pair.now + 5 });
  }
  watched.finish(bulk);
  assert.deepEqual([...watched.datagrams], [[1, 50]]);
  assert.equal(watched.sent(bulk, 1), 0);
  // Alone, and without anything else that would bring packets about.
  pair.server.connection.datagrams.send(new Uint8Array(900), path);
  pair.server.touch();
  pair.run({ until: pair.now + 1_000 });
  assert.equal(watched.datagrams.get(1), 51);
});

Deno.test("DATAGRAMs bound to a path that is gone leave on another", () => {
  const watched = new Watched();
  const { pair } = watched;
  const core = pair.server.connection;
  const path = core.paths.find(1)!;
  assert.ok(pair.client.connection.closePath(pair.client.connection.paths.find(1)!, 0, pair.now));
  pair.client.touch();
  pair.run({ until: pair.now + 1_000 });
  core.datagrams.send(new Uint8Array(10), path);
  const stream = core.streams.open(Kind.Unidirectional)!.send!;
  stream.bound = path;
  stream.write(patternAt(stream.id, 0, 10));
  stream.finish();
  pair.server.touch();
  pair.run({ until: pair.now + 1_000 });
  assert.deepEqual([...watched.datagrams], [[0, 1]]);
  assert.equal(stream.isDone, true);
});

Deno.test("What is bound to a path without room waits, and neither end spins", () => {
  const watched = new Watched({ links: [linkOf(10, 44), linkOf(0.2, 44)] });
  const { pair } = watched;
  const tied = watched.download(20_000, 1);
  pair.run({ until: pair.now + 100 });
  let calls = 0;
  const { transmit } = pair.server.connection;
  pair.server.connection.transmit = (now) => {
    calls++;
    return transmit.call(pair.server.connection, now);
  };
  watched.finish(tied);
  assert.equal(watched.sent(tied, 0), 0);
  assert.ok(calls < 2_000, `${calls} questions`);
});
