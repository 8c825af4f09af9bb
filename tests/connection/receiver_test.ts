import assert from "node:assert/strict";
import { ErrorCode } from "../../src/error/error_code.ts";
import { CONNECTION_CLOSE } from "../../src/frame/close.ts";
import { PING } from "../../src/frame/ping.ts";
import { PacketBuilder } from "../../src/packet/packet_builder.ts";
import { PacketType } from "../../src/packet/packet_type.ts";
import { intercept } from "../../src/sim/intercept.ts";
import { Pair } from "../sim/pair.ts";
import { expectOpen, move } from "../sim/transfers.ts";
import { Attacker, frame } from "./attacker.ts";

const NOTHING = new Uint8Array(0);

interface Forgery {
  readonly token?: Uint8Array;
  readonly source?: Uint8Array;
  readonly padTo?: number;
}

/** An Initial of one end with a CONNECTION_CLOSE in it, made with the real keys. */
function sendClosingInitial(pair: Pair, side: "client" | "server", forgery: Forgery): void {
  const own = pair[side];
  const victim = pair[side === "client" ? "server" : "client"];
  const { keys, paths } = own.connection;
  const builder = new PacketBuilder();
  const buffer = new Uint8Array(1_452);
  builder.begin(buffer, 1_452);
  const real = victim.connection.handshake.ids.peerSource ?? NOTHING;
  builder.startLong(
    PacketType.Initial,
    keys.version,
    paths.slot(0)!.remote.current,
    forgery.source ?? real,
    forgery.token ?? NOTHING,
    900,
    2,
    keys.initial.write!,
  );
  frame(CONNECTION_CLOSE, 5, 0, 0)(builder.writer);
  const size = builder.endDatagram(forgery.padTo ?? 1_200);
  victim.endpoint.receive(
    buffer.slice(0, size),
    victim.host.ports[0]!,
    own.host.ports[0]!.publicAddress,
    pair.now,
  );
}

/** Both ends have Initial keys and have heard of each other. */
function halfway(side: "client" | "server"): Pair {
  const pair = new Pair();
  pair.start();
  const victim = pair[side === "client" ? "server" : "client"];
  pair.run({
    when: () =>
      victim.isConnected && victim.connection.handshake.ids.peerSource !== undefined &&
      pair[side].isConnected && pair[side].connection.keys.initial.write !== undefined,
  });
  return pair;
}

Deno.test("Receiver takes a proper Initial of the client, so that the cases below say something", () => {
  const pair = halfway("client");
  sendClosingInitial(pair, "client", {});
  assert.equal(pair.server.connection.closing.reason?.code, 5);
});

Deno.test("Receiver of a server drops Initials from another source ID or in small datagrams", () => {
  for (const forgery of [{ source: new Uint8Array(8) }, { source: NOTHING }, { padTo: 1_199 }]) {
    const pair = halfway("client");
    sendClosingInitial(pair, "client", forgery);
    assert.equal(pair.server.connection.closing.reason, undefined);
    move(pair, 5_000);
  }
});

Deno.test("Receiver of a client drops Initials with a token", () => {
  const pair = new Pair();
  const client = pair.start();
  pair.run({ when: () => pair.server.isConnected });
  sendClosingInitial(pair, "server", {
    token: new Uint8Array(20),
    source: new Uint8Array(8).fill(1),
  });
  assert.equal(client.closing.reason, undefined);
  move(pair, 5_000);
});

Deno.test("Receiver drops Initial and Handshake packets when the handshake is over [attack discarded-keys]", () => {
  for (const type of [PacketType.Initial, PacketType.Handshake]) {
    const pair = new Pair();
    const client = pair.start();
    const { initial, handshake } = client.keys;
    const first = initial.write;
    pair.run({ when: () => handshake.write !== undefined });
    const kept = type === PacketType.Initial ? first : handshake.write;
    pair.run({ until: 2_000 });
    const keys = type === PacketType.Initial ? initial : handshake;
    assert.equal(keys.write, undefined);
    assert.equal(keys.read, undefined);
    keys.write = kept;
    new Attacker(pair, "client").sendLong(type, frame(CONNECTION_CLOSE, 5, 0, 0));
    keys.write = undefined;
    assert.equal(pair.server.connection.closing.reason, undefined);
    move(pair, 5_000);
  }
});

