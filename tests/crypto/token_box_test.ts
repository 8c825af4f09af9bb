import assert from "node:assert/strict";
import { equalBytes } from "../../src/bytes/bytes.ts";
import { nobleEngine } from "../../src/crypto/noble_engine.ts";
import { nodeEngine } from "../../src/crypto/node_engine.ts";
import { SeededRandom } from "../../src/sim/seeded_random.ts";
import { TOKEN_OVERHEAD, TokenBox } from "../../src/crypto/token_box.ts";

const text = new TextEncoder().encode("192.0.2.1:443");

for (const engine of [nodeEngine, nobleEngine]) {
  Deno.test(`TokenBox.open() reads what seal() wrote, ${engine.name}`, () => {
    const box = new TokenBox(engine, new SeededRandom(1));
    for (const content of [text, new Uint8Array(0), new Uint8Array(2_000).fill(9)]) {
      const token = box.seal(1, content);
      assert.equal(token.length, content.length + TOKEN_OVERHEAD);
      assert.deepEqual(box.open(1, token), new Uint8Array(content));
    }
    assert.ok(!equalBytes(box.seal(1, text), box.seal(1, text)));
  });

  Deno.test(`TokenBox.open() refuses forged, cut and foreign tokens, ${engine.name}`, () => {
    const random = new SeededRandom(1);
    const box = new TokenBox(engine, random);
    const token = box.seal(1, text);
    for (let bit = 0; bit < token.length * 8; bit++) {
      const forged = token.slice();
      forged[bit >>> 3]! ^= 1 << (bit & 7);
      // Nor does it help to ask for the type the forged token claims.
      assert.equal(box.open(1, forged), undefined);
      assert.equal(box.open(forged[0]!, forged), undefined);
    }
    for (let i = 0; i < token.length; i++) {
      assert.equal(box.open(1, token.subarray(0, i)), undefined);
      if (i > 0) assert.equal(box.open(1, token.subarray(i)), undefined);
    }
    assert.equal(box.open(2, token), undefined);
    assert.equal(new TokenBox(engine, random).open(1, token), undefined);
    for (let i = 0; i < 200; i++) {
      assert.equal(box.open(1, random.bytes(random.below(100))), undefined);
    }
  });

  Deno.test(`TokenBox.open() wants the context that was sealed, ${engine.name}`, () => {
    const box = new TokenBox(engine, new SeededRandom(1));
    const context = new Uint8Array([192, 0, 2, 1]);
    const token = box.seal(1, text, context);
    assert.deepEqual(box.open(1, token, context), text);
    assert.equal(box.open(1, token), undefined);
    assert.equal(box.open(1, token, new Uint8Array([192, 0, 2, 2])), undefined);
    assert.equal(box.open(1, token, new Uint8Array([192, 0, 2])), undefined);
  });
}

Deno.test("TokenBox.rotate() keeps the key before and no older one", () => {
  const box = new TokenBox(nodeEngine, new SeededRandom(1));
  const first = box.seal(1, text);
  box.rotate();
  const second = box.seal(1, text);
  assert.deepEqual(box.open(1, first), text);
  assert.deepEqual(box.open(1, second), text);
  box.rotate();
  assert.equal(box.open(1, first), undefined);
  assert.deepEqual(box.open(1, second), text);
});

Deno.test("TokenBox takes a key that servers share", () => {
  const key = new SeededRandom(8).bytes(32);
  const one = new TokenBox(nodeEngine, new SeededRandom(1), key);
  const two = new TokenBox(nobleEngine, new SeededRandom(2), key);
  assert.deepEqual(two.open(7, one.seal(7, text)), text);
  assert.throws(() => new TokenBox(nodeEngine, new SeededRandom(1), key.subarray(1)), RangeError);
  assert.throws(() => one.rotate(new Uint8Array(33)), RangeError);
  assert.deepEqual(one.open(7, two.seal(7, text)), text);
});
