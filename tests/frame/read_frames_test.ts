import assert from "node:assert/strict";
import { fromHex } from "../../src/bytes/bytes.ts";
import { RangeSet } from "../../src/bytes/range_set.ts";
import type { Writer } from "../../src/bytes/writer.ts";
import { SeededRandom } from "../../src/crypto/random.ts";
import { ErrorCode } from "../../src/error/error_code.ts";
import { TransportError } from "../../src/error/quic_error.ts";
import { writeAck } from "../../src/frame/ack.ts";
import { ackFrequencySize, writeAckFrequency } from "../../src/frame/ack_frequency.ts";
import { writeImmediateAck } from "../../src/frame/ack_frequency.ts";
import * as address from "../../src/frame/address.ts";
import * as close from "../../src/frame/close.ts";
import * as ids from "../../src/frame/connection_id.ts";
import * as crypto from "../../src/frame/crypto.ts";
import { datagramSize, writeDatagram, writePing } from "../../src/frame/datagram.ts";
import * as flow from "../../src/frame/flow_control.ts";
import { FrameTrait, frameTraits, NO_EXTENSIONS } from "../../src/frame/frame_type.ts";
import * as multipath from "../../src/frame/multipath.ts";
import { writePathChallenge, writePathResponse } from "../../src/frame/path_validation.ts";
import { PacketContent } from "../../src/frame/read_frames.ts";
import { streamHeaderSize, writeStreamHeader } from "../../src/frame/stream.ts";
import * as control from "../../src/frame/stream_control.ts";
import { PacketType } from "../../src/packet/packet_type.ts";
import { ALL, type Call, read, written } from "./recorder.ts";

const data = Uint8Array.of(1, 2, 3, 4, 5);
const eight = Uint8Array.of(8, 7, 6, 5, 4, 3, 2, 1);
const token = new Uint8Array(16).fill(9);
const v4 = Uint8Array.of(192, 0, 2, 1);
const v6 = new Uint8Array(16).fill(0x20);
const big = 2 ** 40 + 3;

interface Case {
  /** Packet types, in the letters of RFC 9000, Table 3. */
  pkts: string;
  traits: string;
  write: (writer: Writer) => void;
  call: Call | undefined;
  size?: number;
}

function ranges(): RangeSet {
  const set = new RangeSet();
  set.add(3, 5);
  set.add(10, 21);
  set.add(100, 101);
  return set;
}

const ackSeen = { largest: 100, delay: 77, bounds: [100, 101, 10, 21, 3, 5], ecn: undefined };

