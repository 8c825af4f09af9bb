import assert from "node:assert/strict";
import { fromHex } from "../../src/bytes/bytes.ts";
import { SeededRandom } from "../../src/sim/seeded_random.ts";
import { ErrorCode } from "../../src/error/error_code.ts";
import { TransportError } from "../../src/error/quic_error.ts";
import { ALL_EXTENSIONS, frameRow, FrameTrait } from "../../src/frame/frame_table.ts";
import { PacketContent } from "../../src/frame/read_frames.ts";
import { PacketType } from "../../src/packet/packet_type.ts";
import { type Call, read, written } from "./recorder.ts";
import { type Case, cases } from "./cases.ts";

const letters: readonly [string, PacketType][] = [
  ["I", PacketType.Initial],
  ["0", PacketType.ZeroRtt],
  ["H", PacketType.Handshake],
  ["1", PacketType.OneRtt],
];

function refuses(
  bytes: Uint8Array,
  code: number,
  packetType = 4,
  extensions = ALL_EXTENSIONS,
): void {
  assert.throws(
    () => read(bytes, packetType, extensions),
    (error: unknown) => error instanceof TransportError && error.code === code,
  );
}

function expectReads({ call }: Case, { calls }: { calls: readonly Call[] }): void {
  assert.deepEqual(calls, call ? [call] : []);
}

for (const [name, frame] of Object.entries(cases)) {
  const bytes = written(frame.write);

  Deno.test(`readFrames() reads ${name} as it was written`, () => {
    const { calls, content } = read(bytes);
    expectReads(frame, { calls });
    assert.equal((content & PacketContent.Eliciting) === 0, frame.traits.includes("N"));
    assert.equal((content & PacketContent.NonProbing) === 0, frame.traits.includes("P"));
    if (frame.size !== undefined) assert.equal(bytes.length, frame.size);
  });

  Deno.test(`readFrames() takes ${name} only in packets that may carry it`, () => {
    for (const [letter, packetType] of letters) {
      if (frame.pkts.includes(letter)) expectReads(frame, read(bytes, packetType));
      else refuses(bytes, ErrorCode.ProtocolViolation, packetType);
    }
  });

  Deno.test(`readFrames() takes ${name} of no extension when none was negotiated`, () => {
    if (!frame.traits.includes("x")) {
      expectReads(frame, read(bytes, 4, 0));
      return;
    }
    const isViolation = name === "datagram" || name.startsWith("observed");
    const code = isViolation ? ErrorCode.ProtocolViolation : ErrorCode.FrameEncodingError;
    refuses(bytes, code, 4, 0);
  });

  // Frames of one byte cannot be cut, those that reach to the end of the packet anywhere.
  if (bytes.length === 1 || name === "padding" || frame.traits === "open") continue;
  Deno.test(`readFrames() refuses ${name} cut short anywhere`, () => {
    for (let length = 1; length < bytes.length; length++) {
      refuses(bytes.subarray(0, length), ErrorCode.FrameEncodingError);
    }
  });
}

Deno.test("readFrames() refuses a packet without frames", () => {
  refuses(new Uint8Array(0), ErrorCode.ProtocolViolation);
});

Deno.test("readFrames() refuses unknown types, the huge ones too", () => {
  for (const hex of ["20", "21", "40ff", "bfffffff", "ffffffffffffffff"]) {
    refuses(fromHex(hex), ErrorCode.FrameEncodingError);
  }
});

Deno.test("readFrames() refuses a type that is longer than needed", () => {
  for (const hex of ["4001", "80000001", "c000000000000001", "403e", "800000af"]) {
    refuses(fromHex(hex), ErrorCode.ProtocolViolation);
  }
  refuses(fromHex("80003e7a05"), ErrorCode.ProtocolViolation);
});

Deno.test("readFrames() holds back legal numbers above 2^53 - 1", () => {
  const most = "ffffffffffffffff";
  const max = Number.MAX_SAFE_INTEGER;
  const expected: [string, Call][] = [
    ["10" + most, ["onMaxData", max]],
    ["1104" + most, ["onMaxStreamData", 4, max]],
    ["12d000000000000000", ["onMaxStreams", true, 2 ** 51]],
    ["1c" + most + most + "00", ["onConnectionClose", max, max, []]],
    ["1d" + most + "00", ["onApplicationClose", max, []]],
    ["0404" + most + most, ["onResetStream", 4, max, max]],
    ["0504" + most, ["onStopSending", 4, max]],
    ["7e7601" + most, ["onPathStatus", 1, max, false]],
    ["7e7501" + most, ["onPathAbandon", 1, max]],
  ];
  for (const [hex, call] of expected) assert.deepEqual(read(fromHex(hex)).calls, [call]);
  const { calls } = read(fromHex("0205" + most + "0000"));
  assert.deepEqual(calls[0]![1], { largest: 5, delay: max, bounds: [5, 6], ecn: undefined });
});

