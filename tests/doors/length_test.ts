import assert from "node:assert/strict";
import { PING } from "../../src/frame/ping.ts";
import { PacketBuilder } from "../../src/packet/packet_builder.ts";
import { Version } from "../../src/packet/version.ts";
import { type End, Pair } from "../sim/pair.ts";
import { expectOpen, move } from "../sim/transfers.ts";

/*
 * A datagram of any length, from any sender, does nothing to a connection unless its peer sealed it:
 * every length that UDP has, with noise, against the doors of both ends. An observer that saw one
 * packet knows the connection ID that leads there. The engines are tried by themselves, with right keys
 * and wrong ones, in `tests/crypto/every_length_test.ts`.
 */

const LONGEST = 65_535;
const stranger = { transport: "udp", hostname: "10.66.6.6", port: 6_666 } as const;

function* lengths(step: number): Generator<number> {
  for (let length = 0; length <= LONGEST; length++) {
    const isEdge = length < 1_500 || length > 65_240;
    if (isEdge || length % step === 0) yield length;
  }
}

function other(pair: Pair, end: End): End {
  return end === pair.client ? pair.server : pair.client;
}

/** A datagram arrives at one end as from the other. */
function deliver(pair: Pair, victim: End, datagram: Uint8Array): void {
  const from = other(pair, victim).host.ports[0]!.publicAddress;
  victim.endpoint.receive(datagram, victim.host.ports[0]!, from, pair.now);
}

/** The first bytes of a packet with a short header for an end. */
function shortHeader(pair: Pair, victim: End): number[] {
  return [0x40, ...other(pair, victim).connection.paths.slot(0)!.remote.current];
}

for (const [side, step] of [["server", 1], ["client", 17]] as const) {
  Deno.test(`Noise of every length in a connection's name does nothing to the ${side}`, () => {
    const pair = new Pair({ qlog: () => {} }).connect();
    pair.run({ until: pair.now + 500 });
    const victim = pair[side];
    const port = victim.host.ports[0]!;
    const noise = pair.world.random.bytes(LONGEST);
    const header = shortHeader(pair, victim);
    const datagram = noise.slice();
    let count = 0;
    for (const length of lengths(step)) {
      // Doors change what they are given, at its front.
      datagram.set(noise.subarray(0, 30));
      datagram.set(header);
      victim.endpoint.receive(datagram.subarray(0, length), port, stranger, pair.now);
      count++;
    }
    assert.ok(count >= LONGEST / step);
    expectOpen(pair);
    const { packetsDropped } = victim.connection;
    assert.ok(packetsDropped > count - 20, `${packetsDropped} of ${count} dropped`);
    move(pair, 20_000);
  });

  Deno.test(`Long headers with noise of every length do nothing to the ${side}`, () => {
    for (const type of [0, 1, 2, 3]) {
      for (const version of [Version.V1, Version.V2, Version.Negotiation, 0x1a2a_3a4a]) {
        const pair = new Pair({ qlog: () => {} });
        pair.start();
        pair.run({ when: () => pair.server.isConnected && pair.client.isConnected });
        const victim = pair[side];
        const id = side === "server"
          ? pair.client.connection.paths.slot(0)!.remote.current
          : pair.server.connection.handshake.ids.peerSource!;
        const noise = pair.world.random.bytes(LONGEST);
        const datagram = noise.slice();
        for (const length of lengths(4_099)) {
          datagram.set(noise.subarray(0, 60));
          datagram.set([0xc0 | type << 4, ...big(version), id.length, ...id, 0]);
          // No token, and a length that is right, as far as two bytes can say.
          const left = Math.max(0, Math.min(length - 18, 0x3fff));
          datagram.set([0, 0x40 | left >>> 8, left & 0xff], 7 + id.length);
          deliver(pair, victim, datagram.subarray(0, length));
        }
        expectOpen(pair);
        move(pair, 5_000);
      }
    }
  });

  Deno.test(`Packets of every length that the peer has sealed are read by the ${side}`, () => {
    const pair = new Pair({ qlog: () => {} }).connect();
    pair.run({ until: pair.now + 500 });
    const victim = pair[side];
    const { connection } = other(pair, victim);
    const { keys, paths } = connection;
    const buffer = new Uint8Array(LONGEST);
    const before = victim.connection.paths.paths[0]!.space.counters.packetsReceived;
    let sent = 0;
    for (const length of lengths(509)) {
      if (length < 40) continue;
      const builder = new PacketBuilder();
      builder.begin(buffer, length);
      const { space } = paths.paths[0]!;
      const number = space.nextNumber;
      const id = paths.slot(0)!.remote.current;
      builder.startShort(id, number, 4, 0, keys.oneRtt!.phase, 0, keys.oneRtt!);
      builder.writer.uint8(PING);
      assert.equal(builder.endDatagram(length), length);
      const packet = space.sent.take().reset(number, length, pair.now, paths.paths[0]!.current);
      packet.isEliciting = packet.isInFlight = false;
      space.onSent(packet, pair.now);
      deliver(pair, victim, buffer.subarray(0, length));
      sent++;
    }
    const after = victim.connection.paths.paths[0]!.space.counters.packetsReceived;
    assert.equal(after - before, sent);
    expectOpen(pair);
    move(pair, 20_000);
  });
}

Deno.test("A stranger's largest datagram leaves no memory behind in a connection", () => {
  const pairs = Array.from({ length: 40 }, (_, i) => new Pair({ seed: i }).connect());
  const noise = pairs[0]!.world.random.bytes(LONGEST);
  const before = Deno.memoryUsage().external;
  for (const pair of pairs) {
    noise.set(shortHeader(pair, pair.server));
    pair.server.endpoint.receive(noise, pair.serverPorts[0]!, stranger, pair.now);
  }
  const grown = Deno.memoryUsage().external - before;
  assert.ok(grown < 20 * LONGEST, `${grown} bytes for ${pairs.length} connections`);
  for (const pair of pairs) expectOpen(pair);
});

function big(version: number): number[] {
  return [version >>> 24, version >>> 16, version >>> 8, version].map((byte) => byte & 0xff);
}
