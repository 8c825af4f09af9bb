import assert from "node:assert/strict";
import { type Kem, SEED_LENGTH } from "../../src/crypto/kem.ts";
import { mlKem, nobleKem, proveKem } from "../../src/crypto/ml_kem.ts";
import { MlKem768 } from "../../src/crypto/ml_kem_768.ts";
import { SeededRandom } from "../../src/sim/seeded_random.ts";
import { publicVectors } from "../public_vectors.ts";

Deno.test("MlKem768 gives what the library gives, and both pass the proof", () => {
  const own = new MlKem768();
  assert.ok(mlKem() instanceof MlKem768);
  for (const kem of [own, nobleKem]) assert.equal(proveKem(kem), undefined);
  const random = new SeededRandom(203);
  for (let round = 0; round < 40; round++) {
    const [seed, chance] = [random.bytes(SEED_LENGTH), random.bytes(32)];
    const [one, other] = [own, nobleKem].map((kem) => kem.makePair(seed));
    assert.equal(one!.publicKey.toHex(), other!.publicKey.toHex());
    const [mine, right] = [own, nobleKem].map((kem) => kem.encapsulate(one!.publicKey, chance));
    assert.equal(mine!.cipherText.toHex(), right!.cipherText.toHex());
    assert.equal(mine!.sharedSecret.toHex(), right!.sharedSecret.toHex());
    assert.equal(one!.decapsulate(mine!.cipherText).toHex(), right!.sharedSecret.toHex());
    const forged = mine!.cipherText.slice();
    forged[random.below(forged.length)]! ^= 1 << random.below(8);
    for (const ciphertext of [forged, random.bytes(forged.length)]) {
      const secret = one!.decapsulate(ciphertext).toHex();
      assert.equal(secret, other!.decapsulate(ciphertext).toHex());
      assert.notEqual(secret, right!.sharedSecret.toHex());
    }
  }
});

Deno.test("MlKem768 refuses a key with any coefficient that is not reduced", () => {
  const kem = new MlKem768();
  const random = new SeededRandom(1);
  const { publicKey } = kem.makePair(random.bytes(SEED_LENGTH));
  const chance = random.bytes(32);
  for (let i = 0; i < 768; i += 7) {
    for (const [value, isRight] of [[3_328, true], [3_329, false], [4_095, false]] as const) {
      const key = publicKey.slice();
      const at = 3 * (i >> 1);
      if (i & 1) [key[at + 1], key[at + 2]] = [key[at + 1]! & 15 | value << 4, value >> 4];
      else [key[at], key[at + 1]] = [value, key[at + 1]! & 0xf0 | value >> 8];
      if (isRight) kem.encapsulate(key, chance);
      else assert.throws(() => kem.encapsulate(key, chance), RangeError, `${value} at ${i}`);
    }
  }
});

Deno.test("proveKem() finds what a library does wrong", () => {
  const faults: Partial<Kem>[] = [
    { makePair: () => ({ publicKey: new Uint8Array(1_184), decapsulate: (text) => text }) },
    {
      makePair: (seed) => ({ ...nobleKem.makePair(seed), decapsulate: () => new Uint8Array(32) }),
    },
    {
      encapsulate: (key, chance) => ({
        ...nobleKem.encapsulate(key, chance),
        sharedSecret: new Uint8Array(32),
      }),
    },
    {
      encapsulate(key, chance) {
        const reduced = key.slice();
        if (key[0] === 0xff) reduced[0] = reduced[1] = reduced[2] = 0;
        return nobleKem.encapsulate(reduced, chance);
      },
    },
  ];
  for (const fault of faults) assert.notEqual(proveKem({ ...nobleKem, ...fault }), undefined);
});

interface Vector {
  readonly tcId: number;
  readonly seed: string;
  readonly ek: string;
  readonly c: string;
  readonly K: string;
  readonly result: "valid" | "invalid";
}

const file = publicVectors("wycheproof/mlkem_768_test.json");

Deno.test("MlKem768 agrees with Project Wycheproof", { ignore: file === undefined }, () => {
  const kem = new MlKem768();
  const { testGroups } = JSON.parse(Deno.readTextFileSync(file!));
  let count = 0;
  for (const { tests } of testGroups) {
    for (const { tcId, seed, ek, c, K, result } of tests as Vector[]) {
      const [bytes, ciphertext] = [Uint8Array.fromHex(seed), Uint8Array.fromHex(c)];
      // What has another length is refused before it comes here.
      if (bytes.length !== SEED_LENGTH || ciphertext.length !== 1_088) continue;
      const pair = kem.makePair(bytes);
      if (result === "valid") assert.equal(pair.publicKey.toHex(), ek, `${tcId}`);
      assert.equal(pair.decapsulate(ciphertext).toHex() === K, result === "valid", `${tcId}`);
      count++;
    }
  }
  assert.ok(count > 50, `${count}`);
});
