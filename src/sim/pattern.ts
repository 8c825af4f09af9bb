// The bytes that simulated applications send, so that each can be checked.

import assert from "node:assert/strict";
import { SeededRandom } from "./seeded_random.ts";

/** A prime, so that no chunk size and no power of two divides it. */
const PERIOD = 65_521;

const table = new SeededRandom("pattern").bytes(PERIOD);

/**
 * The bytes from `offset` on of the endless text that belongs to `key`; at most `length`, fewer if
 * the table ends. A view: do not write to it. Each byte depends on its place, so lost, doubled and
 * misplaced bytes are noticed.
 */
export function patternAt(key: number, offset: number, length: number): Uint8Array<ArrayBuffer> {
  const start = (offset + key * 977) % PERIOD;
  return table.subarray(start, Math.min(start + length, PERIOD));
}

/** A copy of `length` bytes from `offset` on. */
export function patternBytes(key: number, offset: number, length: number): Uint8Array<ArrayBuffer> {
  const result = new Uint8Array(length);
  for (let at = 0; at < length;) {
    const part = patternAt(key, offset + at, length - at);
    result.set(part, at);
    at += part.length;
  }
  return result;
}

/** Fails unless `data` is what `key` has at `offset`. */
export function checkPattern(key: number, offset: number, data: Uint8Array): void {
  for (let at = 0; at < data.length;) {
    const expected = patternAt(key, offset + at, data.length - at);
    for (let i = 0; i < expected.length; i++) {
      if (data[at + i] !== expected[i]) {
        assert.fail(
          `Stream ${key} has ${data[at + i]} instead of ${expected[i]} at ${offset + at + i}`,
        );
      }
    }
    at += expected.length;
  }
}
