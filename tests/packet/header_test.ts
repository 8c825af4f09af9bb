import assert from "node:assert/strict";
import { fromHex, toHex } from "../../src/bytes/bytes.ts";
import { Writer } from "../../src/bytes/writer.ts";
import { SeededRandom } from "../../src/sim/seeded_random.ts";
import { ConnectionId, connectionIdKey } from "../../src/packet/connection_id.ts";
import { Header, parseHeader } from "../../src/packet/header.ts";
import { PacketType } from "../../src/packet/packet_type.ts";
import { greaseVersion, longTypeBits, longTypeOf, Version } from "../../src/packet/version.ts";
import {
  readVersionNegotiation,
  writeVersionNegotiation,
} from "../../src/packet/version_negotiation.ts";
import { CLIENT_INITIAL, RETRY } from "./rfc9001.ts";

function parse(hex: string, offset = 0, idLength = 8): Header | undefined {
  const header = new Header();
  return parseHeader(fromHex(hex), offset, idLength, header) ? header : undefined;
}

Deno.test("parseHeader() reads the Initial of RFC 9001, A.2", () => {
  const header = parse(CLIENT_INITIAL)!;
  assert.equal(header.type, PacketType.Initial);
  assert.equal(header.version, 1);
  assert.equal(toHex(header.destinationId), "8394c8f03e515708");
  assert.equal(header.sourceLength, 0);
  assert.equal(header.tokenLength, 0);
  assert.equal(header.payloadStart, 18);
  assert.equal(header.end, 1200);
});

Deno.test("parseHeader() reads a Retry and its token", () => {
  const header = parse(RETRY)!;
  assert.equal(header.type, PacketType.Retry);
  assert.equal(toHex(header.sourceId), "f067a5502a4262b5");
  assert.equal(new TextDecoder().decode(header.token), "token");
});

Deno.test("parseHeader() refuses an Initial cut anywhere and leaves no other way out", () => {
  const bytes = fromHex(CLIENT_INITIAL);
  const header = new Header();
  for (let length = 0; length < bytes.length; length++) {
    assert.equal(parseHeader(bytes.subarray(0, length), 0, 8, header), false);
  }
});

Deno.test("parseHeader() refuses hostile lengths", () => {
  const hostile = [
    "c0000000011500000000000000000000000000000000000000000000000000000000000000000000", // 21
    "c0000000010015" + "00".repeat(60), // source ID of 21
    "c000000001ff00", // ID beyond the end
    "c0000000010000ffffffffffffffff00", // token of 2^62 - 1
    "c000000001000040ff00", // token beyond the end
    "c000000001000080010010" + "00".repeat(20), // token of 65,552, whose last byte is a length
    "c000000001000000ffffffffffffffff", // packet of 2^62 - 1
    "c000000001000000" + "80", // length cut short
    "c0000000010000", // no token length
    "f0000000010000" + "00".repeat(15), // Retry without a whole tag
    "40010203", // shorter than the ID
    "80",
    "",
  ];
  for (const hex of hostile) assert.equal(parse(hex), undefined, hex);
});

Deno.test("parseHeader() tells the IDs of versions it does not know", () => {
  const long = "15" + "aa".repeat(21) + "19" + "bb".repeat(25);
  const header = parse("c01a2a3a4a" + long + "0102")!;
  assert.equal(header.type, -1);
  assert.equal(header.version, 0x1a2a3a4a);
  assert.equal(header.destinationLength, 21);
  assert.equal(header.sourceLength, 25);
});

Deno.test("parseHeader() tells the fixed bit rather than enforce it", () => {
  assert.equal(parse("00" + "01".repeat(30))!.hasFixedBit, false);
  assert.equal(parse("40" + "01".repeat(30))!.hasFixedBit, true);
});

Deno.test("parseHeader() reads coalesced packets one behind the other", () => {
  const bytes = fromHex("e0000000010000" + "0401020304" + "40" + "0a".repeat(8) + "ffff");
  const header = new Header();
  assert.ok(parseHeader(bytes, 0, 8, header));
  assert.equal(header.type, PacketType.Handshake);
  assert.equal(header.end, 12);
  assert.ok(parseHeader(bytes, header.end, 8, header));
  assert.equal(header.type, PacketType.OneRtt);
  assert.equal(header.payloadStart, 21);
});

