import assert from "node:assert/strict";
import fc from "fast-check";
import { Writer } from "../../src/bytes/writer.ts";
import { InitialKeys } from "../../src/crypto/initial_keys.ts";
import { SeededRandom } from "../../src/sim/seeded_random.ts";
import { TokenBox } from "../../src/crypto/token_box.ts";
import { AddressTokens } from "../../src/endpoint/address_token.ts";
import { ReplayMemory } from "../../src/endpoint/replay_memory.ts";
import { TransportError } from "../../src/error/quic_error.ts";
import { writePing } from "../../src/frame/ping.ts";
import { Header, parseHeader } from "../../src/packet/header.ts";
import { PacketBuilder } from "../../src/packet/packet_builder.ts";
import { PacketOpener } from "../../src/packet/packet_opener.ts";
import { PacketType } from "../../src/packet/packet_type.ts";
import { readRetry, writeRetry } from "../../src/packet/retry.ts";
import { maybeStatelessReset } from "../../src/packet/stateless_reset.ts";
import { Version } from "../../src/packet/version.ts";
import {
  readVersionNegotiation,
  writeVersionNegotiation,
} from "../../src/packet/version_negotiation.ts";
import { hostile } from "./bytes.ts";
import { engine } from "./engine.ts";
import { type Target, tolerate } from "./target.ts";

const id = Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8);
const initial = packet(Version.V1);
const retry = written((writer) =>
  writeRetry(writer, engine, Version.V1, id, id.toReversed(), id, id.slice(0, 5), 7)
);
const negotiation = written((writer) => writeVersionNegotiation(writer, id, id, [1, 2, 3], 9));
const short = Uint8Array.of(0x41, ...id, ...new Uint8Array(40).fill(0x55));
/** Packets of all kinds. */
export const samples: readonly Uint8Array[] = [
  initial,
  packet(Version.V2),
  retry,
  negotiation,
  short,
];

/** A memory of its own for each try: the same token is shown again in another. */
const fresh = () => ReplayMemory.create(new Uint8Array(16));
const remote = { transport: "udp", hostname: "192.0.2.1", port: 5_000 } as const;

/** What reads packets and what stands in their headers. */
export const packetTargets: readonly Target[] = [
  {
    name: "Header is read or refused, and never points outside",
    runs: 3_000,
    property: fc.property(hostile(samples), fc.nat(20), (bytes, idLength) => {
      const header = new Header();
      for (let at = 0; parseHeader(bytes, at, idLength, header); at = header.end) {
        checkBounds(header, at, bytes.length);
      }
    }),
  },
  {
    name: "PacketOpener opens only what is whole, and throws TransportError at most",
    runs: 1_500,
    property: fc.property(hostile([initial, packet(Version.V2)]), (bytes) => {
      const header = new Header();
      if (!parseHeader(bytes.slice(), 0, 8, header) || header.type !== PacketType.Initial) return;
      const { client } = new InitialKeys(engine, header.version, id);
      const out = new Uint8Array(bytes.length);
      tolerate([TransportError], () => {
        const length = new PacketOpener().open(header, client, 0, -1, out);
        if (length >= 0) assert.ok(samples.some((sample) => startsWith(bytes, sample)));
      });
    }),
  },
  {
    name: "Retry and Version Negotiation are believed only when they are genuine",
    runs: 1_500,
    property: fc.property(hostile([retry, negotiation]), (bytes) => {
      const header = new Header();
      if (!parseHeader(bytes, 0, 8, header)) return;
      if (header.type === PacketType.VersionNegotiation) {
        assert.notEqual(readVersionNegotiation(header)?.length, 0);
      }
      if (readRetry(header, engine, id) !== undefined) assert.deepEqual([...bytes], [...retry]);
    }),
  },
  {
    name: "A datagram of any kind is a stateless reset or none",
    runs: 500,
    property: fc.property(hostile(samples), (bytes) => {
      if (maybeStatelessReset(bytes)) assert.ok(bytes.length >= 21);
    }),
  },
  {
    name: "AddressTokens believes no token that was changed",
    runs: 600,
    property: fc.property(fc.nat(1), fc.func(fc.nat(255)), fc.nat(90), (kind, change, at) => {
      const memory = fresh();
      const tokens = new AddressTokens(
        new TokenBox(engine, new SeededRandom(5)),
        (now) => 1e12 + now,
        () => memory,
      );
      const good = kind === 0
        ? tokens.forRetry(remote, id, id, 1, 0)
        : tokens.forLater([remote], 1, 0);
      const bad = good.slice();
      bad[at % bad.length] = change(at);
      const isSame = bad.every((byte, i) => byte === good[i]);
      const result = tokens.check(bad, remote, id, 1, 5);
      assert.equal(typeof result === "object", isSame);
    }),
  },
  {
    name: "AddressTokens reads anything without a word",
    runs: 500,
    property: fc.property(fc.uint8Array({ maxLength: 120 }), (bytes) => {
      const memory = fresh();
      const tokens = new AddressTokens(
        new TokenBox(engine, new SeededRandom(5)),
        (now) => 1e12 + now,
        () => memory,
      );
      assert.notEqual(typeof tokens.check(bytes, remote, id, 1, 5), "object");
    }),
  },
];

function checkBounds(header: Header, start: number, size: number): void {
  const { destinationStart, destinationLength, sourceStart, sourceLength, end } = header;
  const { tokenStart, tokenLength, payloadStart } = header;
  assert.ok(end > start && end <= size, "the packet ends inside, behind its beginning");
  assert.ok(payloadStart <= end && destinationStart + destinationLength <= end);
  assert.ok(sourceStart + sourceLength <= end && tokenStart + tokenLength <= end);
}

function startsWith(bytes: Uint8Array, beginning: Uint8Array): boolean {
  return beginning.every((byte, i) => bytes[i] === byte);
}

function packet(version: number): Uint8Array {
  const builder = new PacketBuilder();
  const buffer = new Uint8Array(400);
  builder.begin(buffer, 400);
  const { client } = new InitialKeys(engine, version, id);
  builder.startLong(PacketType.Initial, version, id, id, id.slice(0, 3), 3, 2, client);
  writePing(builder.writer);
  return buffer.slice(0, builder.endDatagram(200));
}

function written(write: (writer: Writer) => void): Uint8Array {
  const writer = new Writer(new Uint8Array(400));
  write(writer);
  return writer.written().slice();
}
