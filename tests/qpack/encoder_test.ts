import assert from "node:assert/strict";
import { fromHex } from "../../src/bytes/bytes.ts";
import { QpackDecoder } from "../../src/qpack/decoder.ts";
import { QpackEncoder } from "../../src/qpack/encoder.ts";
import type { FieldLine } from "../../src/qpack/field_line.ts";

const request: FieldLine[] = [
  { name: ":method", value: "GET" },
  { name: ":scheme", value: "https" },
  { name: ":authority", value: "www.example.com" },
  { name: ":path", value: "/a/b?c=d" },
  { name: "user-agent", value: "something with a long name/1.0" },
  { name: "x-custom", value: "value \xe9" },
  { name: "cookie", value: "secret" },
];

/** An encoder and the decoder it talks to; the side that is not fed stays behind. */
class Link {
  readonly encoder: QpackEncoder;
  readonly decoder: QpackDecoder;

  constructor(riskedStreams: number, blocked = 16, capacity = 4096) {
    this.decoder = new QpackDecoder({ maxTableCapacity: capacity, maxBlockedStreams: blocked });
    this.encoder = new QpackEncoder({ riskedStreams });
    this.encoder.allow(capacity, blocked);
  }

  toDecoder(): void {
    this.decoder.receive(this.encoder.instructions.take());
  }

  toEncoder(): void {
    this.encoder.receive(this.decoder.instructions.take());
  }

  async roundTrip(id: number, lines: FieldLine[]): Promise<number> {
    const section = this.encoder.encode(id, lines);
    const decoded = this.decoder.decode(id, section);
    this.toDecoder();
    assert.deepEqual(
      (await decoded).map(({ name, value }) => [name, value]),
      lines.map(({ name, value }) => [name, value]),
    );
    this.toEncoder();
    return section.length;
  }
}

Deno.test("QpackEncoder.encode() gets shorter as lines come again", async () => {
  const link = new Link(0);
  const first = await link.roundTrip(0, request);
  await link.roundTrip(4, request);
  const third = await link.roundTrip(8, request);
  assert.ok(third * 3 < first, `${third} against ${first} bytes`);
});

Deno.test("QpackEncoder.encode() refers to fresh lines at once if it may", async () => {
  const link = new Link(16);
  const section = link.encoder.encode(0, request);
  const decoded = link.decoder.decode(0, section);
  assert.ok(decoded instanceof Promise, "the section waits for the encoder stream");
  link.toDecoder();
  assert.equal((await decoded).length, request.length);
});

Deno.test("QpackEncoder.encode() never has more streams wait than allowed", () => {
  const link = new Link(100, 3);
  for (let i = 0; i < 20; i++) {
    link.decoder.decode(
      4 * i,
      link.encoder.encode(4 * i, [{ name: "x", value: `${i}` }]),
    ) instanceof
      Promise;
  }
  assert.equal(link.decoder.blockedStreams, 3);
});

Deno.test("QpackEncoder.encode() makes no decoder wait by default", () => {
  const link = new Link(0);
  for (let i = 0; i < 50; i++) {
    assert.ok(Array.isArray(link.decoder.decode(4 * i, link.encoder.encode(4 * i, request))));
  }
});

Deno.test("QpackEncoder.encode() uses the static table alone before SETTINGS and with capacity 0", () => {
  const early = new QpackEncoder();
  early.encode(0, request);
  assert.equal(early.instructions.length, 0);
  const none = new QpackEncoder({ tableCapacity: 0 });
  none.allow(4096, 16);
  for (let i = 0; i < 3; i++) none.encode(4 * i, request);
  assert.equal(none.instructions.length, 0);
});

Deno.test("QpackEncoder.encode() marks secrets and keeps them out of the table", () => {
  const link = new Link(16);
  for (let i = 0; i < 3; i++) {
    const lines = link.decoder.decode(4 * i, link.encoder.encode(4 * i, [request[6]!]));
    assert.deepEqual(lines, [{ name: "cookie", value: "secret", sensitive: true }]);
  }
});

