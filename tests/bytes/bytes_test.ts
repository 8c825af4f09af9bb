import assert from "node:assert/strict";
import {
  checkBytes,
  concatBytes,
  equalBytes,
  equalSecrets,
  fromHex,
  toHex,
} from "../../src/bytes/bytes.ts";

Deno.test("checkBytes() refuses what only looks like bytes", () => {
  checkBytes(new Uint8Array(3), "send");
  checkBytes(new Uint8Array(new SharedArrayBuffer(3)), "send");
  const others = [
    "text",
    [1, 2],
    null,
    undefined,
    new ArrayBuffer(3),
    new DataView(new ArrayBuffer(3)),
  ];
  for (const other of [...others, new Uint16Array(3)]) {
    assert.throws(() => checkBytes(other, "send"), {
      name: "TypeError",
      message: "Cannot send: give a Uint8Array",
    });
  }
});

Deno.test("equalBytes() and equalSecrets() see every difference", () => {
  for (const equal of [equalBytes, equalSecrets]) {
    const a = new Uint8Array([1, 2, 3, 255]);
    assert.ok(equal(a, a.slice()));
    assert.ok(equal(new Uint8Array(0), new Uint8Array(0)));
    assert.ok(!equal(a, a.subarray(0, 3)));
    assert.ok(!equal(a.subarray(0, 3), a));
    for (let bit = 0; bit < 32; bit++) {
      const b = a.slice();
      b[bit >>> 3]! ^= 1 << (bit & 7);
      assert.ok(!equal(a, b));
    }
  }
});

Deno.test("concatBytes() puts views behind one another in an array of its own", () => {
  const whole = new Uint8Array([1, 2, 3, 4]);
  const joined = concatBytes(whole.subarray(2), new Uint8Array(0), whole.subarray(0, 1));
  assert.deepEqual(joined, new Uint8Array([3, 4, 1]));
  whole.fill(0);
  assert.equal(joined[0], 3);
  assert.equal(concatBytes().length, 0);
});

Deno.test("toHex() and fromHex() undo each other", () => {
  const bytes = Uint8Array.from({ length: 256 }, (_, i) => i);
  assert.deepEqual(fromHex(toHex(bytes)), bytes);
  assert.equal(toHex(fromHex(" 0a FF\n00 ")), "0aff00");
});