const cases: Record<string, Case> = {
  padding: { pkts: "IH01", traits: "NP", write: (w) => w.fill(0, 3), call: undefined },
  ping: { pkts: "IH01", traits: "", write: writePing, call: ["onPing"] },
  ack: {
    pkts: "IH1",
    traits: "N",
    write: (w) => void writeAck(w, ranges(), 77, -1, 100),
    call: ["onAck", ackSeen],
  },
  resetStream: {
    pkts: "01",
    traits: "",
    write: (w) => control.writeResetStream(w, 4, 0x1_0000, big),
    call: ["onResetStream", 4, 0x1_0000, big],
    size: control.resetStreamSize(4, 0x1_0000, big),
  },
  stopSending: {
    pkts: "01",
    traits: "",
    write: (w) => control.writeStopSending(w, 400, 3),
    call: ["onStopSending", 400, 3],
    size: control.stopSendingSize(400, 3),
  },
  crypto: {
    pkts: "IH1",
    traits: "",
    write: (w) => (crypto.writeCryptoHeader(w, 70_000, 5), w.put(data)),
    call: ["onCrypto", 70_000, [...data]],
    size: crypto.cryptoHeaderSize(70_000, 5) + 5,
  },
  newToken: {
    pkts: "1",
    traits: "",
    write: (w) => crypto.writeNewToken(w, data),
    call: ["onNewToken", [...data]],
    size: crypto.newTokenSize(data),
  },
  stream: {
    pkts: "01",
    traits: "",
    write: (w) => (writeStreamHeader(w, 8, big, 5, true), w.put(data)),
    call: ["onStream", 8, big, [...data], true],
    size: streamHeaderSize(8, big, 5) + 5,
  },
  streamToTheEnd: {
    pkts: "01",
    traits: "open",
    write: (w) => (writeStreamHeader(w, 8, 0, -1, false), w.put(data)),
    call: ["onStream", 8, 0, [...data], false],
    size: streamHeaderSize(8, 0, -1) + 5,
  },
  maxData: {
    pkts: "01",
    traits: "",
    write: (w) => flow.writeMaxData(w, big),
    call: ["onMaxData", big],
    size: flow.limitSize(big),
  },
  maxStreamData: {
    pkts: "01",
    traits: "",
    write: (w) => flow.writeMaxStreamData(w, 4, big),
    call: ["onMaxStreamData", 4, big],
    size: flow.streamLimitSize(4, big),
  },
  maxStreamsBidi: {
    pkts: "01",
    traits: "",
    write: (w) => flow.writeMaxStreams(w, true, 100),
    call: ["onMaxStreams", true, 100],
  },
  maxStreamsUni: {
    pkts: "01",
    traits: "",
    write: (w) => flow.writeMaxStreams(w, false, 100),
    call: ["onMaxStreams", false, 100],
  },
  dataBlocked: {
    pkts: "01",
    traits: "",
    write: (w) => flow.writeDataBlocked(w, 5),
    call: ["onDataBlocked", 5],
  },
  streamDataBlocked: {
    pkts: "01",
    traits: "",
    write: (w) => flow.writeStreamDataBlocked(w, 5, 6),
    call: ["onStreamDataBlocked", 5, 6],
  },
  streamsBlockedBidi: {
    pkts: "01",
    traits: "",
    write: (w) => flow.writeStreamsBlocked(w, true, 5),
    call: ["onStreamsBlocked", true, 5],
  },
  streamsBlockedUni: {
    pkts: "01",
    traits: "",
    write: (w) => flow.writeStreamsBlocked(w, false, 5),
    call: ["onStreamsBlocked", false, 5],
  },
  newConnectionId: {
    pkts: "01",
    traits: "P",
    write: (w) => ids.writeNewConnectionId(w, -1, 300, 2, data, token),
    call: ["onNewConnectionId", 300, 2, [...data], [...token]],
    size: ids.newConnectionIdSize(-1, 300, 2, 5),
  },
  retireConnectionId: {
    pkts: "01",
    traits: "",
    write: (w) => ids.writeRetireConnectionId(w, -1, 7),
    call: ["onRetireConnectionId", 7],
    size: ids.retireConnectionIdSize(-1, 7),
  },
  pathChallenge: {
    pkts: "01",
    traits: "P",
    write: (w) => writePathChallenge(w, eight),
    call: ["onPathChallenge", [...eight]],
  },
  pathResponse: {
    pkts: "1",
    traits: "P",
    write: (w) => writePathResponse(w, eight),
    call: ["onPathResponse", [...eight]],
  },
  connectionClose: {
    pkts: "IH01",
    traits: "N",
    write: (w) => close.writeConnectionClose(w, 0x10a, 6, data),
    call: ["onConnectionClose", 0x10a, 6, [...data]],
    size: close.connectionCloseSize(0x10a, 6) + 5,
  },
  applicationClose: {
    pkts: "01",
    traits: "N",
    write: (w) => close.writeApplicationClose(w, big, data),
    call: ["onApplicationClose", big, [...data]],
    size: close.applicationCloseSize(big) + 5,
  },
  handshakeDone: {
    pkts: "1",
    traits: "",
    write: crypto.writeHandshakeDone,
    call: ["onHandshakeDone"],
  },
  immediateAck: { pkts: "1", traits: "x", write: writeImmediateAck, call: ["onImmediateAck"] },
  resetStreamAt: {
    pkts: "01",
    traits: "x",
    write: (w) => control.writeResetStreamAt(w, 4, 5, 600, 70),
    call: ["onResetStreamAt", 4, 5, 600, 70],
    size: control.resetStreamAtSize(4, 5, 600, 70),
  },
  datagram: {
    pkts: "01",
    traits: "x",
    write: (w) => writeDatagram(w, data),
    call: ["onDatagram", [...data], 7],
    size: datagramSize(5),
  },
  pathAck: {
    pkts: "1",
    traits: "Nx",
    write: (w) => void writeAck(w, ranges(), 77, 5, 100),
    call: ["onPathAck", 5, ackSeen],
  },
  ackFrequency: {
    pkts: "1",
    traits: "x",
    write: (w) => writeAckFrequency(w, 1, 10, 25_000, 3),
    call: ["onAckFrequency", 1, 10, 25_000, 3],
    size: ackFrequencySize(1, 10, 25_000, 3),
  },
  pathAbandon: {
    pkts: "1",
    traits: "x",
    write: (w) => multipath.writePathAbandon(w, 0xffff_ffff, 0x3e76),
    call: ["onPathAbandon", 0xffff_ffff, 0x3e76],
    size: multipath.pathFrameSize(0xffff_ffff, 0x3e76),
  },
  pathStatusBackup: {
    pkts: "1",
    traits: "x",
    write: (w) => multipath.writePathStatus(w, 3, 70, false),
    call: ["onPathStatus", 3, 70, false],
  },
  pathStatusAvailable: {
    pkts: "1",
    traits: "x",
    write: (w) => multipath.writePathStatus(w, 3, 70, true),
    call: ["onPathStatus", 3, 70, true],
  },
  pathNewConnectionId: {
    pkts: "1",
    traits: "x",
    write: (w) => ids.writeNewConnectionId(w, 65, 300, 2, data, token),
    call: ["onPathNewConnectionId", 65, 300, 2, [...data], [...token]],
    size: ids.newConnectionIdSize(65, 300, 2, 5),
  },
  pathRetireConnectionId: {
    pkts: "1",
    traits: "x",
    write: (w) => ids.writeRetireConnectionId(w, 65, 300),
    call: ["onPathRetireConnectionId", 65, 300],
    size: ids.retireConnectionIdSize(65, 300),
  },
  maxPathId: {
    pkts: "1",
    traits: "x",
    write: (w) => multipath.writeMaxPathId(w, 8),
    call: ["onMaxPathId", 8],
    size: multipath.pathLimitSize(8),
  },
  pathsBlocked: {
    pkts: "1",
    traits: "x",
    write: (w) => multipath.writePathsBlocked(w, 8),
    call: ["onPathsBlocked", 8],
  },
  pathCidsBlocked: {
    pkts: "1",
    traits: "x",
    write: (w) => multipath.writePathCidsBlocked(w, 8, 2),
    call: ["onPathCidsBlocked", 8, 2],
  },
  observedAddressV4: {
    pkts: "01",
    traits: "Px",
    write: (w) => address.writeObservedAddress(w, 1, v4, 443),
    call: ["onObservedAddress", 1, [...v4], 443],
    size: address.addressSize(1, v4),
  },
  observedAddressV6: {
    pkts: "01",
    traits: "Px",
    write: (w) => address.writeObservedAddress(w, 1, v6, 443),
    call: ["onObservedAddress", 1, [...v6], 443],
  },
  alternativeAddressV4: {
    pkts: "1",
    traits: "x",
    write: (w) => address.writeAlternativeAddress(w, 1, v4, 443, true, false),
    call: ["onAlternativeAddress", 1, [...v4], 443, true, false],
  },
  alternativeAddressV6: {
    pkts: "1",
    traits: "x",
    write: (w) => address.writeAlternativeAddress(w, 1, v6, 443, false, true),
    call: ["onAlternativeAddress", 1, [...v6], 443, false, true],
    size: address.addressSize(1, v6) + 1,
  },
  addAddressV6: {
    pkts: "1",
    traits: "x",
    write: (w) => address.writeAddAddress(w, 1, v6, 443),
    call: ["onAddAddress", 1, [...v6], 443],
  },
  removeAddress: {
    pkts: "1",
    traits: "x",
    write: (w) => address.writeRemoveAddress(w, 1),
    call: ["onRemoveAddress", 1],
    size: address.removeAddressSize(1),
  },
};

