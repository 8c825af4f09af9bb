import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { createPublicKey } from "node:crypto";
import { equalBytes } from "../../src/bytes/bytes.ts";
import { nativeEngine } from "../../src/io/native/native_engine.ts";
import { SignatureScheme } from "../../src/tls/code/code_point.ts";
import { agreeOn, native, portable } from "../../src/tls/key/diffie_hellman.ts";
import { verifySignature } from "../../src/tls/key/signature.ts";
import { publicVectors } from "../public_vectors.ts";

interface Vector {
  readonly tcId: number;
  readonly flags: readonly string[];
  readonly result: "valid" | "invalid" | "acceptable";
  readonly public: string;
  readonly private: string;
  readonly shared: string;
  readonly msg: string;
  readonly sig: string;
}

interface Group {
  readonly publicKeyPem: string;
  readonly tests: readonly Vector[];
}

const folder = publicVectors("wycheproof/");
const ignore = folder === undefined;

/** The groups of a file, and that there are tests in them. */
function load(name: string): readonly Group[] {
  const text = Deno.readTextFileSync(new URL(`${name}_test.json`, folder));
  const groups: readonly Group[] = JSON.parse(text).testGroups;
  assert.ok(groups.flatMap(({ tests }) => tests).length > 50, name);
  return groups;
}

Deno.test("agreeOn() agrees with Project Wycheproof on X25519", { ignore }, () => {
  for (const { tests } of load("x25519")) {
    for (const vector of tests) {
      const [key, peer] = [Uint8Array.fromHex(vector.private), Uint8Array.fromHex(vector.public)];
      if (/^0*$/.test(vector.shared)) {
        assert.throws(() => agreeOn("x25519", key, peer), { code: 0x12f });
        continue;
      }
      assert.equal(
        Buffer.from(agreeOn("x25519", key, peer)).toString("hex"),
        vector.shared,
        `${vector.tcId}`,
      );
      assert.equal(Buffer.from(portable.x25519.agree(key, peer)).toString("hex"), vector.shared);
    }
  }
});

Deno.test("agreeOn() agrees with Project Wycheproof on P-256", { ignore }, () => {
  const prefix = "3059301306072a8648ce3d020106082a8648ce3d030107034200";
  for (const { tests } of load("ecdh_secp256r1")) {
    for (const vector of tests) {
      if (!vector.public.startsWith(prefix) || vector.result === "acceptable") continue;
      const number = BigInt("0x" + vector.private).toString(16);
      if (number.length > 64) continue;
      const key = Uint8Array.fromHex(number.padStart(64, "0"));
      const peer = Uint8Array.fromHex(vector.public.slice(prefix.length));
      if (vector.result === "invalid") {
        assert.throws(() => agreeOn("p256", key, peer), { code: 0x12f }, `${vector.tcId}`);
        continue;
      }
      for (const engine of [native, portable]) {
        const secret = engine.p256.agree(key, peer);
        assert.ok(equalBytes(secret, Uint8Array.fromHex(vector.shared)), `${vector.tcId}`);
      }
    }
  }
});

const signatures = [
  ["ecdsa_secp256r1_sha256", SignatureScheme.EcdsaP256Sha256],
  ["ed25519", SignatureScheme.Ed25519],
  ["rsa_pss_2048_sha256_mgf1_32", SignatureScheme.RsaPssRsaeSha256],
] as const;

for (const [name, scheme] of signatures) {
  Deno.test(`verifySignature() agrees with Project Wycheproof on ${name}`, { ignore }, () => {
    for (const { publicKeyPem, tests } of load(name)) {
      const key = createPublicKey(publicKeyPem);
      for (const vector of tests) {
        if (vector.result === "acceptable") continue;
        const [message, signature] = [vector.msg, vector.sig].map((hex) => Uint8Array.fromHex(hex));
        for (const engine of [undefined, nativeEngine()?.signatures]) {
          assert.equal(
            verifySignature(scheme, key, message!, signature!, engine),
            vector.result === "valid",
            `${name} ${vector.tcId} ${vector.flags}`,
          );
        }
      }
    }
  });
}
