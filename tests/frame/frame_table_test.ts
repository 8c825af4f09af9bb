import assert from "node:assert/strict";
import { ErrorCode } from "../../src/error/error_code.ts";
import {
  ALL_EXTENSIONS,
  frameName,
  type FrameRow,
  frameRow,
  frameTable,
  FrameTrait,
} from "../../src/frame/frame_table.ts";
import { PacketContent } from "../../src/frame/read_frames.ts";
import { PacketType } from "../../src/packet/packet_type.ts";
import { read } from "./recorder.ts";
import { codeOf, frameOf, shortest, types } from "./samples.ts";

const packetTypes = [
  PacketType.Initial,
  PacketType.ZeroRtt,
  PacketType.Handshake,
  PacketType.OneRtt,
];

/** Frames that reach to the end of the packet, of any length. */
const OPEN_ENDED = [0x00, 0x08, 0x09, 0x0c, 0x0d, 0x30];

Deno.test("The table has every type once, in order, and each name with one reader's types", () => {
  let before = -1;
  for (const { type, last, name } of frameTable) {
    assert.ok(type > before && last >= type, name);
    before = last;
    assert.match(name, /^[A-Z_]+$/);
  }
  for (const { type, row } of types) assert.equal(frameRow(type), row, row.name);
});

Deno.test("No type is read that has no row, and each that has one is read (RFC 9000, 12.4)", () => {
  const known = new Set(types.map(({ type }) => type));
  const neighbours = [...known].flatMap((type) => [type - 1, type + 1]);
  const some = Array.from({ length: 0x4000 }, (_, type) => type);
  let unknown = 0;
  for (const type of new Set([...some, ...neighbours, ...known])) {
    if (type < 0 || known.has(type)) continue;
    unknown++;
    assert.equal(frameRow(type), undefined);
    assert.equal(codeOf(frameOf(type, 40, 1), 4, ALL_EXTENSIONS), ErrorCode.FrameEncodingError);
  }
  assert.ok(unknown > 0x3f00);
  for (const type of known) {
    // PADDING is the one without a method of the handler.
    assert.equal(read(shortest(type)).calls.length, type === 0 ? 0 : 1, frameName(type));
  }
});

for (const { type, row } of types) {
  Deno.test(`${frameName(type)} is taken where its row allows it, and nowhere else`, () => {
    expectGates(shortest(type), row);
  });

  const bytes = shortest(type);
  if (OPEN_ENDED.includes(type) || bytes.length === 1) continue;
  Deno.test(`${frameName(type)} is refused if it ends early`, () => {
    for (let length = bytes.length - 1; length > 0; length--) {
      const code = codeOf(bytes.subarray(0, length), 4, ALL_EXTENSIONS);
      assert.equal(code, ErrorCode.FrameEncodingError, `${length} bytes`);
    }
  });
}

function expectGates(bytes: Uint8Array, row: FrameRow): void {
  for (const packetType of packetTypes) {
    const allowed = (row.traits & (1 << packetType)) !== 0;
    const code = codeOf(bytes, packetType, ALL_EXTENSIONS);
    assert.equal(code, allowed ? undefined : ErrorCode.ProtocolViolation);
    if (!allowed || row.extension === 0) continue;
    for (const extensions of [0, ~row.extension]) {
      assert.equal(codeOf(bytes, packetType, extensions), row.refusal);
    }
    assert.equal(codeOf(bytes, packetType, row.extension), undefined);
  }
  const { content } = read(bytes);
  const eliciting = (row.traits & FrameTrait.Eliciting) !== 0;
  const probing = (row.traits & FrameTrait.Probing) !== 0;
  assert.equal((content & PacketContent.Eliciting) !== 0, eliciting);
  assert.equal((content & PacketContent.NonProbing) !== 0, !probing);
}
