import assert from "node:assert/strict";
import { FrameReader } from "../../src/http3/wire/frame_reader.ts";
import { H3Connection } from "../../src/http3/message/h3_connection.ts";
import { MemoryTransport } from "./memory_transport.ts";
import { RawPeer, within } from "./raw_peer.ts";

const events = { onGoAway() {}, onPriorityUpdate() {} };

for (const role of ["client", "server"] as const) {
  Deno.test(`A ${role} turns streams away that do not say their type in time`, async () => {
    const [transport, own] = MemoryTransport.pair();
    new H3Connection(own, role, { headerTimeout: 50 }, events);
    const peer = new RawPeer(transport);
    const control = await peer.settings();
    // Nothing, half a type, and a type without meaning that waits no longer than it must.
    for (const bytes of [[], [0x40], [0xc0, 1, 2], [0x21]]) {
      const writer = (await transport.createUnidirectionalStream()).getWriter();
      const closed = assert.rejects(
        writer.closed,
        { name: "StreamError", code: 0x103 },
        `${bytes}`,
      );
      writer.write(Uint8Array.from(bytes)).catch(() => {});
      await within(closed);
    }
    await new Promise((resolve) => setTimeout(resolve, 60));
    await within(control.write(Uint8Array.of(0x21, 0)));
    assert.equal(transport.closeInfo, undefined, "and goes on");
    transport.close();
  });
}

Deno.test("FrameReader.payload() takes room for what came, not for what was announced", async () => {
  const payloads: Promise<Uint8Array>[] = [];
  const ends: ReadableStreamDefaultController[] = [];
  const before = Deno.memoryUsage().external;
  for (let i = 0; i < 500; i++) {
    const stream = new ReadableStream<Uint8Array<ArrayBuffer>>({
      start(controller) {
        controller.enqueue(Uint8Array.of(0x01, 0x80, 0, 0xff, 0xff, 7));
        ends.push(controller);
      },
    });
    const reader = new FrameReader(stream);
    await reader.next();
    payloads.push(reader.payload(65_536));
  }
  await new Promise((resolve) => setTimeout(resolve, 10));
  const grown = Deno.memoryUsage().external - before;
  assert.ok(grown < 5_000_000, `500 sections that announce 64 KiB took ${grown} bytes`);
  for (const end of ends) {
    for (let left = 65_534; left > 0; left -= 32_767) end.enqueue(new Uint8Array(32_767).fill(7));
    end.close();
  }
  for (const payload of await Promise.all(payloads)) {
    assert.equal(payload.length, 65_535);
    assert.ok(payload.every((byte) => byte === 7));
  }
});
