import assert from "node:assert/strict";
import { MessageWriter } from "../../src/tls/message/message_writer.ts";

Deno.test("MessageWriter keeps every byte, also those for which it must grow", () => {
  for (const step of [1, 2, 3, 5]) {
    const writer = new MessageWriter();
    const expected: number[] = [];
    while (expected.length < 5_000) {
      for (let i = 0; i < step; i++) {
        expected.push(1 + (expected.length % 255));
        writer.uint8(expected.at(-1)!);
      }
      expected.push(7, 8);
      writer.uint16(0x0708);
    }
    assert.deepEqual([...writer.bytes()], expected);
  }
});
