import assert from "node:assert/strict";
import { fromHex, toHex } from "../../src/bytes/bytes.ts";
import { Writer } from "../../src/bytes/writer.ts";
import { CipherSuite } from "../../src/crypto/cipher_suite.ts";
import { chooseEngine } from "../../src/crypto/engine.ts";
import { InitialKeys } from "../../src/crypto/initial_keys.ts";
import { keyLabels } from "../../src/crypto/key_labels.ts";
import { PacketKeys } from "../../src/crypto/packet_keys.ts";
import { SeededRandom } from "../../src/sim/seeded_random.ts";
import { TransportError } from "../../src/error/quic_error.ts";
import type { FrameOwner } from "../../src/frame/sent_frame.ts";
import { Header, parseHeader } from "../../src/packet/header.ts";
import { PacketBuilder } from "../../src/packet/packet_builder.ts";
import { PacketOpener } from "../../src/packet/packet_opener.ts";
import { PacketType } from "../../src/packet/packet_type.ts";
import { readRetry, writeRetry } from "../../src/packet/retry.ts";
import { writeStatelessReset } from "../../src/packet/stateless_reset.ts";
import { Version } from "../../src/packet/version.ts";
import { CLIENT_CRYPTO, CLIENT_INITIAL, RETRY, SERVER_INITIAL, SERVER_PAYLOAD } from "./rfc9001.ts";

const engine = chooseEngine();
const originalId = fromHex("8394c8f03e515708");
const keys = new InitialKeys(engine, Version.V1, originalId);
const none = new Uint8Array(0);
const owner: FrameOwner = { onFrameAcked() {}, onFrameLost() {} };

function open(bytes: Uint8Array, offset: number, largest = -1, pathId = 0, using = keys.client) {
  const header = new Header();
  assert.ok(parseHeader(bytes, offset, 8, header));
  const opener = new PacketOpener();
  const out = new Uint8Array(1500);
  const length = opener.open(header, using, pathId, largest, out);
  return { header, opener, length, frames: length < 0 ? none : out.subarray(0, length) };
}

Deno.test("PacketOpener.open() opens the Initials of RFC 9001, A.2 and A.3", () => {
  const client = open(fromHex(CLIENT_INITIAL), 0);
  assert.equal(client.opener.number, 2);
  assert.equal(client.length, 1162);
  assert.ok(toHex(client.frames).startsWith(CLIENT_CRYPTO));
  const server = open(fromHex(SERVER_INITIAL), 0, -1, 0, keys.server);
  assert.equal(server.opener.number, 1);
  assert.equal(toHex(server.frames), SERVER_PAYLOAD);
});

Deno.test("PacketBuilder makes the Initial of RFC 9001, A.2 byte for byte", () => {
  const builder = new PacketBuilder();
  const buffer = new Uint8Array(1200);
  builder.begin(buffer, 1200);
  assert.ok(builder.startLong(0, 1, originalId, none, none, 2, 4, keys.client));
  builder.writer.put(fromHex(CLIENT_CRYPTO));
  assert.equal(builder.isInFlight || builder.isEliciting, false);
  builder.record(owner, 6, 0, 241);
  assert.equal(builder.isInFlight && builder.isEliciting, true);
  assert.equal(builder.endDatagram(1200), 1200);
  assert.equal(toHex(buffer), CLIENT_INITIAL);
  builder.begin(new Uint8Array(1200), 1200);
  assert.equal(builder.isInFlight || builder.isEliciting, false, "no packet is open");
});

