import assert from "node:assert/strict";
import { cryptoDataRoom, writeCryptoHeader } from "../../src/frame/crypto.ts";
import { streamDataRoom, streamHeaderSize } from "../../src/frame/stream.ts";
import { writeConnectionClose } from "../../src/frame/close.ts";
import { read, written } from "./recorder.ts";

Deno.test("streamDataRoom() is the most that fits, for every room", () => {
  for (let room = 0; room < 17_000; room += room < 200 || room > 16_300 ? 1 : 97) {
    for (const offset of [0, 100, 70_000]) {
      const length = streamDataRoom(4, offset, room);
      if (length < 0) {
        assert.ok(streamHeaderSize(4, offset, 0) > room);
        continue;
      }
      const size = (n: number) => streamHeaderSize(4, offset, n) + n;
      if (length > 0) assert.ok(size(length) <= room);
      assert.ok(size(length + 1) > room, `${room}: ${length + 1} fit too`);
    }
    const crypto = cryptoDataRoom(100, room);
    const cryptoSize = (n: number) => written((w) => writeCryptoHeader(w, 100, n)).length + n;
    if (crypto > 0) assert.ok(cryptoSize(crypto) <= room);
    assert.ok(cryptoSize(crypto + 1) > room);
  }
});

Deno.test("writeConnectionClose() cuts a reason that does not fit between characters", () => {
  const reason = new TextEncoder().encode("ä".repeat(40));
  for (let room = 4; room < 90; room++) {
    const bytes = written((w) => writeConnectionClose(w, 1, 0, reason), room);
    const text = Uint8Array.from(read(bytes).calls[0]![3] as number[]);
    new TextDecoder("utf-8", { fatal: true }).decode(text);
    assert.ok(text.length >= Math.min(80, room - 6));
  }
});
