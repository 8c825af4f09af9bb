import assert from "node:assert/strict";
import { CipherSuite } from "../../src/crypto/cipher_suite.ts";
import { keyLabels, VERSION_1 } from "../../src/crypto/key_labels.ts";
import { KeyPhases, type KeyPhasesOptions } from "../../src/crypto/key_phases.ts";
import { nobleEngine } from "../../src/crypto/noble_engine.ts";
import { nodeEngine } from "../../src/crypto/node_engine.ts";
import { SeededRandom } from "../../src/sim/seeded_random.ts";
import { ErrorCode } from "../../src/error/error_code.ts";
import { TransportError } from "../../src/error/quic_error.ts";

const RETENTION = 300;

for (const engine of [nodeEngine, nobleEngine]) {
  Deno.test(`KeyPhases carries packets through three updates, ${engine.name}`, () => {
    const [client, server] = pair({}, engine);
    let now = 0;
    for (let generation = 0; generation < 4; generation++) {
      for (const pathId of [0, 1]) {
        assert.ok(exchange(client, server, pathId, now));
        assert.ok(exchange(server, client, pathId, now));
      }
      assert.equal(client.keys.generation, generation);
      assert.equal(server.keys.phase, generation & 1);
      client.acked(0, now);
      now += RETENTION;
      client.keys.requestUpdate();
      assert.ok(client.keys.updateIfDue(now));
      assert.ok(!client.keys.updateIfDue(now));
    }
  });
}

Deno.test("KeyPhases.reader opens late packets of every path with the old keys", () => {
  const [client, server] = pair();
  exchange(client, server, 0, 0);
  exchange(server, client, 0, 0);
  const late = [client.packet(0), client.packet(0), client.packet(1), client.packet(2)];
  client.update(0);
  const early = [client.packet(0), client.packet(1)];
  assert.ok(server.opens(early[0]!, 1));
  assert.equal(server.keys.generation, 1);
  assert.equal(server.keys.deadline, 1 + RETENTION);
  // Path 1 and 2 have shown nothing of the new phase: their packets with the old bit are late.
  assert.ok(server.opens(late[2]!, 2));
  assert.ok(server.opens(late[1]!, 2));
  assert.ok(server.opens(early[1]!, 2));
  assert.ok(server.opens(late[3]!, RETENTION));
  server.keys.expire(RETENTION);
  assert.ok(server.opens(late[0]!, RETENTION));
  assert.equal(server.keys.generation, 1);
  // The same packets are refused once the old keys are gone.
  assert.ok(!server.opens(late[0]!, 1 + RETENTION));
  assert.equal(server.keys.deadline, Infinity);
  assert.equal(server.keys.generation, 1);
});

Deno.test("KeyPhases takes random orders over three paths while both sides update", () => {
  const random = new SeededRandom(42);
  const [client, server] = pair();
  const flights: [Side, Packet][] = [];
  let now = 0;
  for (let round = 0; round < 600; round++) {
    now += 10;
    for (const [from, to] of [[client, server], [server, client]] as const) {
      if (random.below(40) === 0) from.keys.requestUpdate();
      from.keys.updateIfDue(now);
      flights.push([to, from.packet(random.below(3))]);
    }
    // Packets are held back by up to eight rounds, less than the old keys are kept.
    while (flights.length > 16 || (flights.length > 0 && random.below(2) === 0)) {
      const [entry] = flights.splice(random.below(Math.min(flights.length, 6)), 1);
      const [to, packet] = entry!;
      assert.ok(to.opens(packet, now), `round ${round}`);
      const from = to === client ? server : client;
      // The opener acknowledges at once, and the answer is opened at once.
      const answer = to.packet(0);
      assert.ok(from.opens(answer, now), `answer in round ${round}`);
      from.keys.onAcked(packet.pathId, packet.number, now);
    }
  }
  assert.ok(client.keys.generation > 5, `only ${client.keys.generation} updates`);
  assert.ok(Math.abs(client.keys.generation - server.keys.generation) <= 1);
  assert.equal(client.keys.failed + server.keys.failed, 0);
});

Deno.test("KeyPhases answers an update of the peer once [attack key-update]", () => {
  const [client, server] = pair();
  exchange(client, server, 0, 0);
  exchange(server, client, 0, 0);
  client.update(0);
  for (let i = 0; i < 5; i++) assert.ok(exchange(client, server, i % 2, i));
  assert.equal(server.keys.generation, 1);
  assert.equal(server.keys.phase, 1);
  const answer = server.packet(0);
  assert.equal((answer.bytes[0]! >>> 2) & 1, 1);
  assert.ok(client.opens(answer, 9));
  assert.equal(client.keys.generation, 1);
});

Deno.test("KeyPhases survives an update of both sides at once", () => {
  const [client, server] = pair();
  exchange(client, server, 0, 0);
  exchange(server, client, 0, 0);
  client.update(0);
  server.update(0);
  assert.ok(exchange(client, server, 0, 1));
  assert.ok(exchange(server, client, 0, 1));
  assert.equal(client.keys.generation, 1);
  assert.equal(server.keys.generation, 1);
});

