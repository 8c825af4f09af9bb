import assert from "node:assert/strict";
import type { Writer } from "../../src/bytes/writer.ts";
import { chooseEngine } from "../../src/crypto/engine.ts";
import { InitialKeys } from "../../src/crypto/initial_keys.ts";
import { ErrorCode } from "../../src/error/error_code.ts";
import { ACK, ACK_ECN } from "../../src/frame/ack.ts";
import { CONNECTION_CLOSE } from "../../src/frame/close.ts";
import { CRYPTO } from "../../src/frame/crypto.ts";
import { PING } from "../../src/frame/ping.ts";
import { Header, parseHeader } from "../../src/packet/header.ts";
import { PacketBuilder } from "../../src/packet/packet_builder.ts";
import { PacketType } from "../../src/packet/packet_type.ts";
import { Version } from "../../src/packet/version.ts";
import { Alert } from "../../src/tls/code/alert.ts";
import { Pair } from "../sim/pair.ts";
import type { SeededRandom } from "../../src/sim/seeded_random.ts";

/*
 * Initial keys follow from the client's first ID (RFC 9001, Section 5.2): an observer of it can seal
 * Initial packets that open, to either end. RFC 9000, Section 21.2 lets such a stranger end a
 * handshake; it must end with a code that says what was wrong, not with an error of our own.
 */

const OURS: readonly number[] = [
  ErrorCode.InternalError,
  ErrorCode.CryptoError + Alert.InternalError,
];

/** Frames that no honest peer sends: each draws its numbers from the edges of what is allowed. */
const kinds: readonly ((writer: Writer, random: SeededRandom) => void)[] = [
  (writer, random) => writer.put(random.bytes(1 + random.below(300))),
  (writer, random) => {
    writer.uint8(random.below(2) === 0 ? ACK : ACK_ECN);
    for (let i = 0; i < 4 + random.below(60); i++) writer.varint(number(random));
  },
  (writer, random) => {
    writer.uint8(CRYPTO);
    writer.varint(number(random));
    const data = random.bytes(random.below(200));
    writer.varint(random.below(8) === 0 ? number(random) : data.length);
    writer.put(data);
  },
  (writer, random) => {
    // The beginning of a message, so that TLS has something to read.
    const data = random.bytes(4 + random.below(300));
    data.set([[1, 2, 8, 11, 20][random.below(5)]!, 0, 0, data.length - 4]);
    if (data.length > 259) data[2] = 1;
    writer.uint8(CRYPTO);
    writer.varint(0);
    writer.varint(data.length);
    writer.put(data);
  },
  (writer, random) => {
    writer.uint8(CONNECTION_CLOSE);
    for (let i = 0; i < 3; i++) writer.varint(number(random));
    writer.put(random.bytes(random.below(40)));
  },
  (writer, random) => writer.fill(0, 1 + random.below(900)),
  (writer) => writer.uint8(PING),
];

function number(random: SeededRandom): number {
  const edges = [0, 1, 2, 63, 64, 16_383, 65_536, 2 ** 30, Number.MAX_SAFE_INTEGER];
  return random.below(3) === 0 ? random.below(16) : edges[random.below(edges.length)]!;
}

/** Seals an Initial as one of the ends would. */
function forge(
  initial: Header,
  as: "client" | "server",
  victimId: Uint8Array,
  sourceId: Uint8Array,
  random: SeededRandom,
): Uint8Array {
  const keys = new InitialKeys(chooseEngine(), Version.V1, initial.destinationId);
  const builder = new PacketBuilder();
  const buffer = new Uint8Array(1_452);
  builder.begin(buffer, 1_452);
  const largest = [0, 1, 3, 900, 2 ** 31 - 1][random.below(5)]!;
  builder.startLong(
    PacketType.Initial,
    Version.V1,
    victimId,
    sourceId,
    new Uint8Array(0),
    largest,
    4,
    keys[as],
  );
  for (let i = 1 + random.below(3); i > 0; i--) {
    if (builder.writer.room > 700) kinds[random.below(kinds.length)]!(builder.writer, random);
  }
  return buffer.slice(0, builder.endDatagram(random.below(20) === 0 ? 0 : 1_200));
}

for (const side of ["client", "server"] as const) {
  Deno.test(`Initial packets that any observer can seal never bring out an error of the ${side}'s own`, () => {
    const ends = new Map<string, number>();
    for (let seed = 1; seed <= 120; seed++) {
      const pair = new Pair({ seed, qlog: () => {} });
      const initial = new Header();
      pair.world.network.capture = (_time, _event, _from, _to, data) => {
        if (!initial.isLong) parseHeader(data.slice(), 0, 8, initial);
      };
      pair.start();
      const random = pair.world.random.fork("forger");
      // Before the other end is heard of, in the middle of the handshake, and at its end.
      const stage = [1, 23, 46, 70][random.below(4)]!;
      pair.run({ until: stage });
      const victim = pair[side];
      const { host, endpoint } = victim;
      const peer = side === "server" ? pair.client : pair.server;
      const ids = victim.isConnected ? victim.connection.handshake.ids : undefined;
      const clientId = initial.sourceId;
      for (let i = 0; i < 6; i++) {
        const datagram = side === "server"
          ? forge(initial, "client", initial.destinationId, clientId, random)
          : forge(initial, "server", clientId, ids?.peerSource ?? random.bytes(8), random);
        endpoint.receive(datagram, host.ports[0]!, peer.host.ports[0]!.publicAddress, pair.now);
        victim.touch();
        pair.run({ until: pair.now + 1 });
      }
      pair.run({ until: pair.now + 3_000 });
      for (const { closing: { reason } } of [...endpoint.connections, victim.connection]) {
        const end = reason === undefined ? "goes on" : `0x${reason.code.toString(16)}`;
        ends.set(end, (ends.get(end) ?? 0) + 1);
        if (reason?.by !== "local") continue;
        assert.ok(!OURS.includes(reason.code), `seed ${seed}: ${reason.cause}`);
      }
    }
    assert.ok(ends.size > 5, `all ended in ${[...ends.keys()]}`);
    assert.ok(ends.has("goes on"), "what is harmless is harmless");
  });
}
