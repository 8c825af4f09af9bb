import assert from "node:assert/strict";
import { H3Client } from "../../src/http3/client/client.ts";
import { serveConnection } from "../../src/http3/server/server.ts";
import { BodySource } from "../../src/http3/message/body_source.ts";
import { MessageWriter } from "../../src/http3/message/message_writer.ts";
import type { H3Connection } from "../../src/http3/message/h3_connection.ts";
import type { H3SendStream } from "../../src/http3/transport.ts";
import { MemoryTransport } from "./memory_transport.ts";
import { within } from "./raw_peer.ts";

/** A body that notes what it is asked for. */
function asked(sizes: number[], total = 1_000_000): ReadableStream<Uint8Array<ArrayBuffer>> {
  let given = 0;
  return new ReadableStream({
    type: "bytes",
    pull(controller) {
      const view = controller.byobRequest!.view as Uint8Array;
      sizes.push(view.length);
      const length = Math.min(view.length, total - given);
      for (let i = 0; i < length; i++) view[i] = given + i;
      given += length;
      controller.byobRequest!.respond(length);
      if (given === total) controller.close();
    },
  });
}

/** A stream that has so much room, and takes what it is given when it is let. */
class Sink {
  room = 0;
  taken = 0;
  readonly chunks: Uint8Array[] = [];
  readonly stream: H3SendStream;
  #free = Promise.withResolvers<void>();

  constructor(hasReserve: boolean) {
    const stream = new WritableStream<Uint8Array>({
      write: (chunk) => {
        this.chunks.push(chunk.slice());
        this.taken += chunk.length;
        return this.#free.promise;
      },
    });
    const reserve = (most: number) => Math.min(most, this.room);
    this.stream = Object.assign(stream, { id: 0n }, hasReserve ? { reserve } : {}) as H3SendStream;
  }

  /** Lets it go on, with so much room. */
  open(room: number): void {
    this.room = room;
    const free = this.#free;
    this.#free = Promise.withResolvers();
    free.resolve();
  }
}

const connection = { encode: () => new Uint8Array(10) } as unknown as H3Connection;

function moment(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 5));
}

Deno.test("MessageWriter asks for nothing of a body before there is room", async () => {
  const sink = new Sink(true);
  const sizes: number[] = [];
  const writer = new MessageWriter(connection, 0, sink.stream);
  writer.closed.catch(() => {});
  writer.headers([]);
  writer.body(asked(sizes), 1_000_000).catch(() => {});
  await moment();
  assert.deepEqual(sizes, [], "the head waits");
  sink.open(2_000);
  await moment();
  sink.open(2_000);
  await moment();
  assert.deepEqual(sizes, [2_000], "as much as there is room for");
});

Deno.test("MessageWriter asks for as much as there is room for, and more of a body that has it", async () => {
  for (const hasReserve of [true, false]) {
    const sink = new Sink(hasReserve);
    const sizes: number[] = [];
    const writer = new MessageWriter(connection, 0, sink.stream);
    writer.closed.catch(() => {});
    writer.headers([]);
    const sent = writer.body(asked(sizes), 1_000_000);
    let isSent = false;
    sent.then(() => isSent = true);
    while (!isSent) {
      sink.open(100_000);
      await new Promise((resolve) => setTimeout(resolve));
    }
    const most = hasReserve ? 100_000 : 131_072;
    assert.deepEqual(sizes.slice(0, 4), [4_096, 16_384, 65_536, most]);
    const bytes = sink.chunks.slice(2); // behind HEADERS and the header of DATA
    assert.equal(bytes.reduce((sum, { length }) => sum + length, 0), 1_000_000);
    let at = 0;
    for (const chunk of bytes) {
      for (const byte of chunk) if (byte !== (at++ & 0xff)) assert.fail(`wrong byte at ${at}`);
    }
  }
});

Deno.test("A response whose body changes a chunk while it is sent is broken off", async () => {
  const buffer = new ArrayBuffer(1_000_000, { maxByteLength: 1_000_000 });
  const [transport, server] = MemoryTransport.pair();
  const chunks = [new Uint8Array(buffer), new Uint8Array(9)];
  serveConnection(server, () => new Response(ReadableStream.from(chunks)));
  const response = await within(new H3Client(transport).fetch(new Request("https://localhost/")));
  buffer.resize(600_000);
  await assert.rejects(within(response.bytes()), { name: "StreamError", code: 0x102 });
});

Deno.test("BodySource ends with a stream of bytes that is closed in any way", async () => {
  for (const answers of [true, false]) {
    let count = 0;
    const source = new BodySource(
      new ReadableStream({
        type: "bytes",
        pull(controller) {
          if (count++ < 2) return controller.enqueue(new Uint8Array(5));
          if (count === 3) controller.enqueue(new Uint8Array(6));
          controller.close();
          if (answers) controller.byobRequest?.respond(0);
        },
      }),
    );
    const lengths: number[] = [];
    for (let piece; (piece = await within(source.read(100))) !== undefined;) {
      lengths.push(piece.length);
    }
    assert.deepEqual(lengths, [5, 5, 6]);
  }
  const empty = new BodySource(
    new ReadableStream({ type: "bytes", pull: (controller) => controller.close() }),
  );
  assert.equal(await within(empty.read(100)), undefined);
});

Deno.test("BodySource takes what other bodies have, and tells their errors as the caller's", async () => {
  const chunks = new BodySource(
    new ReadableStream({
      start(controller) {
        controller.enqueue(new Uint8Array(70_000));
        controller.enqueue("text" as unknown as Uint8Array);
      },
    }),
  );
  assert.equal(chunks.wanted, 0);
  assert.equal((await chunks.read(1))!.length, 70_000);
  await assert.rejects(chunks.read(1), { name: "CallerError" });
  const broken = new BodySource(
    new ReadableStream({ type: "bytes", pull: () => Promise.reject(new Error("no disk")) }),
  );
  await assert.rejects(broken.read(10), { name: "CallerError" });
  const stream = new ReadableStream({ type: "bytes" });
  stream.getReader();
  assert.throws(() => new BodySource(stream), TypeError);
});
