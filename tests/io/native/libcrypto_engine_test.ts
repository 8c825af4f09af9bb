import assert from "node:assert/strict";
import type { Aead } from "../../../src/crypto/aead.ts";
import { CipherSuite, suiteParameters } from "../../../src/crypto/cipher_suite.ts";
import { proveEngine } from "../../../src/crypto/engine_proof.ts";
import { InitialKeys } from "../../../src/crypto/initial_keys.ts";
import { nobleEngine } from "../../../src/crypto/noble_engine.ts";
import { SeededRandom } from "../../../src/sim/seeded_random.ts";
import { CipherContexts, LeasedKey } from "../../../src/io/native/cipher_contexts.ts";
import { Libcrypto } from "../../../src/io/native/libcrypto.ts";
import { libcryptoEngine } from "../../../src/io/native/libcrypto_engine.ts";
import { nativeEngine } from "../../../src/io/native/native_engine.ts";

const library = Libcrypto.open();
const engine = libcryptoEngine(() => nobleEngine);
const ignore = engine === undefined;
// deno-lint-ignore no-console
if (ignore) console.warn("libcrypto is not here, or may not be called: its tests are skipped");

Deno.test({ name: "libcrypto passes the proof of engines", ignore }, () => {
  assert.equal(nativeEngine()?.name, "libcrypto");
  assert.equal(nativeEngine(), nativeEngine());
});

/** Whether this processor calculates AES by instructions of its own, as it says. */
function hasAes(): boolean {
  const text = Deno.readTextFileSync("/proc/cpuinfo");
  return /^(?:flags|Features)\s*:.*\baes\b/m.test(text);
}

Deno.test({ name: "libcrypto's fastest cipher is AES where the processor has it", ignore }, () => {
  if (!hasAes()) return;
  // Each engine tries its ciphers by itself.
  for (let i = 0; i < 5; i++) {
    assert.equal(libcryptoEngine(() => nobleEngine)!.suites[0], CipherSuite.Aes128GcmSha256);
  }
});

for (const [name, suite] of Object.entries(CipherSuite)) {
  Deno.test({ name: `libcrypto seals and opens ${name} as noble does`, ignore }, () => {
    const random = new SeededRandom(suite);
    for (let round = 0; round < 200; round++) {
      same(random, suite, random.below(60), random.below(1_500));
    }
    for (const length of [0, 1, 16, 65_535]) same(random, suite, 20, length);
    same(random, suite, 65_535, 10);
  });

  Deno.test({ name: `libcrypto refuses ${name} of wrong sizes`, ignore }, () => {
    const { keyLength } = suiteParameters(suite);
    assert.throws(() => engine!.aead(suite, new Uint8Array(keyLength - 1)), RangeError);
    const aead = engine!.aead(suite, new Uint8Array(keyLength));
    const buffer = new Uint8Array(140_000);
    const nonce = new Uint8Array(12);
    const out = new Uint8Array(140_000);
    assert.equal(aead.open(nonce, buffer, 0, 10, 70_000, out), -1);
    assert.equal(aead.open(nonce, buffer, 0, 66_000, 66_100, out), -1);
    assert.equal(aead.open(nonce, buffer, 0, 10, 25, out), -1);
    assert.throws(() => aead.seal(nonce, buffer, 0, 10, 66_000), RangeError);
    assert.throws(() => aead.seal(nonce, buffer, 0, 66_000, 66_100), RangeError);
    assert.throws(() => aead.open(nonce, buffer, 0, 10, 100, new Uint8Array(73)), RangeError);
  });
}

Deno.test(
  { name: "Keys beyond the contexts there are give way, and come back right", ignore },
  () => {
    const contexts = new CipherContexts(library!, 3);
    const cipher = library!.cipher("AES-128-GCM")!;
    const random = new SeededRandom(3);
    const nonce = random.bytes(12);
    const keys = Array.from({ length: 7 }, () => random.bytes(16));
    const leased = keys.map((key) => new LeasedKey(contexts, cipher, key));
    for (let round = 0; round < 50; round++) {
      const i = random.below(keys.length);
      const [buffer, right] = [new Uint8Array(40), new Uint8Array(40)];
      library!.seal(leased[i]!.context, nonce, buffer, 0, 4, 24);
      nobleEngine.aead(CipherSuite.Aes128GcmSha256, keys[i]!).seal(nonce, right, 0, 4, 24);
      assert.deepEqual(buffer, right);
    }
    assert.deepEqual([contexts.count, contexts.used], [3, 3]);
  },
);

