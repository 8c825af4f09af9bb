import assert from "node:assert/strict";
import { concatBytes } from "../../src/bytes/bytes.ts";
import { CapsuleReader, encodeCapsule } from "../../src/http3/wire/capsule.ts";
import { H3Client } from "../../src/http3/client/client.ts";
import { frame, frameHeader } from "../../src/http3/wire/frame.ts";
import { serveConnection } from "../../src/http3/server/server.ts";
import { MemoryTransport } from "./memory_transport.ts";
import { dataFrame, getLines, headersFrame, type Lines, RawPeer, within } from "./raw_peer.ts";

const url = "https://localhost/";
/** A byte of content, beside which a frame without meaning fills the chunk. */
const wasteful = concatBytes(dataFrame("x"), frame(0x21, new Uint8Array(60_000)));

Deno.test("H3Server gives handlers no small pieces that hold large buffers [attack small-pieces]", async () => {
  const [transport, server] = MemoryTransport.pair();
  const kept: Uint8Array[] = [];
  serveConnection(server, async (request) => {
    for await (const piece of request.body!) kept.push(piece);
    return new Response();
  });
  const peer = new RawPeer(transport);
  await peer.settings();
  const lines: Lines = [[":method", "POST"], ...getLines.slice(1)];
  const large = dataFrame(new Uint8Array(50_000));
  const parts = Array.from({ length: 20 }, () => wasteful.slice());
  assert.equal((await within(peer.request(headersFrame(lines), ...parts, large))).kind, "response");
  const held = kept.reduce((sum, piece) => sum + piece.buffer.byteLength, 0);
  assert.ok(held <= 2 * (50_000 + 20), `${held} bytes`);
  // What is nearly all of its chunk is handed on as it is.
  assert.equal(kept.at(-1)!.buffer, large.buffer);
});

Deno.test("CapsuleReader gives no small values that hold large buffers [attack small-pieces]", async () => {
  const unknown = encodeCapsule(0x1234, new Uint8Array(60_000));
  const chunk = concatBytes(encodeCapsule(0, new Uint8Array([7])), unknown);
  const reader = new CapsuleReader(new Response(chunk).body!);
  const capsule = (await reader.next())!;
  assert.deepEqual(capsule.value, new Uint8Array([7]));
  assert.ok(capsule.value.buffer.byteLength < 100);
});

/** A client whose server answers with these bytes. */
function answered(...parts: Uint8Array[]): { client: H3Client; transport: MemoryTransport } {
  const [transport, server] = MemoryTransport.pair();
  const serve = async () => {
    for await (const { writable } of server.incomingBidirectionalStreams) {
      const writer = writable.getWriter();
      writer.closed.catch(() => {});
      for (const part of parts) writer.write(part).catch(() => {});
      writer.close().catch(() => {});
    }
  };
  serve().catch(() => {});
  return { client: new H3Client(transport, { maxFieldSectionSize: 1_000 }), transport };
}

Deno.test("H3Client holds fields, trailers and interim fields of servers to its limit [attack field-limits]", async () => {
  const ok: Lines = [[":status", "200"]];
  const large: Lines = [["a", "x".repeat(1_000)]];
  // Few bytes that stand for many: each line counts 32 bytes besides.
  const expanding: Lines = Array.from({ length: 60 }, () => ["accept-ranges", "bytes"] as const);
  for (const fields of [large, expanding]) {
    const cases: readonly [what: string, ...parts: Uint8Array[]][] = [
      ["response", headersFrame([...ok, ...fields])],
      ["interim response", headersFrame([[":status", "103"], ...fields]), headersFrame(ok)],
      ["trailers", headersFrame(ok), dataFrame("x"), headersFrame(fields)],
    ];
    for (const [what, ...parts] of cases) {
      const { client, transport } = answered(...parts);
      const reading = client.fetch(new Request(url)).then((response) => response.bytes());
      await assert.rejects(within(reading), { name: "StreamError", code: 0x107 }, what);
      assert.equal(transport.closeInfo, undefined, what);
    }
  }
  // A section that says to be of a gigabyte is not waited for.
  const { client } = answered(frameHeader(0x01, 1 << 30), new Uint8Array(10));
  await assert.rejects(within(client.fetch(new Request(url))), { code: 0x107 });
});

Deno.test("H3Server copes with the largest settings there are, and the smallest [attack qpack-settings]", async () => {
  const largest = [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff];
  const settings = [
    [0x01, ...largest, 0x06, ...largest, 0x07, ...largest],
    [0x01, 31, 0x07, 0],
    [0x01, 33, 0x07, 0x40, 0x64],
    [0x06, 0],
  ];
  for (const [i, payload] of settings.entries()) {
    const [transport, server] = MemoryTransport.pair();
    serveConnection(server, () => new Response("x", { headers: { "x-a": "b".repeat(9) } }));
    const peer = new RawPeer(transport);
    await peer.open(0x00, frame(0x04, Uint8Array.from(payload)));
    await new Promise((resolve) => setTimeout(resolve, 5));
    for (let round = 0; round < 3; round++) {
      const outcome = await within(peer.request(headersFrame(getLines)));
      // A peer that takes no fields at all gets no response.
      assert.equal(outcome.kind, payload[0] === 6 ? "reset" : "response", `settings ${i}`);
    }
    assert.equal(transport.closeInfo, undefined);
  }
});

/** A request with so many fields, each of its own name. */
function requestOf(fields: number): Uint8Array<ArrayBuffer> {
  return headersFrame([
    ...getLines,
    ...Array.from({ length: fields }, (_, i) => [`x${i}`, ""] as const),
  ]);
}

Deno.test("H3Server and H3Client take only so many fields, however small they are [attack small-fields]", async () => {
  const [transport, server] = MemoryTransport.pair();
  serveConnection(server, (request) => Response.json(request.headers.has("x507")));
  const peer = new RawPeer(transport);
  await peer.settings();
  const status = async (fields: number) => {
    const outcome = await within(peer.request(requestOf(fields)));
    return outcome.kind === "response" && outcome.status;
  };
  assert.equal(await status(508), "200", "with four pseudo-header fields");
  assert.equal(await status(509), "431");
  const fields: Lines = Array.from({ length: 600 }, () => ["accept-ranges", "bytes"] as const);
  const { client } = answered(headersFrame([[":status", "200"], ...fields]));
  await assert.rejects(within(client.fetch(new Request(url))), { code: 0x107 });
});

Deno.test("H3Server needs no more than linear time for the fields of a request [attack small-fields]", async () => {
  const [transport, server] = MemoryTransport.pair();
  serveConnection(server, () => new Response());
  const peer = new RawPeer(transport);
  await peer.settings();
  const fastest = async (fields: number) => {
    const request = requestOf(fields);
    let least = Infinity;
    for (let i = 0; i < 30; i++) {
      const start = performance.now();
      await peer.request(request);
      least = Math.min(least, performance.now() - start);
    }
    return least;
  };
  const few = await fastest(50);
  const many = await fastest(500);
  assert.ok(many < 15 * few + 5, `${few} ms for 50, ${many} ms for 500`);
});