Deno.test("PacketBuilder makes the short packet of RFC 9001, A.5, and it opens again", () => {
  const secret = fromHex("9ac312a7f877468ebe69422748ad00a15443f18203a07d6060f688f30f21632b");
  const chacha = new PacketKeys(engine, CipherSuite.ChaCha20Poly1305Sha256, secret, keyLabels(1));
  const builder = new PacketBuilder();
  const buffer = new Uint8Array(100);
  builder.begin(buffer, 100);
  assert.ok(builder.startShort(none, 654_360_564, 3, 0, 0, 0, chacha));
  builder.writer.uint8(1);
  assert.equal(builder.endDatagram(), 21);
  assert.equal(toHex(buffer.subarray(0, 21)), "4cfe4189655e5cd55c41f69080575d7999c25a5bfb");
  const header = new Header();
  assert.ok(parseHeader(buffer.subarray(0, 21), 0, 0, header));
  const opener = new PacketOpener();
  assert.equal(opener.open(header, chacha, 0, 654_360_563, buffer.subarray(50)), 1);
  assert.equal(opener.number, 654_360_564);
});

Deno.test("PacketBuilder coalesces packets and pads the last one", () => {
  const builder = new PacketBuilder();
  const buffer = new Uint8Array(1500);
  builder.begin(buffer, 1250);
  builder.startLong(
    PacketType.Initial,
    1,
    originalId,
    originalId,
    fromHex("aabb"),
    7,
    1,
    keys.client,
  );
  builder.writer.uint8(1);
  builder.record(owner, 1, 5, 6);
  builder.startLong(PacketType.Handshake, 1, originalId, originalId, none, 300, 2, keys.server);
  builder.writer.put(fromHex("0200000000"));
  assert.equal(builder.isEliciting, false);
  assert.ok(builder.startShort(originalId, 70_000, 3, 1, 1, 9, keys.client));
  assert.equal(builder.startShort(originalId, 1, 1, 0, 0, 0, keys.client), false);
  builder.writer.put(fromHex("01"));
  builder.markEliciting();
  assert.equal(builder.endDatagram(1200), 1200);
  const built = [0, 1, 2].map((i) => builder.packetAt(i));
  assert.deepEqual(built.map((p) => p.number), [7, 300, 70_000]);
  assert.deepEqual(built.map((p) => p.isEliciting), [true, false, true]);
  assert.deepEqual(built.map((p) => p.isInFlight), [true, false, true]);
  assert.deepEqual(built.map((p) => p.frames.count), [1, 0, 0]);
  assert.equal(built.reduce((sum, p) => sum + p.size, 0), 1200);
  const datagram = buffer.slice(0, 1200);
  const first = open(datagram, 0);
  assert.equal(toHex(first.header.token), "aabb");
  assert.equal(toHex(first.frames), "010000"); // enough for the sample
  const second = open(datagram, first.header.end, 299, 0, keys.server);
  assert.equal(second.header.type, PacketType.Handshake);
  assert.equal(toHex(second.frames), "0200000000");
  const third = open(datagram, second.header.end, 69_999, 9);
  assert.equal(third.opener.number, 70_000);
  assert.deepEqual([third.opener.spin, third.opener.keyPhase], [1, 1]);
  assert.equal(third.frames[0], 1);
  assert.ok(third.frames.subarray(1).every((byte) => byte === 0));
});

Deno.test("PacketBuilder.cancel() opens the packet before again, so that it is padded", () => {
  const builder = new PacketBuilder();
  const buffer = new Uint8Array(1500);
  builder.begin(buffer, 1500);
  builder.startLong(PacketType.Initial, 1, originalId, none, none, 0, 1, keys.client);
  builder.writer.uint8(1);
  builder.startShort(originalId, 0, 1, 0, 0, 0, keys.client);
  assert.ok(builder.isEmpty);
  assert.equal(builder.endDatagram(1200), 1200);
  assert.equal(builder.count, 1);
  const { header, length } = open(buffer.slice(0, 1200), 0);
  assert.equal(header.end, 1200);
  assert.ok(length > 1100);
  builder.begin(buffer, 1500);
  builder.startShort(originalId, 0, 1, 0, 0, 0, keys.client);
  assert.equal(builder.endDatagram(1200), 0);
});

