import assert from "node:assert/strict";
import { ByteBuffer } from "../../src/qpack/byte_buffer.ts";

Deno.test("ByteBuffer keeps what it is given, however much longer that makes it", () => {
  for (const size of [0, 1, 4, 64]) {
    const buffer = new ByteBuffer(size);
    const expected: number[] = [];
    for (const length of [0, 1, 3, 64, 65, 1, 300]) {
      const data = Uint8Array.from({ length }, (_, i) => (i + length) & 0xff);
      buffer.append(data);
      buffer.push(length & 0xff);
      expected.push(...data, length & 0xff);
    }
    assert.equal(buffer.length, expected.length);
    assert.deepEqual([...buffer.bytes.subarray(0, buffer.length)], expected);
    buffer.drop(10);
    assert.deepEqual([...buffer.take()], expected.slice(10));
    assert.equal(buffer.length, 0);
  }
});
