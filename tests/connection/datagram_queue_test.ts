import assert from "node:assert/strict";
import { DatagramQueue } from "../../src/connection/datagram_queue.ts";
import { Writer } from "../../src/bytes/writer.ts";
import type { SentFrame } from "../../src/frame/sent_frame.ts";
import type { Path } from "../../src/path/path.ts";
import { Readiness } from "../../src/scheduler/readiness.ts";
import { Attacker, frame } from "./attacker.ts";
import { Pair } from "../sim/pair.ts";

Deno.test("DatagramQueue keeps so many bytes of what is not read, the newest", () => {
  const queue = new DatagramQueue({ push() {} });
  for (let i = 0; i < 200; i++) queue.onDatagram(new Uint8Array(60_000).fill(i));
  const kept: number[] = [];
  let bytes = 0;
  for (let data; (data = queue.receive());) {
    kept.push(data[0]!);
    bytes += data.buffer.byteLength;
  }
  assert.ok(bytes <= 98_304, `${bytes} bytes`);
  assert.deepEqual(kept, [199]);
  assert.equal(queue.dropped, 199);
  for (let i = 0; i < 300; i++) queue.onDatagram(Uint8Array.of(i & 0xff));
  assert.equal(queue.receive()![0], 300 - 256, "and so many");
});

Deno.test("DatagramQueue gives the memory of what it drops back at once", () => {
  const queue = new DatagramQueue({ push() {} });
  const data = new Uint8Array(60_000);
  const before = Deno.memoryUsage().external;
  let most = 0;
  for (let i = 0; i < 1_000; i++) {
    queue.onDatagram(data);
    most = Math.max(most, Deno.memoryUsage().external - before);
  }
  assert.equal(queue.dropped, 999);
  assert.ok(most < 1e6, `${most} bytes`);
});

for (const side of ["client", "server"] as const) {
  Deno.test(`DATAGRAMs of a ${side} cause no more events than wait to be read [attack small-frames]`, () => {
    const pair = new Pair({ config: { maxDatagramFrameSize: 1_200 } }).connect();
    pair.run({ until: 1_000 });
    const attacker = new Attacker(pair, side);
    const { connection, events } = attacker.victim;
    const before = events.length;
    for (let packets = 0; packets < 40; packets++) {
      attacker.send((writer) => {
        for (let i = 0; i < 600; i++) frame(0x31, 0)(writer);
      });
    }
    attacker.wait(1);
    assert.equal(events.length, before + 256);
    for (let i = 0; i < 256; i++) assert.ok(connection.datagrams.receive());
    attacker.send(frame(0x31, 0));
    attacker.wait(1);
    assert.equal(events.length, before + 257, "and is told of more when they are read");
    attacker.expectAlive();
  });
}

Deno.test("DatagramQueue puts a large datagram into a jumbo packet, but no crowd of small ones", () => {
  const queue = new DatagramQueue({ push() {} });
  queue.limit(65_535);
  for (const size of [300, 300, 300, 300, 300, 5_000, 300]) queue.send(new Uint8Array(size));
  const written = () => {
    const sizes: number[] = [];
    const writer = new Writer(new Uint8Array(8_952));
    const record = (_: unknown, __: number, start: number) => {
      sizes.push(queue.copyOf({ start } as SentFrame, path)!.length);
    };
    queue.writeFrames({ writer, room: 8_900, record }, 8_900, path);
    return sizes;
  };
  const path = {} as Path;
  assert.deepEqual([written(), written(), written()], [[300, 300, 300, 300], [300], [5_000]]);
  assert.deepEqual([written(), queue.pending, queue.lost], [[300], false, 0]);
});

Deno.test("DatagramQueue holds the oldest datagrams back for another path, but none bound here", () => {
  const queue = new DatagramQueue({ push() {} });
  queue.limit(65_535);
  const path = { readiness: Readiness.Fit } as Path;
  queue.send(new Uint8Array(100));
  queue.send(new Uint8Array(101), path);
  queue.send(new Uint8Array(102));
  queue.send(new Uint8Array(103));
  const written = (held: number) => {
    const sizes: number[] = [];
    const writer = new Writer(new Uint8Array(1_452));
    const record = (_: unknown, __: number, start: number) => {
      sizes.push(queue.copyOf({ start } as SentFrame, path)!.length);
    };
    queue.writeFrames({ writer, room: 1_400, record }, 1_400, path, held);
    return sizes;
  };
  assert.deepEqual([written(150), written(1), written(0)], [[101, 103], [102], [100]]);
});

for (const side of ["client", "server"] as const) {
  Deno.test(`A ${side}'s DATAGRAM frames that are not read are held for it, within bounds`, () => {
    const attacker = new Attacker(new Pair().connect(), side).wait(500);
    const { account, datagrams } = attacker.victim.connection;
    const before = account.held("bytes");
    for (let i = 0; i < 300; i++) attacker.send(frame(0x31, 1_200, new Uint8Array(1_200)));
    const held = account.held("bytes") - before;
    assert.ok(held > 50_000 && held <= 98_304, `${held} bytes`);
    while (datagrams.receive());
    assert.equal(account.held("bytes"), before);
    attacker.expectAlive();
  });
}