const letters: readonly [string, PacketType][] = [
  ["I", PacketType.Initial],
  ["0", PacketType.ZeroRtt],
  ["H", PacketType.Handshake],
  ["1", PacketType.OneRtt],
];

function refuses(bytes: Uint8Array, code: number, packetType = 4, extensions = ALL): void {
  assert.throws(
    () => read(bytes, packetType, extensions),
    (error: unknown) => error instanceof TransportError && error.code === code,
  );
}

for (const [name, frame] of Object.entries(cases)) {
  const bytes = written(frame.write);

  Deno.test(`readFrames() reads ${name} as it was written`, () => {
    const { calls, content } = read(bytes);
    assert.deepEqual(calls, frame.call ? [frame.call] : []);
    assert.equal((content & PacketContent.Eliciting) === 0, frame.traits.includes("N"));
    assert.equal((content & PacketContent.NonProbing) === 0, frame.traits.includes("P"));
    if (frame.size !== undefined) assert.equal(bytes.length, frame.size);
  });

  Deno.test(`readFrames() takes ${name} only in packets that may carry it`, () => {
    for (const [letter, packetType] of letters) {
      if (frame.pkts.includes(letter)) read(bytes, packetType);
      else refuses(bytes, ErrorCode.ProtocolViolation, packetType);
    }
  });

  Deno.test(`readFrames() takes ${name} of no extension when none was negotiated`, () => {
    if (!frame.traits.includes("x")) {
      read(bytes, 4, NO_EXTENSIONS);
      return;
    }
    const isViolation = name === "datagram" || name.startsWith("observed");
    const code = isViolation ? ErrorCode.ProtocolViolation : ErrorCode.FrameEncodingError;
    refuses(bytes, code, 4, NO_EXTENSIONS);
  });

  Deno.test(`readFrames() refuses ${name} cut short anywhere`, () => {
    if (name === "padding" || frame.traits === "open") return read(bytes.subarray(0, 2)) && void 0;
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

Deno.test("frameTraits() agrees with the numbers of PacketType", () => {
  assert.equal(FrameTrait.InInitial, 1 << PacketType.Initial);
  assert.equal(FrameTrait.InZeroRtt, 1 << PacketType.ZeroRtt);
  assert.equal(FrameTrait.InHandshake, 1 << PacketType.Handshake);
  assert.equal(FrameTrait.InOneRtt, 1 << PacketType.OneRtt);
  assert.equal(frameTraits(0x20), 0);
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