Deno.test("KeyPhases closes with KEY_UPDATE_ERROR when the peer updates twice unanswered [attack key-update]", () => {
  const [client, server] = pair();
  exchange(client, server, 0, 0);
  client.update(0);
  const packet1 = client.packet(0);
  assert.ok(server.opens(packet1, 1));
  // A stranger that has the keys tells the client what the server has not said yet.
  const [, twin] = pair();
  assert.ok(twin.opens(packet1, 1));
  assert.ok(exchange(twin, client, 0, 1));
  client.acked(0, 1);
  client.keys.requestUpdate();
  assert.ok(client.keys.updateIfDue(1 + RETENTION));
  const packet2 = client.packet(0);
  assert.throws(() => server.opens(packet2, 2), isError(ErrorCode.KeyUpdateError));
});

Deno.test("KeyPhases follows a second update that comes after an answer, even early", () => {
  const [client, server] = pair();
  exchange(client, server, 0, 0);
  client.update(0);
  assert.ok(exchange(client, server, 0, 1));
  assert.ok(exchange(server, client, 0, 1));
  client.acked(0, 1);
  client.keys.requestUpdate();
  assert.ok(client.keys.updateIfDue(1 + RETENTION));
  // The server still has the old keys, yet the number of the known path tells which are meant.
  assert.ok(exchange(client, server, 0, 2));
  assert.equal(server.keys.generation, 2);
});

Deno.test("KeyPhases closes when higher numbers come under older keys", () => {
  const [client, server] = pair();
  exchange(client, server, 0, 0);
  const numbered = client.numbered(0, 50);
  client.update(0);
  assert.ok(server.opens(numbered, 1));
  const newer = client.numbered(0, 40);
  assert.throws(() => server.opens(newer, 1), isError(ErrorCode.KeyUpdateError));
  // On another path the numbers have nothing to do with it.
  const [client2, server2] = pair();
  exchange(client2, server2, 0, 0);
  const other = client2.numbered(1, 50);
  client2.update(0);
  assert.ok(server2.opens(other, 1));
  assert.ok(server2.opens(client2.numbered(0, 40), 1));
});

Deno.test("KeyPhases.onAcked() closes when old keys acknowledge new ones", () => {
  const [client, server] = pair();
  exchange(client, server, 0, 0);
  exchange(server, client, 0, 0);
  client.update(0);
  client.packet(1);
  assert.ok(exchange(server, client, 0, 1));
  client.keys.onAcked(0, 0, 1); // an old packet: fine
  assert.throws(() => client.acked(1, 1), isError(ErrorCode.KeyUpdateError));
});

Deno.test("KeyPhases.canUpdate() waits for handshake, acknowledgment and three PTO", () => {
  const [client, server] = pair();
  const fresh = new KeyPhases(nodeEngine, 0x1303, keyLabels(VERSION_1), secretA, secretB);
  fresh.requestUpdate();
  assert.ok(!fresh.updateIfDue(1e9));
  fresh.confirmHandshake();
  assert.ok(!fresh.updateIfDue(1e9), "nothing was acknowledged");
  exchange(client, server, 0, 0);
  assert.ok(!client.keys.canUpdate(0));
  client.update(0);
  assert.ok(!client.keys.canUpdate(1e9), "the update is not acknowledged");
  client.packet(1);
  client.keys.onAcked(0, 0, 5); // sent before the update
  assert.ok(!client.keys.canUpdate(1e9));
  exchange(client, server, 0, 5);
  exchange(server, client, 0, 6);
  client.acked(1, 10);
  assert.ok(!client.keys.canUpdate(10 + RETENTION - 1));
  assert.ok(client.keys.canUpdate(10 + RETENTION));
  client.acked(1, 200); // later acknowledgments do not put it off
  assert.ok(client.keys.canUpdate(10 + RETENTION));
});

Deno.test("KeyPhases.reader keeps old keys until the peer has followed", () => {
  const [client, server] = pair();
  exchange(client, server, 0, 0);
  client.update(0);
  assert.equal(client.keys.deadline, Infinity);
  client.keys.expire(1e6);
  assert.ok(exchange(server, client, 0, 1e6), "the server has not heard of the update");
  assert.ok(exchange(client, server, 0, 1e6));
  assert.ok(exchange(server, client, 0, 1e6));
  assert.equal(client.keys.deadline, 1e6 + RETENTION);
});

Deno.test("KeyPhases does not follow forged updates", () => {
  const [client, server] = pair();
  exchange(client, server, 0, 0);
  for (let i = 0; i < 200; i++) {
    const packet = client.packet(i % 3);
    packet.bytes[0]! ^= 0x04;
    assert.ok(!server.opens(packet, i));
    packet.bytes[0]! ^= 0x04;
    assert.ok(server.opens(packet, i));
  }
  assert.equal(server.keys.generation, 0);
  assert.equal(server.keys.failed, 200);
});

