import assert from "node:assert/strict";
import { MAX_SAFE_VARINT, varintSize } from "../../src/bytes/varint.ts";

Deno.test("varintSize() steps up at 2^6, 2^14 and 2^30", () => {
  const bounds: [number, number][] = [[0, 1], [63, 1], [64, 2], [16_383, 2], [16_384, 4]];
  bounds.push([2 ** 30 - 1, 4], [2 ** 30, 8], [2 ** 32, 8], [MAX_SAFE_VARINT, 8]);
  for (const [value, size] of bounds) assert.equal(varintSize(value), size, `${value}`);
});
