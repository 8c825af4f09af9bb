import assert from "node:assert/strict";
import fc from "fast-check";
import { ApplicationError, StreamError } from "../../src/error/quic_error.ts";
import { readRequestHead, readResponseHead, readTrailers } from "../../src/http3/wire/fields.ts";
import { frame, varints } from "../../src/http3/wire/frame.ts";
import { FrameReader } from "../../src/http3/wire/frame_reader.ts";
import type { RequestDatagrams } from "../../src/http3/handler.ts";
import type { H3Transport } from "../../src/http3/transport.ts";
import { CapsuleSender } from "../../src/http3/webtransport/capsule_sender.ts";
import { Session } from "../../src/http3/webtransport/session.ts";
import { WebTransportError } from "../../src/http3/webtransport/web_transport_error.ts";
import { parsePriority } from "../../src/http3/wire/priority.ts";
import { isProtocol, readProtocols, writeProtocols } from "../../src/http3/wire/protocol_list.ts";
import { readSettings } from "../../src/http3/wire/settings.ts";
import { QpackDecoder } from "../../src/qpack/decoder.ts";
import type { FieldLine } from "../../src/qpack/field_line.ts";
import { QpackEncoder } from "../../src/qpack/encoder.ts";
import { JsonText } from "../../src/qlog/json_text.ts";
import { QlogWriter } from "../../src/qlog/writer.ts";
import { hostile } from "./bytes.ts";
import { type Target, tolerate } from "./target.ts";

const typed = [ApplicationError, StreamError];
const { section, instructions } = encoded();
const exchange = [
  Uint8Array.of(...frame(0x01, section), ...frame(0x00, section), ...frame(0x21, section)),
  Uint8Array.of(...frame(0x04, varints(1, 4096, 7, 16)), ...frame(0x07, varints(0))),
];
const sessionCapsules = [
  Uint8Array.of(...frame(0x78ae, new Uint8Array(0)), ...frame(0x190b_4d3d, varints(100))),
  Uint8Array.of(...frame(0x190b_4d3f, varints(9)), ...frame(0x2843, Uint8Array.of(0, 0, 0, 7, 97))),
];
const names = fc.constantFrom(":method", ":path", ":scheme", ":authority", ":status", "te", "a");
const latin1 = fc.nat(255).map((code) => String.fromCharCode(code));
const values = fc.oneof(
  fc.constantFrom("GET", "https", "/", "a.test", "200", "trailers", "5"),
  // QPACK gives each byte as one character.
  fc.string({ unit: latin1, maxLength: 20 }),
);
type HeadReader = (section: readonly FieldLine[], extended: boolean) => unknown;
const heads: readonly HeadReader[] = [readRequestHead, readResponseHead, readTrailers];
const lines = fc.array(
  fc.record({ name: fc.oneof(names, fc.string({ maxLength: 8 })), value: values }),
  { maxLength: 8 },
);

