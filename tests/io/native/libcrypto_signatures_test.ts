import assert from "node:assert/strict";
import { generateKeyPairSync, type KeyObject, sign, verify } from "node:crypto";
import { SeededRandom } from "../../../src/sim/seeded_random.ts";
import type { SignatureMethod } from "../../../src/crypto/signature_engine.ts";
import { type Libc, libc } from "../../../src/io/native/libc.ts";
import { Libcrypto } from "../../../src/io/native/libcrypto.ts";
import { LibcryptoKeys } from "../../../src/io/native/libcrypto_keys.ts";
import { LibcryptoSignatures } from "../../../src/io/native/libcrypto_signatures.ts";
import { SignatureScheme } from "../../../src/tls/code/code_point.ts";
import { Credential } from "../../../src/tls/credential.ts";
import { schemeMethod, verifySignature } from "../../../src/tls/key/signature.ts";
import { cert, key as keyPem } from "../../http3/deno_quic.ts";

const path = Libcrypto.open()?.path;
const engine = path === undefined ? undefined : LibcryptoSignatures.open(libc as Libc, path);
const ignore = engine === undefined;
const random = new SeededRandom(13);

interface Kind {
  readonly scheme: number;
  readonly pair: () => { publicKey: KeyObject; privateKey: KeyObject };
}

const kinds: Record<string, Kind> = {
  "P-256": {
    scheme: SignatureScheme.EcdsaP256Sha256,
    pair: () => generateKeyPairSync("ec", { namedCurve: "P-256" }),
  },
  "P-384": {
    scheme: SignatureScheme.EcdsaP384Sha384,
    pair: () => generateKeyPairSync("ec", { namedCurve: "P-384" }),
  },
  "Ed25519": { scheme: SignatureScheme.Ed25519, pair: () => generateKeyPairSync("ed25519") },
  "RSA-PSS": {
    scheme: SignatureScheme.RsaPssRsaeSha256,
    pair: () => generateKeyPairSync("rsa", { modulusLength: 2_048 }),
  },
};

for (const [name, { scheme, pair }] of Object.entries(kinds)) {
  Deno.test({ name: `libcrypto signs and verifies by ${name} as the runtime does`, ignore }, () => {
    const { publicKey, privateKey } = pair();
    const method = schemeMethod(scheme);
    const content = random.bytes(130);
    assert.equal(engine!.sign(privateKey, method, content), undefined, "the first is a trial");
    for (let round = 0; round < 5; round++) {
      content[round]! ^= 1;
      const signature = engine!.sign(privateKey, method, content)!;
      assert.ok(runtimeTakes(publicKey, method, content, signature));
      for (const each of [signature, runtimeSigns(privateKey, method, content)]) {
        assert.ok(verifySignature(scheme, publicKey, content, each, engine));
        assert.equal(engine!.verify(publicKey, method, content, each), true);
        each[random.below(each.length)]! ^= 1 << random.below(8);
        assert.equal(engine!.verify(publicKey, method, content, each), false);
      }
    }
    assert.equal(engine!.verify(publicKey, method, content, new Uint8Array(0)), false);
    assert.equal(engine!.verify(publicKey, method, content, new Uint8Array(2_000)), false);
    assert.equal(engine!.verify(publicKey, method, new Uint8Array(257), content), undefined);
    assert.equal(engine!.sign(privateKey, method, new Uint8Array(257)), undefined);
    const other = pair().publicKey;
    const signature = runtimeSigns(privateKey, method, content);
    assert.equal(engine!.verify(other, method, content, signature), false);
  });
}

Deno.test(
  { name: "libcrypto takes RSA signatures with the salt of the scheme only", ignore },
  () => {
    const { publicKey, privateKey } = kinds["RSA-PSS"]!.pair();
    const method = schemeMethod(SignatureScheme.RsaPssRsaeSha256);
    const content = random.bytes(100);
    const signature = runtimeSigns(privateKey, { ...method, saltLength: 20 }, content);
    assert.ok(runtimeTakes(publicKey, { ...method, saltLength: 20 }, content, signature));
    assert.equal(engine!.verify(publicKey, method, content, signature), false);
  },
);

Deno.test({ name: "A credential signs by libcrypto after one signature of proof", ignore }, () => {
  const credential = Credential.fromPem(cert, keyPem);
  const [scheme] = credential.schemes;
  const publicKey = credential.certificate.publicKey;
  const content = random.bytes(146);
  for (let round = 0; round < 3; round++) {
    const signature = credential.sign(scheme!, content, engine);
    assert.ok(verifySignature(scheme!, publicKey, content, signature));
    assert.ok(verifySignature(scheme!, publicKey, content, signature, engine));
  }
});

Deno.test(
  { name: "Keys beyond those that libcrypto keeps give way, and are read again", ignore },
  () => {
    const keys = new LibcryptoKeys(libc as Libc, path!, 3);
    const all = Array.from({ length: 7 }, () => kinds["P-256"]!.pair());
    for (const { publicKey, privateKey } of [...all, ...all]) {
      for (const key of [publicKey, privateKey]) {
        const handle = keys.handleOf(key);
        assert.notEqual(handle, undefined);
        assert.equal(keys.handleOf(key), handle);
        assert.ok(keys.count <= 3);
      }
    }
    const first = keys.handleOf(all[0]!.publicKey);
    for (const { publicKey } of all.slice(1, 3)) keys.handleOf(publicKey);
    assert.equal(keys.handleOf(all[0]!.publicKey), first);
    keys.handleOf(all[4]!.publicKey);
    assert.equal(keys.handleOf(all[0]!.publicKey), first, "the one used last stays");
  },
);

function runtimeTakes(
  key: KeyObject,
  { hash, saltLength }: SignatureMethod,
  content: Uint8Array,
  signature: Uint8Array,
): boolean {
  return verify(
    hash,
    content,
    saltLength === undefined ? key : { key, padding: 6, saltLength },
    signature,
  );
}

function runtimeSigns(
  key: KeyObject,
  { hash, saltLength }: SignatureMethod,
  content: Uint8Array,
): Uint8Array {
  return sign(hash, content, saltLength === undefined ? key : { key, padding: 6, saltLength });
}

Deno.test({ name: "A library that lacks the calls of signatures is left alone", ignore }, () => {
  const own = (libc as Libc).path;
  for (const other of [own, "/nowhere/libcrypto.so.3"]) {
    assert.equal(LibcryptoSignatures.open(libc as Libc, other), undefined, other);
  }
});

Deno.test(
  { name: "A key whose first signature is wrong signs by the runtime for good", ignore },
  () => {
    const { privateKey: wrong } = kinds["P-256"]!.pair();
    const { publicKey, privateKey } = kinds["P-256"]!.pair();
    const { handleOf } = LibcryptoKeys.prototype;
    const method = schemeMethod(SignatureScheme.EcdsaP256Sha256);
    LibcryptoKeys.prototype.handleOf = function () {
      return handleOf.call(this, wrong);
    };
    try {
      assert.equal(engine!.sign(privateKey, method, random.bytes(130)), undefined);
    } finally {
      LibcryptoKeys.prototype.handleOf = handleOf;
    }
    assert.equal(engine!.sign(privateKey, method, random.bytes(130)), undefined);
    const content = random.bytes(130);
    const signature = runtimeSigns(privateKey, method, content);
    assert.equal(engine!.verify(publicKey, method, content, signature), true);
  },
);
