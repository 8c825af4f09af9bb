import assert from "node:assert/strict";
import { concatBytes, fromHex, toHex } from "../../src/bytes/bytes.ts";
import type { Aead, CryptoEngine } from "../../src/crypto/aead.ts";
import { CipherSuite, suiteParameters } from "../../src/crypto/cipher_suite.ts";
import { chooseEngine } from "../../src/crypto/engine.ts";
import { proveEngine } from "../../src/crypto/engine_proof.ts";
import { nobleEngine } from "../../src/crypto/noble_engine.ts";
import { nodeEngine } from "../../src/crypto/node_engine.ts";
import { SeededRandom } from "../../src/sim/seeded_random.ts";
import { wasmEngine } from "../../src/crypto/wasm_engine.ts";
import { publicVectors } from "../public_vectors.ts";

const engines = [wasmEngine(nodeEngine), nodeEngine, nobleEngine];
const suites = Object.values(CipherSuite);

Deno.test("chooseEngine() gives the engine that was asked for, ChaCha20 first", () => {
  assert.equal(chooseEngine("noble").name, "noble");
  assert.equal(chooseEngine("node").name, "node");
  assert.equal(chooseEngine().name, "wasm");
  assert.equal(chooseEngine(), chooseEngine("wasm"));
  for (const engine of engines) assert.equal(engine.suites[0], CipherSuite.ChaCha20Poly1305Sha256);
});

for (const engine of engines) {
  Deno.test(`proveEngine() lets ${engine.name} pass`, () => {
    assert.equal(proveEngine(engine), undefined);
  });

  Deno.test(`proveEngine() finds out a ${engine.name} that does not look at the tag`, () => {
    const careless = withAead(engine, (aead) => ({
      seal: (...call) => aead.seal(...call),
      open(nonce, buffer, adStart, textStart, end, out) {
        const length = aead.open(nonce, buffer, adStart, textStart, end, out);
        return length < 0 ? Math.max(0, end - textStart - 16) : length;
      },
    }));
    assert.match(proveEngine(careless)!, /forgery at byte 0 was taken/);
  });

  Deno.test(`proveEngine() finds out a ${engine.name} that takes short tags`, () => {
    const short = withAead(engine, (aead) => ({
      seal: (...call) => aead.seal(...call),
      open(nonce, buffer, adStart, textStart, end, out) {
        if (end - textStart < 16) return 0;
        return aead.open(nonce, buffer, adStart, textStart, end, out);
      },
    }));
    assert.match(proveEngine(short)!, /short of/);
  });

  Deno.test(`proveEngine() finds out a ${engine.name} that throws or leaks on forgeries`, () => {
    const throwing = withAead(engine, (aead) => ({
      seal: (...call) => aead.seal(...call),
      open(...call) {
        const length = aead.open(...call);
        if (length < 0) throw new Error("bad tag");
        return length;
      },
    }));
    assert.match(proveEngine(throwing)!, /bad tag/);
    const leaking = withAead(engine, (aead) => ({
      seal: (...call) => aead.seal(...call),
      open(...call) {
        const length = aead.open(...call);
        if (length < 0) call[5][0] = 1;
        return length;
      },
    }));
    assert.match(proveEngine(leaking)!, /came out/);
  });

  Deno.test(`proveEngine() finds out a ${engine.name} with wrong texts or masks`, () => {
    const wrong = withAead(engine, (aead) => ({
      open: (...call) => aead.open(...call),
      seal(nonce, buffer, adStart, textStart, textEnd) {
        aead.seal(nonce, buffer, adStart, textStart, textEnd);
        buffer[textEnd + 15]! ^= 1;
      },
    }));
    assert.match(proveEngine(wrong)!, /wrong ciphertext/);
    const masks: CryptoEngine = { ...engine, headerMask: () => ({ mask: () => {} }) };
    assert.match(proveEngine(masks)!, /wrong header protection mask/);
    assert.match(proveEngine({ ...engine, suites: [] })!, /missing/);
  });

  for (const suite of suites) {
    const { name, keyLength } = suiteParameters(suite);
    Deno.test(`Aead.open() reads what seal() wrote at every length, ${engine.name}, ${name}`, () => {
      const random = new SeededRandom(suite);
      const aead = engine.aead(suite, random.bytes(keyLength));
      const other = engines[(engines.indexOf(engine) + 1) % engines.length]!;
      const key = random.bytes(keyLength);
      const [ours, theirs] = [engine.aead(suite, key), other.aead(suite, key)];
      for (let length = 0; length < 1500; length += length < 70 ? 1 : 97) {
        const nonce = random.bytes(12);
        const adStart = random.below(4);
        const textStart = adStart + random.below(40);
        const buffer = random.bytes(textStart + length + 16 + random.below(4));
        const before = buffer.slice();
        const end = textStart + length + 16;
        ours.seal(nonce, buffer, adStart, textStart, textStart + length);
        assert.deepEqual(buffer.subarray(0, textStart), before.subarray(0, textStart));
        assert.deepEqual(buffer.subarray(end), before.subarray(end));
        const out = new Uint8Array(length + random.below(3));
        assert.equal(theirs.open(nonce, buffer, adStart, textStart, end, out), length);
        assert.deepEqual(out.subarray(0, length), before.subarray(textStart, end - 16));
        assert.equal(aead.open(nonce, buffer, adStart, textStart, end, out), -1);
      }
    });

    Deno.test(`Aead.open() refuses a buffer too small aloud, ${engine.name}, ${name}`, () => {
      const aead = engine.aead(suite, new Uint8Array(keyLength));
      const buffer = new Uint8Array(40);
      aead.seal(new Uint8Array(12), buffer, 0, 4, 24);
      const open = (size: number) =>
        aead.open(new Uint8Array(12), buffer, 0, 4, 40, new Uint8Array(size));
      assert.throws(() => open(19), RangeError);
      assert.equal(open(20), 20);
    });
  }
}