Deno.test("PacketBuilder never passes its limit and refuses what has no room", () => {
  for (let limit = 0; limit < 80; limit++) {
    const builder = new PacketBuilder();
    builder.begin(new Uint8Array(1500), limit);
    if (!builder.startShort(originalId, 1, 1, 0, 0, 0, keys.client)) {
      assert.ok(limit < 1 + 8 + 4 + 16);
      assert.equal(builder.endDatagram(1200), 0);
      continue;
    }
    builder.writer.fill(1, builder.room);
    assert.equal(builder.endDatagram(1200), limit);
  }
});

Deno.test("PacketOpener.open() refuses every change of one bit", () => {
  const bytes = fromHex(SERVER_INITIAL);
  for (let bit = 0; bit < bytes.length * 8; bit++) {
    const forged = bytes.slice();
    forged[bit >>> 3]! ^= 1 << (bit & 7);
    const header = new Header();
    if (!parseHeader(forged, 0, 8, header) || header.type !== PacketType.Initial) continue;
    const out = new Uint8Array(1500);
    assert.equal(new PacketOpener().open(header, keys.server, 0, -1, out), -1, `bit ${bit}`);
  }
});

Deno.test("PacketOpener.open() throws at reserved bits of authentic packets only", () => {
  const builder = new PacketBuilder();
  for (const isLong of [true, false]) {
    const buffer = new Uint8Array(100);
    builder.begin(buffer, 100);
    if (isLong) builder.startLong(2, 1, originalId, none, none, 0, 1, keys.client);
    else builder.startShort(originalId, 0, 1, 0, 0, 0, keys.client);
    builder.writer.fill(1, 4);
    buffer[0]! |= 0x08;
    const size = builder.endDatagram();
    assert.throws(() => open(buffer.slice(0, size), 0), TransportError);
    buffer[size - 1]! ^= 1;
    assert.equal(open(buffer.slice(0, size), 0).length, -1);
  }
});

Deno.test("PacketOpener.open() drops packets too short for a sample", () => {
  for (let length = 9; length < 29; length++) {
    assert.equal(open(new Uint8Array(length).fill(0x41), 0).length, -1);
  }
});

Deno.test("readRetry() takes the Retry of RFC 9001, A.4 and no other", () => {
  const header = new Header();
  const bytes = fromHex(RETRY);
  assert.ok(parseHeader(bytes, 0, 8, header));
  assert.equal(new TextDecoder().decode(readRetry(header, engine, originalId)), "token");
  assert.equal(readRetry(header, engine, fromHex("8394c8f03e515709")), undefined);
  const newId = fromHex("f067a5502a4262b5");
  for (const version of [Version.V1, Version.V2]) {
    const writer = new Writer(new Uint8Array(200));
    writeRetry(writer, engine, version, none, newId, originalId, fromHex("01020304"), 0xff);
    const packet = writer.written().slice();
    assert.ok(parseHeader(packet, 0, 8, header));
    assert.equal(toHex(readRetry(header, engine, originalId)!), "01020304");
    packet[packet.length - 18]! ^= 1;
    assert.equal(readRetry(header, engine, originalId), undefined);
  }
});

// RFC 9000, Section 17.2.5.1.
Deno.test("readRetry() passes over a Retry that gives the ID it answers", () => {
  const header = new Header();
  const writer = new Writer(new Uint8Array(200));
  writeRetry(writer, engine, Version.V1, none, originalId, originalId, fromHex("01020304"), 0);
  assert.ok(parseHeader(writer.written().slice(), 0, 8, header));
  assert.equal(readRetry(header, engine, originalId), undefined);
});

Deno.test("writeStatelessReset() is shorter than its trigger and ends in its token", () => {
  const random = new SeededRandom(4);
  const token = random.bytes(16);
  for (let trigger = 0; trigger < 100; trigger++) {
    const writer = new Writer(new Uint8Array(100));
    const isWritten = writeStatelessReset(writer, trigger, token, random);
    assert.equal(isWritten, trigger >= 22);
    if (!isWritten) continue;
    assert.ok(writer.offset < trigger);
    assert.equal(writer.bytes[0]! & 0xc0, 0x40);
    assert.deepEqual(writer.written().subarray(-16), token);
  }
});
