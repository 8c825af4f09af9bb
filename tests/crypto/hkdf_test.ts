import assert from "node:assert/strict";
import { createHash, createHmac, hkdfSync } from "node:crypto";
import { fromHex, toHex } from "../../src/bytes/bytes.ts";
import {
  deriveSecret,
  expand,
  expandLabel,
  extract,
  hash,
  hashLength,
  hkdfLabel,
  hmac,
} from "../../src/crypto/hkdf.ts";
import { SeededRandom } from "../../src/sim/seeded_random.ts";

Deno.test("extract() and expand() give RFC 5869, Appendix A.1", () => {
  const secret = extract("sha256", fromHex("000102030405060708090a0b0c"), fromHex("0b".repeat(22)));
  assert.equal(
    toHex(secret),
    "077709362c2e32df0ddc3f0dc47bba6390b6c73bb50f9c3122ec844ad7c2b3e5",
  );
  assert.equal(
    toHex(expand("sha256", secret, fromHex("f0f1f2f3f4f5f6f7f8f9"), 42)),
    "3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf34007208d5b887185865",
  );
});

Deno.test("expand() agrees with node:crypto for both hashes and many lengths", () => {
  const random = new SeededRandom(6);
  for (const name of ["sha256", "sha384"] as const) {
    for (let length = 1; length < 200; length += 7) {
      const [material, salt, info] = [random.bytes(33), random.bytes(20), random.bytes(length)];
      const ours = expand(name, extract(name, salt, material), info, length);
      assert.deepEqual(ours, new Uint8Array(hkdfSync(name, material, salt, info, length)));
      const keyed = createHmac(name, salt).update(material).digest();
      assert.equal(toHex(hmac(name, salt, material)), toHex(keyed));
      assert.equal(toHex(hash(name, info)), toHex(createHash(name).update(info).digest()));
      assert.equal(hash(name, info).length, hashLength(name));
    }
  }
});

Deno.test("hkdfLabel() gives the labels of RFC 9001, Appendix A.1", () => {
  const none = new Uint8Array(0);
  assert.equal(
    toHex(hkdfLabel("client in", none, 32)),
    "00200f746c73313320636c69656e7420696e00",
  );
  assert.equal(toHex(hkdfLabel("quic iv", none, 12)), "000c0d746c733133207175696320697600");
});

Deno.test("hkdfLabel() refuses what its length bytes cannot say", () => {
  assert.throws(() => hkdfLabel("x".repeat(250), new Uint8Array(0), 32), RangeError);
  assert.throws(() => hkdfLabel("x", new Uint8Array(256), 32), RangeError);
});

Deno.test("deriveSecret() is an expansion over the transcript hash", () => {
  // RFC 8448, Section 3: the secret "derived" from the early secret without a PSK.
  const early = extract("sha256", new Uint8Array(0), new Uint8Array(32));
  assert.equal(toHex(early), "33ad0a1c607ec03b09e6cd9893680ce210adf300aa1f2660e1b22e10f170f92a");
  const derived = deriveSecret("sha256", early, "derived", hash("sha256", new Uint8Array(0)));
  assert.equal(toHex(derived), "6f2615a108c702c5678f54fc9dbab69716c076189c48250cebeac3576c3611ba");
  const transcript = hash("sha384", new Uint8Array(3));
  const secret = extract("sha384", new Uint8Array(0), new Uint8Array(48));
  assert.deepEqual(
    deriveSecret("sha384", secret, "c hs traffic", transcript),
    expandLabel("sha384", secret, "c hs traffic", transcript, 48),
  );
});