Deno.test("HeaderMask.mask() agrees between engines and with the cipher itself", async () => {
  const { createCipheriv } = await import("node:crypto");
  const random = new SeededRandom(3);
  const out = new Uint8Array(5);
  for (const suite of suites) {
    const isChaCha = suite === CipherSuite.ChaCha20Poly1305Sha256;
    for (let i = 0; i < 200; i++) {
      const key = random.bytes(suiteParameters(suite).keyLength);
      const buffer = random.bytes(30);
      const sample = buffer.subarray(7, 23);
      const cipher = isChaCha
        ? createCipheriv("chacha20", key, sample)
        : createCipheriv(key.length === 16 ? "aes-128-ecb" : "aes-256-ecb", key, null);
      const expected = cipher.update(isChaCha ? new Uint8Array(5) : sample).subarray(0, 5);
      for (const engine of engines) {
        engine.headerMask(suite, key).mask(buffer, 7, out);
        assert.equal(toHex(out), toHex(expected));
      }
    }
  }
});

for (const file of ["aes_gcm_test.json", "chacha20_poly1305_test.json"]) {
  const url = publicVectors(`wycheproof/${file}`);
  Deno.test({
    name: `Aead passes ${file} of Project Wycheproof`,
    ignore: url === undefined,
    fn: () => checkWycheproof(JSON.parse(Deno.readTextFileSync(url!))),
  });
}

interface WycheproofFile {
  testGroups: {
    keySize: number;
    ivSize: number;
    tagSize: number;
    tests: Record<"key" | "iv" | "aad" | "msg" | "ct" | "tag" | "result", string>[];
  }[];
  algorithm: string;
}

function checkWycheproof(file: WycheproofFile): void {
  const isChaCha = file.algorithm !== "AES-GCM";
  let count = 0;
  for (const group of file.testGroups) {
    if (group.ivSize !== 96 || group.tagSize !== 128) continue;
    if (!isChaCha && group.keySize === 192) continue;
    const suite = isChaCha
      ? CipherSuite.ChaCha20Poly1305Sha256
      : group.keySize === 128
      ? CipherSuite.Aes128GcmSha256
      : CipherSuite.Aes256GcmSha384;
    for (const test of group.tests) {
      for (const engine of engines) {
        const aead = engine.aead(suite, fromHex(test.key));
        const ad = fromHex(test.aad);
        const sealed = concatBytes(ad, fromHex(test.ct), fromHex(test.tag));
        const out = new Uint8Array(sealed.length);
        const length = aead.open(fromHex(test.iv), sealed, 0, ad.length, sealed.length, out);
        assert.equal(length >= 0, test.result === "valid");
        if (length >= 0) assert.equal(toHex(out.subarray(0, length)), test.msg);
        count++;
      }
    }
  }
  assert.ok(count > 100);
}

function withAead(engine: CryptoEngine, wrap: (aead: Aead) => Aead): CryptoEngine {
  return { ...engine, aead: (suite, key) => wrap(engine.aead(suite, key)) };
}
