import assert from "node:assert/strict";
import { SeededRandom } from "../../src/sim/seeded_random.ts";
import { NamedGroup } from "../../src/tls/code/code_point.ts";
import { curve, native, portable } from "../../src/tls/key/diffie_hellman.ts";
import { answerKeyShare, makeKeyShare } from "../../src/tls/key/key_exchange.ts";

Deno.test("curve() gives the runtime's curves here, and both engines agree", () => {
  const random = new SeededRandom(4);
  for (const name of ["x25519", "p256", "p384"] as const) {
    assert.equal(curve(name), native[name]);
    for (let round = 0; round < 5; round++) {
      const { seedLength } = portable[name];
      const [a, b] = [random.bytes(seedLength), random.bytes(seedLength)];
      const [one, two] = [portable[name].privateKey(a), native[name].privateKey(b)];
      const secret = portable[name].agree(one, native[name].publicKey(two));
      const same = native[name].agree(two, portable[name].publicKey(one));
      assert.equal(Uint8Array.from(secret).toHex(), Uint8Array.from(same).toHex());
    }
  }
});

Deno.test("KeyShare.agree() refuses shares of the wrong length or off the curve", () => {
  const random = new SeededRandom(4);
  for (const group of Object.values(NamedGroup)) {
    const share = makeKeyShare(group, random);
    const good = answerKeyShare(group, share.publicKey, random);
    assert.deepEqual(
      Uint8Array.from(share.agree(good.publicKey)),
      Uint8Array.from(good.secret),
    );
    const { length } = good.publicKey;
    const bad = [
      good.publicKey.subarray(1),
      new Uint8Array(length + 1),
      new Uint8Array(length),
      new Uint8Array(0),
    ];
    for (const peer of bad) assert.throws(() => share.agree(peer), { code: 0x12f });
    const hostile = new Uint8Array(share.publicKey.length).fill(0xff);
    if (group === NamedGroup.X25519) continue;
    assert.throws(() => answerKeyShare(group, hostile, random), { code: 0x12f });
  }
});