Deno.test("Receiver drops a coalesced packet with another destination ID [attack coalesced-destination]", () => {
  const pair = new Pair({ paths: 2 }).connect();
  pair.run({ until: 500 });
  const attacker = new Attacker(pair, "client");
  const close = attacker.seal(frame(CONNECTION_CLOSE, 5, 0, 0));
  // A Handshake packet that cannot be opened any more, for another ID, in front of it.
  const front = new Uint8Array(60);
  front.set([0xe3, 0, 0, 0, 1, 8, 1, 2, 3, 4, 5, 6, 7, 8, 0, 44]);
  const real = front.slice();
  real.set(pair.client.connection.paths.slot(0)!.remote.current, 6);
  const join = (a: Uint8Array, b: Uint8Array) => Uint8Array.from([...a, ...b]);
  const code = () => pair.server.connection.closing.reason?.code;
  attacker.deliver(join(front, close.slice()));
  assert.equal(code(), undefined);
  attacker.deliver(join(real, close));
  assert.equal(code(), 5);
});

Deno.test("Receiver opens a packet with the path ID of its destination ID only [MPQUIC 3.1 ids] [scenario aead]", () => {
  const pair = new Pair({ paths: 2 }).connect();
  pair.run({ until: 500 });
  const attacker = new Attacker(pair, "client");
  const { paths, keys } = pair.client.connection;
  const zero = paths.slot(0)!;
  const one = paths.slot(1)!;
  const ping = frame(PING);
  const before = [0, 1].map((id) => pair.server.connection.paths.find(id)!.space.received.largest);
  // Sealed for path 1, addressed to path 0, and the other way round.
  attacker.deliver(
    attacker.sealTo(ping, zero.remote.current, 1, one.path!.space, keys.oneRtt!.phase),
  );
  attacker.deliver(
    attacker.sealTo(ping, one.remote.current, 0, zero.path!.space, keys.oneRtt!.phase),
  );
  const after = [0, 1].map((id) => pair.server.connection.paths.find(id)!.space.received.largest);
  assert.deepEqual(after, before);
  expectOpen(pair);
});

Deno.test("Receiver takes an ID of path 1 on the address of path 0 for a move of path 1 [attack id-on-other-address] [MPQUIC 3.1.2 move]", () => {
  const pair = new Pair({ paths: 2 }).connect();
  pair.run({ until: 500 });
  const attacker = new Attacker(pair, "client");
  const path = pair.server.connection.paths.find(1)!;
  const old = path.current.remote;
  attacker.deliver(attacker.seal(frame(PING), 1), 1, { port: 0 });
  assert.deepEqual(path.current.remote, pair.clientPorts[0]!.publicAddress);
  assert.equal(path.id, 1);
  attacker.wait(500);
  attacker.deliver(attacker.seal(frame(PING), 1), 1, { port: 1 });
  assert.deepEqual(path.current.remote, old);
  attacker.expectAlive();
});

Deno.test("Receiver keeps few addresses of a path, however many the packets come from [attack many-address-migration]", () => {
  const pair = new Pair({ paths: 1 }).connect();
  pair.run({ until: 500 });
  const attacker = new Attacker(pair, "client");
  let sent = 0;
  pair.world.network.capture = (_time, event, from, to, data) => {
    if (event === "send" && from.port === 443 && to.port !== 50_000) sent += data.length;
  };
  for (let i = 0; i < 500; i++) {
    const packet = attacker.seal(frame(PING));
    pair.server.endpoint.receive(packet, pair.serverPorts[0]!, {
      transport: "udp",
      hostname: "10.66.6.6",
      port: 1_000 + i,
    }, pair.now);
    pair.server.touch();
    pair.run({ until: pair.now + 1 });
  }
  assert.ok(sent < 3 * 500 * 40, `${sent} bytes towards strangers`);
  pair.run({ until: pair.now + 5_000 });
  attacker.expectAlive();
});