Deno.test("readFrames() checks the limits of RFC 9000, Section 19", () => {
  const encoding = ErrorCode.FrameEncodingError;
  const expected: [string, number][] = [
    ["12d000000000000001", encoding], // MAX_STREAMS of 2^60 + 1
    ["13ffffffffffffffff", encoding],
    ["16d000000000000001", encoding],
    ["0700", encoding], // an empty token
    ["18010200", encoding], // retires more than it brings
    ["180100" + "00" + "00".repeat(16), encoding], // an ID of no bytes
    ["180100" + "15" + "00".repeat(37), encoding], // 21 bytes
    ["0205000006", encoding], // from 5 down to -1
    ["02050001000500", encoding], // a gap below 0
    ["02050001000104", encoding], // a range below 0
    ["0205003f00", encoding], // 63 ranges that are not there
    ["0a" + "ffffffffffffffff" + "00", ErrorCode.StreamLimitError],
    ["0e04" + "ffffffffffffffff" + "01ff", ErrorCode.FlowControlError],
    ["06" + "ffffffffffffffff" + "01ff", ErrorCode.CryptoBufferExceeded],
    ["24040a0506", encoding], // promises more than there is
    ["40af010580fa000003", ErrorCode.ProtocolViolation], // 2^14 milliseconds
    ["7e7ac000000100000000", ErrorCode.ProtocolViolation], // a path ID of 2^32
    ["3ec0000001000000000500" + "0000", ErrorCode.ProtocolViolation],
    ["7e75ffffffffffffffff00", ErrorCode.ProtocolViolation],
  ];
  for (const [hex, code] of expected) refuses(fromHex(hex), code);
});

Deno.test("readFrames() reads ECN counts and holes at the edge of 0", () => {
  const { calls } = read(fromHex("030500010001 01 05 06 07"));
  // 5, then the gap 1 leaves out 4 and 3, then 2 and 1.
  const seen = { largest: 5, delay: 0, bounds: [5, 6, 1, 3], ecn: [5, 6, 7] };
  assert.deepEqual(calls, [["onAck", seen]]);
  assert.deepEqual(read(fromHex("02020001000000")).calls[0]![1], {
    largest: 2,
    delay: 0,
    bounds: [2, 3, 0, 1],
    ecn: undefined,
  });
});

Deno.test("readFrames() keeps the 256 newest ranges of an ACK and reads on behind it", () => {
  const count = 1000;
  const bytes = written((w) => {
    w.uint8(2);
    w.varint(4 * count);
    w.varint(0);
    w.varint(count);
    w.varint(0);
    for (let i = 0; i < count; i++) w.fill(0, 2);
    w.uint8(1);
  }, 4000);
  const { calls } = read(bytes);
  const ack = calls[0]![1] as { bounds: number[] };
  assert.equal(ack.bounds.length, 512);
  assert.deepEqual(calls[1], ["onPing"]);
});

Deno.test("FrameTrait agrees with the numbers of PacketType", () => {
  assert.equal(FrameTrait.InInitial, 1 << PacketType.Initial);
  assert.equal(FrameTrait.InZeroRtt, 1 << PacketType.ZeroRtt);
  assert.equal(FrameTrait.InHandshake, 1 << PacketType.Handshake);
  assert.equal(FrameTrait.InOneRtt, 1 << PacketType.OneRtt);
  assert.equal(frameRow(0x20), undefined);
});

Deno.test("readFrames() throws nothing but TransportErrors at random bytes", () => {
  const random = new SeededRandom(20_261_123);
  const samples = Object.values(cases).map((frame) => written(frame.write));
  let accepted = 0;
  for (let round = 0; round < 30_000; round++) {
    const bytes = random.bytes(1 + random.below(60));
    if (round % 3 > 0) {
      // A real frame with some bytes changed, so that the deeper checks are reached.
      const sample = samples[random.below(samples.length)]!;
      bytes.set(sample.subarray(0, bytes.length));
      bytes[random.below(bytes.length)] = random.below(256);
    }
    try {
      read(bytes, [0, 1, 2, 4][random.below(4)]!);
      accepted++;
    } catch (error) {
      assert.ok(error instanceof TransportError, `round ${round}: ${error}`);
    }
  }
  assert.ok(accepted > 100);
});