Deno.test("KeyPhases asks for an update before the confidentiality limit [attack key-limits]", () => {
  const [client, server] = pair({ updateAfter: 10, confidentialityLimit: 100 });
  exchange(client, server, 0, 0);
  client.acked(0, 0);
  for (let i = 1; i < 9; i++) client.packet(i % 3);
  assert.ok(!client.keys.updateIfDue(1));
  client.packet(0);
  assert.ok(client.keys.updateIfDue(1));
  assert.equal(client.keys.generation, 1);
  // The count of the new key starts over; nothing is acknowledged now, so the end is near.
  for (let i = 0; i < 35; i++) {
    client.packet(1);
    assert.ok(!client.keys.updateIfDue(1e9));
  }
  client.packet(1);
  assert.throws(() => client.keys.updateIfDue(1e9), isError(ErrorCode.AeadLimitReached));
  for (let i = 36; i < 100; i++) client.packet(0); // room for CONNECTION_CLOSE
  assert.throws(() => client.packet(0), isError(ErrorCode.AeadLimitReached));
});

Deno.test("KeyPhases closes when more packets failed than the integrity limit, on any path [attack key-limits]", () => {
  const [client, server] = pair({ integrityLimit: 5 });
  const forge = (pathId: number) => {
    const packet = client.packet(pathId);
    packet.bytes[12]! ^= 1;
    return server.opens(packet, 0);
  };
  for (let i = 0; i < 4; i++) assert.ok(!forge(i));
  server.keys.countFailure();
  assert.ok(exchange(client, server, 0, 0));
  assert.throws(() => forge(7), isError(ErrorCode.AeadLimitReached));
});

Deno.test("KeyPhases keeps header masks over updates and apart by direction", () => {
  const [client, server] = pair();
  const bytes = new SeededRandom(2).bytes(40);
  const before = client.keys.headerMask(bytes, 8).slice();
  assert.deepEqual(server.keys.reader.headerMask(bytes, 8), before);
  assert.notDeepEqual(server.keys.headerMask(bytes, 8), before);
  exchange(client, server, 0, 0);
  client.update(0);
  exchange(client, server, 0, 0);
  assert.deepEqual(client.keys.headerMask(bytes, 8), before);
  assert.deepEqual(server.keys.reader.headerMask(bytes, 8), before);
});

Deno.test("KeyPhases.forgetPath() lets go of a path and of nothing else", () => {
  const [client, server] = pair();
  exchange(client, server, 1, 0);
  exchange(client, server, 0, 0);
  client.keys.forgetPath(1);
  client.acked(1, 0);
  assert.ok(!client.keys.canUpdate(0));
  client.acked(0, 0);
  assert.ok(client.keys.canUpdate(0));
});

interface Packet {
  readonly bytes: Uint8Array;
  readonly pathId: number;
  readonly number: number;
}

const secretA = new SeededRandom(1).bytes(32);
const secretB = new SeededRandom(2).bytes(32);

/** One end: seals packets with a header of ten bytes and a payload of twenty. */
class Side {
  readonly keys: KeyPhases;
  readonly #next = new Map<number, number>();

  constructor(keys: KeyPhases) {
    this.keys = keys;
    keys.retainFor(RETENTION);
    keys.confirmHandshake();
  }

  packet(pathId: number): Packet {
    const number = this.#next.get(pathId) ?? 0;
    this.#next.set(pathId, number + 1);
    return this.numbered(pathId, number);
  }

  numbered(pathId: number, number: number): Packet {
    const bytes = new Uint8Array(46).fill(pathId);
    bytes[0] = 0x40 | (this.keys.phase << 2);
    bytes[1] = number;
    assert.equal(this.keys.seal(bytes, 0, 10, 30, pathId, number), 46);
    return { bytes, pathId, number };
  }

  opens({ bytes, pathId, number }: Packet, now: number): boolean {
    const out = new Uint8Array(20);
    this.keys.onDatagram(now);
    const length = this.keys.reader.open(bytes, 0, 10, 46, pathId, number, out);
    if (length >= 0) assert.deepEqual(out, new Uint8Array(20).fill(pathId));
    return length === 20;
  }

  /** The peer acknowledges the last packet of a path. */
  acked(pathId: number, now: number): void {
    this.keys.onAcked(pathId, this.#next.get(pathId)! - 1, now);
  }

  /** The first update of a connection. */
  update(now: number): void {
    this.acked(0, now);
    this.keys.requestUpdate();
    assert.ok(this.keys.updateIfDue(now));
  }
}

function pair(options: KeyPhasesOptions = {}, engine = nodeEngine): [Side, Side] {
  const suite = CipherSuite.ChaCha20Poly1305Sha256;
  const labels = keyLabels(VERSION_1);
  return [
    new Side(new KeyPhases(engine, suite, labels, secretA, secretB, options)),
    new Side(new KeyPhases(engine, suite, labels, secretB, secretA, options)),
  ];
}

function exchange(from: Side, to: Side, pathId: number, now: number): boolean {
  return to.opens(from.packet(pathId), now);
}

function isError(code: number): (error: unknown) => boolean {
  return (error) => error instanceof TransportError && error.code === code;
}
