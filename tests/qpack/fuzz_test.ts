import assert from "node:assert/strict";
import { ApplicationError, StreamError } from "../../src/error/quic_error.ts";
import { QpackDecoder } from "../../src/qpack/decoder.ts";
import { QpackEncoder } from "../../src/qpack/encoder.ts";

/** A small generator, so that a failure can be repeated from its seed. */
function seeded(seed: number): (limit: number) => number {
  let state = seed;
  return (limit) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor(state / 2 ** 32 * limit);
  };
}

function mutate(bytes: Uint8Array<ArrayBuffer>, below: (limit: number) => number): Uint8Array {
  const result = bytes.slice(0, below(4) === 0 ? below(bytes.length + 1) : bytes.length);
  for (let i = below(4); i >= 0 && result.length > 0; i--) {
    result[below(result.length)] = below(256);
  }
  return result;
}

function tolerate(seed: number, codes: readonly number[], run: () => unknown): void {
  try {
    const result = run();
    if (result instanceof Promise) result.catch(() => {});
  } catch (error) {
    const isTyped = error instanceof ApplicationError || error instanceof StreamError;
    assert.ok(isTyped && codes.includes(error.code), `seed ${seed}: ${error}`);
  }
}

Deno.test("QpackDecoder and QpackEncoder answer damaged bytes with typed errors", () => {
  for (let seed = 1; seed <= 5000; seed++) {
    const below = seeded(seed);
    const encoder = new QpackEncoder({ riskedStreams: 16 });
    encoder.allow(4096, 16);
    const section = encoder.encode(0, [
      { name: ":path", value: `/${seed}` },
      { name: "x-a", value: "b".repeat(below(50)) },
      { name: "x-c", value: "\xff\0é" },
    ]);
    const instructions = encoder.instructions.take();
    const decoder = new QpackDecoder();
    tolerate(seed, [0x201], () => decoder.receive(mutate(instructions, below)));
    tolerate(seed, [0x200, 0x107], () => decoder.decode(0, mutate(section, below)));
    decoder.close(new Error("over"));
    const acknowledgment = new Uint8Array([0x80, 0x01, 0x40, 0x3f, 0x20]);
    tolerate(seed, [0x202], () => encoder.receive(mutate(acknowledgment, below)));
    encoder.encode(4, [{ name: "x-a", value: "still works" }]);
  }
});