for (const [name, suite] of Object.entries(CipherSuite)) {
  Deno.test({ name: `libcrypto makes the header masks of ${name}`, ignore }, () => {
    const random = new SeededRandom(suite);
    const { keyLength } = suiteParameters(suite);
    const keys = [random.bytes(keyLength), random.bytes(keyLength)];
    const pairs = keys.map((key) =>
      [engine!, nobleEngine].map((each) => each.headerMask(suite, key))
    );
    const buffer = random.bytes(80);
    for (let at = 0; at < 64; at++) {
      const [mask, right] = [new Uint8Array(5), new Uint8Array(5)];
      pairs[at & 1]![0]!.mask(buffer, at, mask);
      pairs[at & 1]![1]!.mask(buffer, at, right);
      assert.deepEqual(mask, right);
    }
  });
}

function same(random: SeededRandom, suite: CipherSuite, adLength: number, length: number): void {
  const key = random.bytes(suiteParameters(suite).keyLength);
  const nonce = random.bytes(12);
  const [one, other] = [engine!.aead(suite, key), nobleEngine.aead(suite, key)];
  const buffer = random.bytes(adLength + length + 16);
  const text = buffer.slice(adLength, adLength + length);
  const right = buffer.slice();
  one.seal(nonce, buffer, 0, adLength, adLength + length);
  other.seal(nonce, right, 0, adLength, adLength + length);
  assert.deepEqual(buffer, right);
  assert.deepEqual(opened(one, nonce, buffer, adLength), text);
  buffer[random.below(buffer.length)]! ^= 1 << random.below(8);
  assert.equal(opened(one, nonce, buffer, adLength), undefined);
}

function opened(aead: Aead, nonce: Uint8Array, buffer: Uint8Array, adLength: number) {
  const out = new Uint8Array(buffer.length);
  const length = aead.open(nonce, buffer, 0, adLength, buffer.length, out);
  return length < 0 ? undefined : out.slice(0, length);
}

Deno.test({ name: "Suites that a libcrypto lacks are left to the other engine", ignore }, () => {
  const { cipher } = Libcrypto.prototype;
  Libcrypto.prototype.cipher = function (name) {
    return name === "ChaCha20-Poly1305" ? undefined : cipher.call(this, name);
  };
  try {
    let others = 0;
    const partial = libcryptoEngine(() => {
      others++;
      return nobleEngine;
    })!;
    assert.ok(others > 0, "ChaCha20-Poly1305 is timed as well");
    assert.equal(proveEngine(partial), undefined);
    others = 0;
    partial.aead(CipherSuite.Aes128GcmSha256, new Uint8Array(16));
    assert.equal(others, 0);
  } finally {
    Libcrypto.prototype.cipher = cipher;
  }
});

Deno.test({ name: "A context is free when its key is released, and comes back", ignore }, () => {
  const { contexts } = engine!;
  const before = contexts.used;
  const aead = engine!.aead(CipherSuite.Aes128GcmSha256, new Uint8Array(16));
  const [buffer, right] = [new Uint8Array(40), new Uint8Array(40)];
  const nonce = new Uint8Array(12);
  nobleEngine.aead(CipherSuite.Aes128GcmSha256, new Uint8Array(16)).seal(nonce, right, 0, 4, 24);
  for (let round = 0; round < 3; round++) {
    buffer.fill(0);
    aead.seal(nonce, buffer, 0, 4, 24);
    assert.deepEqual(buffer, right);
    assert.equal(contexts.used, before + 1);
    aead.release!();
    aead.release!();
    assert.equal(contexts.used, before);
  }
});

Deno.test({ name: "What was made for a packet of noise keeps no context", ignore }, () => {
  const { contexts } = engine!;
  const before = contexts.used;
  const random = new SeededRandom(9);
  const datagram = random.bytes(1_200);
  const [own, right] = [engine!, nobleEngine].map((each) =>
    new InitialKeys(each, 1, datagram.subarray(0, 8))
  );
  for (let at = 20; at < 30; at++) {
    const [one, other] = [own!, right!].map((keys) => keys.glance().firstByte(datagram, 0xc3, at));
    assert.equal(one, other);
  }
  own!.client.seal(datagram.slice(), 0, 20, 1_000, 0, 1);
  own!.server.headerMask(datagram, 20);
  assert.equal(contexts.used, before + 3);
  own!.release();
  assert.equal(contexts.used, before);
});
