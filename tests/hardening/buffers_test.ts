import assert from "node:assert/strict";
import { CRYPTO } from "../../src/frame/crypto.ts";
import { Attacker, frame, type Frames } from "../connection/attacker.ts";
import { Pair } from "../sim/pair.ts";

/** Bytes that a connection may hold beyond twice what it got. */
const CONSTANT = 64_000;
const ONE = Uint8Array.of(7);

/** What the buffers of a victim take, against what was sent to it. */
class Siege {
  readonly attacker: Attacker;
  sent = 0;

  constructor(side: "client" | "server") {
    this.attacker = new Attacker(new Pair().connect(), side).wait(500);
  }

  /** Sends frames, as many to a packet as fit. */
  send(frames: readonly Frames[]): this {
    for (let i = 0; i < frames.length; i += 80) {
      const packet = this.attacker.seal((writer) => {
        for (const each of frames.slice(i, i + 80)) each(writer);
      });
      this.sent += packet.length;
      this.attacker.deliver(packet);
    }
    this.attacker.wait(100); // for the limits that are raised
    return this;
  }

  /** Bytes allocated by all buffers for what came. */
  get held(): number {
    const { streams, handshake } = this.attacker.victim.connection;
    let held = handshake.oneRttCrypto.bytesHeld + handshake.handshakeCrypto.bytesHeld;
    for (const { receive } of streams.all()) held += receive?.bytesHeld ?? 0;
    return held;
  }

  expectBounded(what: string): void {
    assert.equal(this.attacker.verdict, undefined, `${what} closes the connection`);
    const most = 2 * this.sent + CONSTANT;
    assert.ok(this.held <= most, `${what}: ${this.held} bytes for ${this.sent}`);
  }
}

/** STREAM with one byte. */
function byteOf(id: number, offset: number): Frames {
  return frame(0x0e, id, offset, 1, ONE);
}

for (const side of ["client", "server"] as const) {
  const [bidirectional, unidirectional] = side === "client" ? [0, 2] : [1, 3];

  Deno.test(`A ${side}'s bytes cost twice their size, however far apart they are`, () => {
    for (const step of [64, 4_096, 32_768, 65_536]) {
      const siege = new Siege(side);
      for (let stream = 0; stream < 20; stream++) {
        const id = bidirectional + 4 * stream;
        const count = Math.min(40, Math.floor(1_000_000 / step));
        const { credit } = siege.attacker.victim.connection.streams;
        if (credit.receive.limit - credit.receive.received < step * count + 1) break;
        siege.send(Array.from({ length: count }, (_, i) => byteOf(id, step * (i + 1))));
      }
      siege.expectBounded(`One byte in ${step}`);
    }
  });

  Deno.test(`A ${side}'s streams of one byte each cost twice their size`, () => {
    const siege = new Siege(side);
    const ids = Array.from(
      { length: 100 },
      (_, i) => [bidirectional + 4 * i, unidirectional + 4 * i],
    );
    for (const offset of [10, 5_000]) siege.send(ids.flat().map((id) => byteOf(id, offset)));
    siege.expectBounded("One byte on each stream");
  });

  Deno.test(`A ${side}'s crumbs on many streams are counted together`, () => {
    const siege = new Siege(side);
    let frames = 0;
    for (let stream = 0; stream < 50 && siege.attacker.verdict === undefined; stream++) {
      const id = bidirectional + 4 * stream;
      siege.send(Array.from({ length: 400 }, (_, i) => byteOf(id, 2 + 2 * i)));
      frames += 400;
      const most = 2 * siege.sent + CONSTANT;
      assert.ok(siege.held <= most, `${siege.held} bytes for ${siege.sent}`);
    }
    assert.ok(siege.attacker.verdict !== undefined && frames <= 1_600, `${frames} frames`);
  });

  Deno.test(`A ${side}'s CRYPTO bytes cost twice their size, however far apart they are`, () => {
    const siege = new Siege(side);
    const crypto = (offset: number) => frame(CRYPTO, offset, 1, ONE);
    siege.send(Array.from({ length: 60 }, (_, i) => crypto(1_000 * (i + 1))));
    siege.expectBounded("One byte in 1,000");
  });
}
