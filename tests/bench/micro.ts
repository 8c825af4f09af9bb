import { RangeSet } from "../../src/bytes/range_set.ts";
import { Reader } from "../../src/bytes/reader.ts";
import { Writer } from "../../src/bytes/writer.ts";
import { CipherSuite } from "../../src/crypto/cipher_suite.ts";
import { chooseEngine, type EngineName } from "../../src/crypto/engine.ts";
import { keyLabels } from "../../src/crypto/key_labels.ts";
import { PacketKeys } from "../../src/crypto/packet_keys.ts";
import { AckFrame } from "../../src/frame/ack_frame.ts";
import { readAck, writeAck } from "../../src/frame/ack.ts";
import { writeDatagram } from "../../src/frame/datagram.ts";
import { writeMaxData, writeMaxStreamData } from "../../src/frame/flow_control.ts";
import { Extension, type FrameHandler } from "../../src/frame/frame_table.ts";
import { readFrames } from "../../src/frame/read_frames.ts";
import { streamDataRoom, writeStreamHeader } from "../../src/frame/stream.ts";
import { Header, parseHeader } from "../../src/packet/header.ts";
import { PacketBuilder } from "../../src/packet/packet_builder.ts";
import { PacketOpener } from "../../src/packet/packet_opener.ts";
import { PacketType } from "../../src/packet/packet_type.ts";

// What one packet costs, piece by piece: `deno bench -A tests/bench/micro.ts`.

const SIZE = 1_452;
const ID = new Uint8Array(8).fill(7);
const DATA = new Uint8Array(SIZE);
const FRAMES = 32;
const extensions = Extension.Datagram | Extension.Multipath;
const handler = Object.fromEntries(
  ["onPathAck", "onMaxData", "onMaxStreamData", "onStream", "onDatagram"]
    .map((name) => [name, () => {}]),
) as unknown as FrameHandler;
const owner = { onFrameAcked(): void {}, onFrameLost(): void {} };
const builder = new PacketBuilder();
const datagram = new Uint8Array(SIZE);
const received = new Uint8Array(SIZE);
const plaintext = new Uint8Array(SIZE);
const header = new Header();
const opener = new PacketOpener();

for (const engine of ["wasm", "node", "noble"] as const) {
  for (const [group, suite] of Object.entries(CipherSuite)) {
    // The WebAssembly engine leaves AES to node:crypto.
    if (engine === "wasm" && suite !== CipherSuite.ChaCha20Poly1305Sha256) continue;
    const keys = keysOf(engine, suite);
    Deno.bench(`seal ${SIZE} bytes, ${engine}`, { group }, () => {
      keys.seal(datagram, 0, 13, SIZE - 16, 0, 77);
    });
    build(keys);
    const sealed = datagram.slice();
    Deno.bench(`open a packet of ${SIZE} bytes, ${engine}`, { group }, () => {
      received.set(sealed); // the header is changed in place
      open(keys);
    });
  }
}

const keys = keysOf("wasm", CipherSuite.ChaCha20Poly1305Sha256);

Deno.bench("build a packet with a STREAM frame, sealed", () => {
  build(keys);
});

Deno.bench("read the header of a packet", () => {
  parseHeader(datagram, 0, ID.length, header);
});

Deno.bench("mask of a header", () => {
  keys.headerMask(datagram, 20);
});

const ranges = new RangeSet();
for (let i = 0; i < 10; i++) ranges.add(1_000 + 10 * i, 1_008 + 10 * i);
const writer = new Writer();
const reader = new Reader();
const ack = new AckFrame();

Deno.bench("write an ACK of ten ranges and read it", () => {
  writer.aim(datagram, 0, SIZE);
  writeAck(writer, ranges, 10, -1, 200);
  reader.aim(datagram, 1, writer.offset);
  readAck(reader, false, ack);
});

const frames = mixedFrames();

Deno.bench(`read ${FRAMES} frames of a mixed packet`, () => {
  readFrames(reader.aim(frames), PacketType.OneRtt, extensions, handler);
});

Deno.bench("note the number of a packet", () => {
  ranges.add(ranges.last + 1, ranges.last + 2);
});

function keysOf(engine: EngineName, suite: CipherSuite): PacketKeys {
  return new PacketKeys(chooseEngine(engine), suite, new Uint8Array(48).fill(1), keyLabels(1));
}

/** Frames as a download over several paths has them in both directions. */
function mixedFrames(): Uint8Array {
  writer.aim(new Uint8Array(SIZE), 0, SIZE);
  for (let i = 0; i < FRAMES / 8; i++) {
    writeAck(writer, ranges, 10, 1, 60);
    writeMaxData(writer, 1_000_000 + i);
    writeMaxStreamData(writer, 4, 500_000 + i);
    for (let id = 0; id < 4; id++) {
      writeStreamHeader(writer, 4 * id, 1_000_000 + i, 20, false);
      writer.fill(7, 20);
    }
    writeDatagram(writer, DATA.subarray(0, 20));
  }
  return writer.written();
}

function build(using: PacketKeys): void {
  builder.begin(datagram, SIZE);
  builder.startShort(ID, 77, 2, 0, 0, 0, using);
  const length = streamDataRoom(4, 1_000_000, builder.room);
  writeStreamHeader(builder.writer, 4, 1_000_000, length, false);
  builder.writer.put(DATA.subarray(0, length));
  builder.record(owner, 8, 0, length);
  builder.endDatagram();
}

function open(using: PacketKeys): void {
  parseHeader(received, 0, ID.length, header);
  if (opener.open(header, using, 0, 76, plaintext) < 0) throw new Error("Cannot open the packet");
}
