import { Readiness } from "../../src/scheduler/readiness.ts";
import assert from "node:assert/strict";
import type { Writer } from "../../src/bytes/writer.ts";
import { ErrorCode } from "../../src/error/error_code.ts";
import { ACK } from "../../src/frame/ack.ts";
import { CRYPTO } from "../../src/frame/crypto.ts";
import { PATH_STATUS_BACKUP } from "../../src/frame/multipath.ts";
import { Driver } from "../../src/io/driver.ts";
import type { Socket } from "../../src/io/socket.ts";
import { FrameWriter } from "../../src/connection/send/frame_writer.ts";
import type { Path } from "../../src/path/path.ts";
import { Attacker, frame } from "../connection/attacker.ts";
import { linkOf, Pair } from "../sim/pair.ts";
import { expectOpen, move } from "../sim/transfers.ts";
import { threadTime } from "../thread_time.ts";

Deno.test("A clock that goes back stops timers for a while, and nothing else [attack clock-goes-back]", () => {
  for (const back of [1, 50, 5_000]) {
    const pair = new Pair({ paths: 2 }).connect();
    pair.run({ until: 6_000 });
    for (const { endpoint, host } of [pair.client, pair.server]) {
      // A caller with an old time gets what belongs to the newest.
      endpoint.expire(pair.now - back);
      endpoint.transmit(pair.now - back);
      endpoint.receive(new Uint8Array(40), host.ports[0]!, stranger, pair.now - back);
      assert.ok(endpoint.deadline > pair.now - back, "no timer is due for ever");
    }
    move(pair, 200_000);
    expectOpen(pair);
  }
});

Deno.test("FrameWriter sends no more ACKs to a peer that acknowledges none of 65,536 [attack unacknowledged-acks]", () => {
  const writer = new FrameWriter(undefined!, undefined!);
  let settled = 0;
  const path = (first: number) => ({
    readiness: Readiness.Fit,
    health: 0,
    space: { sent: { first, next: 100_000 }, received: { onAckSent: () => settled++ } },
  } as unknown as Path);
  assert.equal(writer.quietRoute(path(30_000), 0), undefined);
  assert.equal(settled, 1, "and does not try again for the same packets");
  assert.notEqual(writer.quietRoute(path(90_000), 0), undefined);
});

for (const side of ["client", "server"] as const) {
  Deno.test(`Events that a ${side} causes by the ten thousand are told in linear time [attack small-frames]`, () => {
    const pair = new Pair({ paths: 2 }).connect();
    pair.run({ until: 1_000 });
    const attacker = new Attacker(pair, side);
    const { victim } = attacker;
    const before = victim.events.length;
    let told = 0;
    // Datagrams of 64 kB, which the driver takes in thirty at a time, hold as many.
    for (let packets = 0; packets < 500; packets++) {
      attacker.send((writer) => {
        for (let i = 0; i < 150; i++) frame(PATH_STATUS_BACKUP, 1, 1_000 + told++)(writer);
      });
    }
    const begun = threadTime();
    attacker.wait(1);
    assert.equal(victim.events.length, before + told);
    assert.ok(threadTime() - begun < 400, `${threadTime() - begun} ms for ${told} events`);
    attacker.expectAlive();
  });

  Deno.test(`A ${side} that acknowledges ranges without end, or what was never sent, gets nowhere [attack ack-flood]`, () => {
    const pair = new Pair({ links: [linkOf(50, 44, { loss: 0.1 })] }).connect();
    const attacker = new Attacker(pair, side);
    move(pair, 4_000_000, side === "client" ? "download" : "upload");
    // What was lost lately is still remembered, and every ACK may name it.
    const { space } = attacker.victim.connection.paths.paths[0]!;
    assert.ok(space.counters.packetsLost > 200, `${space.counters.packetsLost} lost`);
    const frames = (writer: Writer) => {
      writer.varint(ACK);
      for (const value of [space.largestAcked, 0, 250, 0]) writer.varint(value);
      for (let i = 0; i < 250; i++) writer.put(Uint8Array.of(0, 0));
    };
    const begun = threadTime();
    for (let i = 0; i < 3_000 && attacker.verdict === undefined; i++) attacker.send(frames);
    assert.equal(attacker.verdict, undefined);
    assert.ok(threadTime() - begun < 10_000, `${threadTime() - begun} ms`);
    attacker.expectAlive();
    attacker.send(frame(ACK, space.nextNumber + 500, 0, 0, 0));
    attacker.expectClose(ErrorCode.ProtocolViolation);
  });

  Deno.test(`A ${side} that sends CRYPTO far ahead, or crumbs of it, is closed on [attack crypto-crumbs]`, () => {
    const far = new Attacker(new Pair().connect(), side).wait(500);
    far.send(frame(CRYPTO, 2 ** 30, 1, Uint8Array.of(0)));
    far.expectClose(ErrorCode.CryptoBufferExceeded);
    const crumbs = new Attacker(new Pair().connect(), side).wait(500);
    for (let i = 0; i < 400 && crumbs.verdict === undefined; i++) {
      crumbs.send(frame(CRYPTO, 5_000 + 2 * i, 1, Uint8Array.of(0)));
    }
    crumbs.expectClose(ErrorCode.CryptoBufferExceeded);
    const { oneRttCrypto } = crumbs.victim.connection.handshake;
    assert.ok(oneRttCrypto.bytesHeld < 200_000);
  });

  Deno.test(`A ${side}'s crumbs of a stream are refused before they cost much [attack stream-crumbs]`, () => {
    const attacker = new Attacker(new Pair().connect(), side).wait(500);
    const id = side === "client" ? 0 : 1;
    let frames = 0;
    while (attacker.verdict === undefined && frames < 20_000) {
      attacker.send((writer) => {
        for (let i = 0; i < 100; i++, frames++) {
          frame(0x0e, id, 2 + 2 * frames, 1, Uint8Array.of(7))(writer);
        }
      });
    }
    assert.ok(attacker.verdict !== undefined && frames < 3_000, `${frames} frames`);
  });
}

Deno.test("Driver sees to its timers however many empty datagrams come at once [attack empty-datagrams-timers]", () => {
  let expired = 0;
  const driver = new Driver({
    deadline: 0,
    canBeLate: false,
    receive() {},
    transmit: () => undefined,
    expire: () => void expired++,
    portFailed() {},
    nextConnection: () => undefined,
    nextActive: () => undefined,
  }, { onConnection() {}, onActive() {} });
  for (let i = 0; i < 64_000; i++) {
    driver.onDatagram(new Uint8Array(0), {} as Socket, stranger);
  }
  driver.close();
  assert.ok(expired >= 500, `timers were served ${expired} times`);
});

const stranger = { transport: "udp", hostname: "10.66.6.6", port: 6_666 } as const;
