import assert from "node:assert/strict";
import { chooseEngine } from "../../src/crypto/engine.ts";
import { SeededRandom } from "../../src/sim/seeded_random.ts";
import { TokenBox } from "../../src/crypto/token_box.ts";
import { TransportError } from "../../src/error/quic_error.ts";
import { writeClientHello, writeExtension } from "../../src/tls/message/client_hello.ts";
import { MessageWriter } from "../../src/tls/message/message_writer.ts";
import { Pair } from "./pair.ts";
import { threadTime } from "../thread_time.ts";

/*
 * What a ClientHello may cost a server that does not know the client: every list in it filled up
 * to the 64 KiB that a message may have, so that the work for two lists shows if it is a product.
 */

/** A body of one length and what `write` puts behind it. */
function list(size: number, write: (writer: MessageWriter) => void): Uint8Array {
  const writer = new MessageWriter();
  const at = writer.open(size);
  write(writer);
  writer.close(at, size);
  return writer.bytes();
}

function times(count: number, write: (i: number) => void): void {
  for (let i = 0; i < count; i++) write(i);
}

function numbers(count: number, first = 0x4000): Uint8Array {
  return list(2, (writer) => times(count, (i) => writer.uint16((first + i) & 0xffff)));
}

/** The usual extensions with some in place of others, each in the fewest bytes. */
function hello(changed: Record<number, Uint8Array>, suites = [0x1301]): Uint8Array {
  const usual: Record<number, Uint8Array> = {
    10: numbers(1, 29),
    13: numbers(1, 0x0403),
    16: list(2, (writer) => writer.vector(1, Uint8Array.of(0x68, 0x33))),
    43: list(1, (writer) => writer.uint16(0x0304)),
    57: Uint8Array.of(1, 2, 3),
    51: list(2, (writer) => {
      writer.uint16(29);
      writer.vector(2, new Uint8Array(32).fill(9));
    }),
  };
  const bodies = Object.entries({ ...usual, ...changed });
  // The PSK comes last.
  bodies.sort(([a], [b]) => Number(a === "41") - Number(b === "41"));
  return writeClientHello({
    random: new Uint8Array(32),
    suites,
    extensions: bodies.map(([type, body]) => (writer) =>
      writeExtension(writer, Number(type), body)
    ),
  });
}

const shares = (count: number) =>
  list(2, (writer) =>
    times(count, (i) => {
      writer.uint16(0x4000 + i);
      writer.vector(2, Uint8Array.of(1));
    }));

const hellos: Record<string, Uint8Array> = {
  "6,500 key shares of the last of 14,000 groups": hello({
    10: numbers(14_000, 0x4000 - 7_500),
    51: shares(6_500),
  }),
  "32,000 groups": hello({ 10: numbers(31_900, 29) }),
  "12,800 key shares": hello({ 51: shares(12_800) }),
  "32,000 cipher suites": hello(
    {},
    Array.from({ length: 31_800 }, (_, i) => (0x2000 + i) & 0xffff),
  ),
  "16,000 extensions": hello(
    Object.fromEntries(Array.from({ length: 15_900 }, (_, i) => [1_000 + i, new Uint8Array(0)])),
  ),
  "32,000 protocols": hello({
    16: list(2, (writer) => times(31_900, () => writer.vector(1, Uint8Array.of(0x78)))),
  }),
  "21,000 names": hello({
    0: list(2, (writer) =>
      times(21_000, () => {
        writer.uint8(1);
        writer.vector(2, new Uint8Array(0));
      })),
  }),
  "32,000 signature schemes": hello({ 13: numbers(31_900) }),
  "1,400 PSKs": hello({
    41: concat(
      list(2, (writer) =>
        times(1_400, () => {
          writer.vector(2, Uint8Array.of(1));
          writer.uint32(0);
        })),
      list(2, (writer) => times(1_400, () => writer.vector(1, new Uint8Array(32)))),
    ),
    45: Uint8Array.of(1, 1),
  }),
  "a PSK of 60,000 bytes": hello({
    41: concat(
      list(2, (writer) => {
        writer.vector(2, new Uint8Array(60_000));
        writer.uint32(0);
      }),
      list(2, (writer) => writer.vector(1, new Uint8Array(32))),
    ),
    45: Uint8Array.of(1, 1),
  }),
};

function concat(a: Uint8Array, b: Uint8Array): Uint8Array {
  return Uint8Array.from([...a, ...b]);
}

const box = new TokenBox(chooseEngine(), new SeededRandom(4));

/** Milliseconds of CPU, the least of some tries: others may use the machine. */
function cost(message: Uint8Array): number {
  let least = Infinity;
  for (let i = 0; i < 4; i++) {
    const { server } = new Pair({ server: { credential: () => undefined, tickets: { box } } });
    const begun = threadTime();
    try {
      server.receive(0, message, 0);
    } catch (error) {
      assert.ok(error instanceof TransportError && error.code !== 0x150, String(error));
    }
    least = Math.min(least, threadTime() - begun);
  }
  return least;
}

Deno.test("A ClientHello costs by its bytes, whatever lists it is full of", () => {
  // A list without a product in it says how fast this machine is.
  cost(hellos["16,000 extensions"]!);
  const unit = cost(hellos["16,000 extensions"]!);
  for (const [name, message] of Object.entries(hellos)) {
    assert.ok(message.length > 45_000 && message.length <= 65_536, `${name}: ${message.length}`);
    const spent = cost(message);
    assert.ok(spent < Math.max(4, 3 * unit), `${name} takes ${spent} ms, extensions ${unit}`);
  }
});