Deno.test("parseHeader() answers any bytes and stays inside the datagram", () => {
  const random = new SeededRandom(1);
  const header = new Header();
  for (let round = 0; round < 20_000; round++) {
    const bytes = random.bytes(random.below(80));
    if (bytes.length > 5 && round % 2 === 0) bytes.set([0xc0 | random.below(64), 0, 0, 0, 1]);
    if (!parseHeader(bytes, 0, 8, header)) continue;
    assert.ok(header.end <= bytes.length && header.payloadStart <= header.end);
    assert.ok(header.tokenStart + header.tokenLength <= header.end);
    assert.equal(header.destinationId.length, header.destinationLength);
    assert.equal(header.sourceId.length, header.sourceLength);
  }
});

Deno.test("longTypeBits() and longTypeOf() agree with both versions", () => {
  const types = [PacketType.Initial, PacketType.ZeroRtt, PacketType.Handshake, PacketType.Retry];
  for (const version of [Version.V1, Version.V2]) {
    for (const type of types) {
      assert.equal(longTypeOf(version, 0xc0 | longTypeBits(version, type)), type);
    }
  }
  // RFC 9369, Section 3.2.
  assert.deepEqual(types.map((type) => longTypeBits(Version.V2, type) >>> 4), [1, 2, 3, 0]);
  // RFC 9000, Section 15: the pattern of versions that no endpoint supports.
  assert.equal(greaseVersion(0xdead_beef), 0xdaaa_baea);
});

Deno.test("writeVersionNegotiation() is read back, and hostile lists are refused", () => {
  const writer = new Writer(new Uint8Array(400));
  const id = new Uint8Array(255).fill(7);
  writeVersionNegotiation(writer, id, Uint8Array.of(1, 2), [1, 0x0a1a_2a3a], 0x2f);
  const header = new Header();
  assert.ok(parseHeader(writer.written(), 0, 8, header));
  assert.equal(header.type, PacketType.VersionNegotiation);
  assert.equal(header.destinationLength, 255);
  assert.deepEqual(readVersionNegotiation(header), [1, 0x0a1a_2a3a]);
  assert.ok(parseHeader(writer.written().subarray(0, writer.offset - 1), 0, 8, header));
  assert.equal(readVersionNegotiation(header), undefined);
  assert.ok(parseHeader(writer.written().subarray(0, writer.offset - 8), 0, 8, header));
  assert.equal(readVersionNegotiation(header), undefined);
});

Deno.test("ConnectionId.key tells IDs apart by length and by their first bytes", () => {
  const id = new ConnectionId(fromHex("ffffffffffffffff"));
  assert.ok(Number.isSafeInteger(new ConnectionId(new Uint8Array(20).fill(255)).key));
  assert.notEqual(id.key, new ConnectionId(fromHex("ffffffffffffff")).key);
  assert.equal(id.key, connectionIdKey(fromHex("00ffffffffffffffff00"), 1, 8));
  const twin = new ConnectionId(fromHex("fffffffffffffffe"));
  assert.equal(id.key, twin.key);
  assert.ok(!id.matches(twin.bytes, 0, 8));
  assert.ok(id.matches(fromHex("01ffffffffffffffff"), 1, 8));
  assert.ok(!id.matches(fromHex("01ffffffffffffff"), 1, 8));
});

Deno.test("ConnectionId keeps IDs of every length", () => {
  const bytes = Uint8Array.from({ length: 21 }, (_, i) => 255 - 11 * i);
  for (let length = 0; length <= 20; length++) {
    const own = bytes.slice(1, 1 + length);
    const id = new ConnectionId(own);
    const text = own.toHex();
    own.fill(0);
    assert.equal(id.bytes.toHex(), text);
    assert.equal(id.length, length);
    assert.ok(id.matches(bytes, 1, length));
    assert.ok(id.matches(id.bytes, 0, length));
    for (let i = 0; i < length; i++) {
      const other = id.bytes;
      other[i]! ^= 1;
      assert.ok(!id.matches(other, 0, length), `byte ${i} of ${length}`);
    }
    assert.ok(!id.matches(bytes, 1, length - 1));
  }
});
