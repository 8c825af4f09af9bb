import assert from "node:assert/strict";
import type { CryptoEngine } from "../../src/crypto/aead.ts";
import { chooseEngine } from "../../src/crypto/engine.ts";
import { lending } from "../crypto/lending_engine.ts";
import { InitialKeys } from "../../src/crypto/initial_keys.ts";
import { SeededRandom } from "../../src/sim/seeded_random.ts";
import { FirstPacket } from "../../src/endpoint/first_packet.ts";
import { CONNECTION_CLOSE } from "../../src/frame/close.ts";
import { HANDSHAKE_DONE } from "../../src/frame/crypto.ts";
import { PADDING, PING } from "../../src/frame/ping.ts";
import { STREAM } from "../../src/frame/stream.ts";
import { Header, parseHeader } from "../../src/packet/header.ts";
import { PacketBuilder } from "../../src/packet/packet_builder.ts";
import { PacketType } from "../../src/packet/packet_type.ts";
import { SUPPORTED_VERSIONS, Version } from "../../src/packet/version.ts";
import { Pair } from "../sim/pair.ts";
import { expectOpen, move } from "../sim/transfers.ts";

const stranger = { transport: "udp", hostname: "10.66.6.6", port: 6_666 } as const;
const NOTHING = new Uint8Array(0);

/** An Initial of 1,200 bytes with these bytes as its frames, sealed as a client seals. */
function initial(
  id: Uint8Array,
  token: Uint8Array,
  frames: number[],
  version: number = Version.V1,
) {
  const buffer = new Uint8Array(1_200);
  const builder = new PacketBuilder();
  builder.begin(buffer, 1_200);
  const { client } = new InitialKeys(chooseEngine(), version, id);
  builder.startLong(PacketType.Initial, version, id, new Uint8Array(8), token, 0, 2, client);
  builder.writer.put(Uint8Array.from(frames));
  assert.equal(builder.endDatagram(1_200), 1_200);
  return buffer;
}

/** The fastest engine, which counts how many ciphers are made. */
function counting(): CryptoEngine & { made: number } {
  const engine = chooseEngine();
  const counter = { ...engine, made: 0 };
  counter.aead = (suite, key) => {
    counter.made++;
    return engine.aead(suite, key);
  };
  return counter;
}

Deno.test("FirstPacket.opens() takes what a client sealed, and leaves every datagram as it was", () => {
  const random = new SeededRandom(9);
  const first = new FirstPacket();
  const header = new Header();
  for (const version of SUPPORTED_VERSIONS) {
    for (
      const [type, isProper] of [
        [PADDING, true],
        [PING, true],
        [CONNECTION_CLOSE, true],
        [STREAM, false],
        [HANDSHAKE_DONE, false],
      ] as const
    ) {
      const id = random.bytes(8 + random.below(13));
      const datagram = initial(id, NOTHING, [type, 0, 0, 0], version);
      const before = datagram.slice();
      assert.ok(parseHeader(datagram, 0, 8, header));
      const keys = new InitialKeys(chooseEngine(), version, id);
      assert.equal(first.opens(header, keys), isProper, `frame ${type}`);
      assert.deepEqual(datagram, before);
      const others = new InitialKeys(chooseEngine(), version, random.bytes(8));
      assert.equal(first.opens(header, others), false);
      datagram[1_199]! ^= 1;
      assert.equal(first.opens(header, keys), false);
      datagram[1_199]! ^= 1;
      assert.deepEqual(datagram, before);
    }
  }
});

Deno.test("FirstPacket.opens() refuses packets too short to be sampled", () => {
  const first = new FirstPacket();
  const header = new Header();
  for (let length = 0; length < 24; length++) {
    const datagram = new Uint8Array(26 + length);
    datagram.set([0xc0, 0, 0, 0, 1, 8, 1, 2, 3, 4, 5, 6, 7, 8, 8]);
    datagram[24] = length;
    assert.ok(parseHeader(datagram.subarray(0, 25 + length), 0, 8, header));
    assert.equal(header.end - header.payloadStart, length);
    assert.equal(
      first.opens(header, new InitialKeys(chooseEngine(), 1, header.destinationId)),
      false,
    );
  }
});

Deno.test("Noise that looks like an Initial is dropped before a cipher is made for it", () => {
  const random = new SeededRandom(145);
  const engine = counting();
  const pair = new Pair({ engine }).connect();
  const port = pair.serverPorts[0]!;
  const { endpoint } = pair.server;
  const before = engine.made;
  const COUNT = 2_000;
  for (let i = 0; i < COUNT; i++) {
    const datagram = random.bytes(1_200);
    // Every third without a token, with what begins like a Retry's, like a later one.
    const token = [[0], [1, 1], [1, 2]][i % 3]!;
    datagram.set([0xc0 | random.below(16), 0, 0, 0, 1, 8]);
    datagram.set([8], 14);
    datagram.set([...token, 0x44, 0x80], 23);
    endpoint.receive(datagram, port, stranger, pair.now);
  }
  const made = engine.made - before;
  assert.ok(made < COUNT / 10, `${made} ciphers made for ${COUNT} datagrams`);
  assert.ok(made > 0, "one frame type in forty is that of an Initial");
  assert.equal(endpoint.transmit(pair.now), undefined, "nothing is answered");
  move(pair, 50_000);
  expectOpen(pair);
});

Deno.test("A wrong token of a Retry is refused only in a packet that opens", () => {
  const pair = new Pair().connect();
  const port = pair.serverPorts[0]!;
  const { endpoint } = pair.server;
  const datagram = initial(new SeededRandom(1).bytes(8), Uint8Array.of(1, 2, 3), [PING]);
  const forged = datagram.slice();
  forged[700]! ^= 4;
  endpoint.receive(forged, port, stranger, pair.now);
  assert.equal(endpoint.transmit(pair.now), undefined);
  endpoint.receive(datagram, port, stranger, pair.now);
  assert.equal(endpoint.transmit(pair.now)?.remote, stranger);
});

Deno.test("A client that is turned away leaves no ciphers behind", () => {
  const turnedAway = (turn: (pair: Pair) => void, token: Uint8Array) => {
    const engine = lending();
    const pair = new Pair({ engine }).connect();
    const { endpoint } = pair.server;
    turn(pair);
    const before = engine.lent.size;
    const datagram = initial(new SeededRandom(1).bytes(8), token, [PING]);
    endpoint.receive(datagram, pair.serverPorts[0]!, stranger, pair.now);
    assert.equal(endpoint.transmit(pair.now)?.remote, stranger);
    assert.equal(engine.lent.size, before);
  };
  turnedAway(() => {}, Uint8Array.of(1, 2, 3)); // INVALID_TOKEN
  turnedAway(({ server }) => server.endpoint.stopAccepting(), NOTHING); // CONNECTION_REFUSED
});