/** What reads HTTP/3 and QPACK, and what writes logs of what strangers say. */
export const httpTargets: readonly Target[] = [
  {
    name: "QpackDecoder reads or refuses any section, within its size",
    runs: 1_500,
    property: fc.property(hostile([section], 80), (bytes) => {
      tolerate(typed, () => {
        const decoder = new QpackDecoder({ maxFieldSectionSize: 2_000 });
        const result = decoder.decode(0, bytes);
        if (result instanceof Promise) result.catch(() => {});
        else {assert.ok(
            result.reduce((sum, { name, value }) => sum + name.length + value.length, 0) <= 2_000,
          );}
        decoder.close(new Error("over"));
      });
    }),
  },
  {
    name: "QpackDecoder takes any instructions in any pieces",
    runs: 1_500,
    property: fc.property(
      hostile([instructions], 80),
      fc.integer({ min: 1, max: 50 }),
      (bytes, size) => {
        tolerate(typed, () => {
          const decoder = new QpackDecoder({ maxTableCapacity: 256 });
          for (let at = 0; at < bytes.length; at += size) {
            decoder.receive(bytes.subarray(at, at + size));
          }
        });
      },
    ),
  },
  {
    name: "QpackEncoder takes any answers and goes on",
    runs: 1_000,
    property: fc.property(hostile([Uint8Array.of(0x80, 0x01, 0x40, 0x3f, 0x20)], 30), (bytes) => {
      const encoder = new QpackEncoder({ riskedStreams: 16 });
      encoder.allow(4096, 16);
      encoder.encode(0, [{ name: "x-a", value: "b" }]);
      tolerate(typed, () => encoder.receive(bytes));
      encoder.encode(4, [{ name: "x-a", value: "b" }]);
    }),
  },
  {
    name: "FrameReader walks any stream in any pieces, and holds no more than asked for",
    runs: 800,
    property: fc.asyncProperty(hostile(exchange, 80), fc.integer({ min: 1, max: 40 }), walk),
  },
  {
    name: "Settings are read or refused with an ApplicationError",
    runs: 1_500,
    property: fc.property(hostile([varints(1, 4096, 7, 16, 6, 100, 0x33, 1)], 60), (bytes) => {
      tolerate([ApplicationError], () => void readSettings(bytes));
    }),
  },
  {
    name: "Field sections are requests, responses, trailers, or malformed",
    runs: 1_500,
    property: fc.property(lines, (section) => {
      for (const readHead of heads) {
        tolerate(typed, () => void readHead(section, section.length % 2 === 0));
      }
    }),
  },
  {
    name: "Priority fields of any kind have an urgency of 0 to 7",
    runs: 500,
    property: fc.property(fc.oneof(fc.string(), fc.stringMatching(/^[ui=?0-9,; ]*$/)), (text) => {
      const { urgency } = parsePriority(text);
      assert.ok(Number.isInteger(urgency) && urgency >= 0 && urgency <= 7);
    }),
  },
  {
    name: "Fields of protocols are lists of strings, or nothing",
    runs: 800,
    property: fc.property(
      fc.oneof(
        fc.string({ unit: latin1, maxLength: 60 }),
        fc.stringMatching(/^["\\a-c;=*, ]{0,40}$/),
        fc.array(fc.stringMatching(/^[ -~]{1,12}$/), { maxLength: 5 }).map(writeProtocols),
      ),
      (field) => {
        const protocols = readProtocols(field);
        assert.ok(protocols.join("").length <= field.length);
        if (protocols.every(isProtocol)) {
          assert.deepEqual(readProtocols(writeProtocols(protocols)), protocols);
        }
      },
    ),
  },
  {
    name: "Any bytes on the stream of a session end it, in order or by a reset, or wait for more",
    runs: 300,
    property: fc.asyncProperty(
      hostile(sessionCapsules, 60),
      fc.integer({ min: 1, max: 30 }),
      runSession,
    ),
  },
  {
    name: "Lines of a qlog trace are JSON of bounded length, whatever the texts in it",
    runs: 800,
    property: fc.property(
      fc.array(fc.string({ unit: "binary", maxLength: 600 }), { maxLength: 4 }),
      (texts) => {
        const records: string[] = [];
        const sink = { write: (record: string) => records.push(record) > 0 };
        const writer = new QlogWriter(sink, { role: "client", start: 0, epoch: 1e12 });
        for (const text of texts) {
          writer.write(new JsonText().open().text("reason", text).close().take(), 1);
        }
        for (const record of records) {
          assert.equal(record.lastIndexOf("\x1e"), 0, "one record separator, in front");
          assert.equal(record.indexOf("\n"), record.length - 1, "one line feed, at the end");
          assert.ok(record.length < 4_000);
          JSON.parse(record.slice(1));
        }
      },
    ),
  },
];

/** A session whose peer says these bytes, in pieces of this size, and ends. */
async function runSession(bytes: Uint8Array, size: number): Promise<void> {
  const transport = {} as H3Transport;
  const datagrams = { dropped: 0, maxSize: 0 } as RequestDatagrams;
  const limits = { enabled: 1, maxSessions: 1, maxData: 5, maxStreamsUni: 5, maxStreamsBidi: 5 };
  const capsules = new CapsuleSender();
  const events = { onTaken() {}, onEnd() {} };
  const session = new Session(0, transport, capsules, datagrams, limits, events);
  session.begin("", piecesOf(bytes, size));
  const end = await session.closed.catch((error) => error);
  if (end instanceof WebTransportError) {
    const { cause } = end;
    if (!typed.some((type) => cause instanceof type)) throw cause;
  } else {
    assert.ok(end.closeCode >= 0 && end.closeCode <= 0xffff_ffff && end.reason.length <= 1_024);
  }
  // What the other end gets is whole capsules, or a reset.
  await new Response(capsules.body).bytes().catch((error) => {
    assert.ok(error instanceof StreamError, `${error}`);
  });
}

function piecesOf(bytes: Uint8Array, size: number): ReadableStream<Uint8Array<ArrayBuffer>> {
  return new ReadableStream<Uint8Array<ArrayBuffer>>({
    start(controller) {
      for (let at = 0; at < bytes.length; at += size) {
        controller.enqueue(bytes.slice(at, at + size));
      }
      controller.close();
    },
  });
}

async function walk(bytes: Uint8Array, size: number): Promise<void> {
  const reader = new FrameReader(piecesOf(bytes, size));
  try {
    while (await reader.next()) {
      if (reader.type === 1) assert.ok((await reader.payload(64)).length <= 64);
      else if (reader.type === 0) { while (await reader.piece() !== undefined); }
      else await reader.skip();
    }
  } catch (error) {
    if (!typed.some((type) => error instanceof type)) throw error;
  }
}

function encoded(): { section: Uint8Array; instructions: Uint8Array } {
  const encoder = new QpackEncoder({ riskedStreams: 16 });
  encoder.allow(4096, 16);
  const section = encoder.encode(0, [
    { name: ":path", value: "/index.html" },
    { name: "x-a", value: "bbbbbb" },
    { name: "x-c", value: "\xff\0é" },
  ]);
  return { section, instructions: encoder.instructions.take() };
}