Deno.test("Receiver drops forged packets until the keys are used up by them, never sooner", () => {
  const pair = new Pair().connect();
  pair.run({ until: 500 });
  const attacker = new Attacker(pair, "client");
  for (let i = 0; i < 5_000; i++) {
    const packet = attacker.seal(frame(PING));
    packet[packet.length - 1]! ^= 1;
    attacker.deliver(packet);
  }
  assert.equal(pair.server.connection.closing.reason, undefined);
  attacker.expectAlive();
});

// RFC 9000, Section 8.1: credit is for bytes that came, however many packets they are.
Deno.test("Receiver counts a datagram once for the amplification limit [attack amplification-coalesced]", () => {
  const pair = new Pair();
  pair.start();
  pair.run({ until: 24 });
  const { current } = pair.server.connection.paths.find(0)!;
  const before = current.bytesReceived;
  const datagram = new Uint8Array(1_200).fill(7);
  for (let at = 0; at < 1_200; at += 100) {
    datagram.set([0xe0, 0, 0, 0, 1, 8], at);
    datagram.set(pair.client.connection.paths.slot(0)!.remote.current, at + 6);
    datagram.set([0, 0x40, 83], at + 14);
  }
  const { publicAddress } = pair.clientPorts[0]!;
  pair.server.endpoint.receive(datagram, pair.serverPorts[0]!, publicAddress, pair.now);
  assert.equal(current.bytesReceived, before + 1_200);
  assert.equal(pair.server.connection.packetsDropped, 12);
});

// RFC 9001, Section 6.6: the integrity limit is that of the connection, over all keys.
Deno.test("Receiver counts forged Handshake packets as it does all others", () => {
  for (const forged of [3, 4]) {
    const pair = new Pair({ config: { keyLimits: { integrityLimit: 3 } } });
    pair.start();
    pair.run({ until: 24 });
    const server = pair.server.connection;
    const packet = new Uint8Array(100).fill(7);
    packet.set([0xe0, 0, 0, 0, 1, 8]);
    packet.set(pair.client.connection.paths.slot(0)!.remote.current, 6);
    const { peerSource } = server.handshake.ids;
    packet.set([8, ...peerSource!, 0x40, 75], 14);
    const from = pair.clientPorts[0]!.publicAddress;
    for (let i = 0; i < forged; i++) {
      pair.server.endpoint.receive(packet.slice(), pair.serverPorts[0]!, from, pair.now);
    }
    const code = forged > 3 ? ErrorCode.AeadLimitReached : undefined;
    assert.equal(server.closing.reason?.code, code);
  }
});

// RFC 9000, Section 13.2.5.
Deno.test("Receiver tells how long a packet waited for its keys", () => {
  // No larger size is tried: the answer to that would be the newest packet.
  const pair = new Pair({ config: { maxDatagramSize: 1_200 } });
  pair.client.onEvent = (event) => {
    if (event.type !== "handshakeCompleted") return;
    pair.client.app.upload(1_000);
    pair.client.touch();
  };
  // The client's Finished comes late, what it sent behind it does not.
  const { upward } = pair.links[0]!;
  intercept(upward, pair.world.network.events, (count) => count === 1 ? { delay: 70 } : "pass");
  pair.start();
  pair.run({ when: () => pair.server.has("handshakeCompleted") });
  const { received } = pair.server.connection.paths.find(0)!.space;
  const waited = received.delay(pair.now);
  assert.ok(received.largest >= 0 && waited > 60 && waited < 75, `${waited} ms`);
});