Deno.test("QpackEncoder survives a long life of changing lines, late and cancelled sections", async () => {
  for (const risk of [0, 2, 16]) {
    const link = new Link(risk, 16, 300);
    let waits = 0;
    let instructions = 0;
    for (let i = 0; i < 2000; i++) {
      const turn = i >> 1; // lines that come twice are inserted, and others evicted for them
      const lines = request.slice(0, 3).concat(
        { name: `x-${turn % 7}`, value: `${turn % 13}`.repeat(1 + turn % 40) },
        { name: "x-long", value: "v".repeat(turn % 400) },
      );
      if (i % 17 === 5) {
        const waiting = link.decoder.decode(4 * i, link.encoder.encode(4 * i, lines));
        link.decoder.cancel(4 * i);
        if (waiting instanceof Promise) {
          await assert.rejects(waiting, { code: 0x10c });
          waits++;
        }
        instructions += link.encoder.instructions.length;
        link.toEncoder();
        link.toDecoder();
        link.toEncoder();
      } else {
        await link.roundTrip(4 * i, lines);
      }
    }
    assert.equal(waits > 10, risk > 0, `${waits} sections waited with risk ${risk}`);
    assert.ok(instructions > 1_000, `${instructions} bytes of instructions`);
  }
});

Deno.test("QpackEncoder.receive() refuses impossible instructions", () => {
  const cases: readonly [string, string][] = [
    ["an increment of 0", "00"],
    ["an increment beyond the insertions", "3f00"],
    ["an acknowledgment of nothing", "84"],
    ["an integer without end", "3f" + "ff".repeat(12)],
  ];
  for (const [what, hex] of cases) {
    const { encoder } = new Link(0);
    encoder.encode(0, request);
    assert.throws(() => encoder.receive(fromHex(hex)), {
      name: "ApplicationError",
      code: 0x202,
    }, what);
  }
});

Deno.test("QpackEncoder.receive() takes a cancellation of an unknown stream", () => {
  const link = new Link(0);
  link.encoder.receive(fromHex("48"));
  assert.ok(link.encoder.encode(8, request).length > 0);
});

Deno.test("QpackEncoder knows by an acknowledged section that its insertions have come", () => {
  const sizes = [true, false].map((acknowledged) => {
    const { encoder } = new Link(1); // one stream may wait for insertions
    encoder.encode(0, request);
    if (acknowledged) encoder.receive(Uint8Array.of(0x80)); // RFC 9204, Section 4.4.1
    encoder.encode(4, [{ name: "x-fresh", value: "now stream 4 is the one that may wait" }]);
    return encoder.encode(8, request).length;
  });
  assert.ok(sizes[0]! * 3 < sizes[1]!, `${sizes[0]} against ${sizes[1]} bytes`);
});

Deno.test("QpackEncoder.encode() evicts no line that a section under way refers to", async () => {
  const link = new Link(0, 16, 200);
  const held = [{ name: "x-held", value: "v".repeat(50) }];
  await link.roundTrip(0, held);
  const underWay = link.encoder.encode(4, held);
  assert.ok(underWay.length < 10, "it refers to the table");
  for (let i = 0; i < 20; i++) {
    const others = [{ name: "x-other", value: `${i >> 2}`.repeat(60) }];
    await link.roundTrip(8 + 4 * i, others);
  }
  const lines = await link.decoder.decode(4, underWay);
  assert.equal(lines[0]!.value, held[0]!.value);
});

Deno.test("QpackEncoder remembers only so many sections that a peer never acknowledges [attack qpack-unacknowledged]", () => {
  const encoder = new QpackEncoder();
  encoder.allow(4096, 16);
  const lines = [{ name: "x-a", value: "again and again" }];
  encoder.encode(0, lines);
  encoder.receive(new Uint8Array([0x01])); // the insertion is known, and nothing more is ever said
  let referring = 0;
  for (let i = 1; i <= 3_000; i++) if (encoder.encode(4 * i, lines)[0] !== 0) referring++;
  assert.equal(referring, 1_000);
});
