import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { createPrivateKey } from "node:crypto";
import { p256, p384 } from "@noble/curves/nist.js";
import { SignatureScheme } from "../../src/tls/code_point.ts";
import { Credential } from "../../src/tls/credential.ts";
import { issued } from "./pair.ts";

const content = new TextEncoder().encode("what is signed");

for (
  const [keyType, curve, scheme] of [
    ["P-256", p256, SignatureScheme.EcdsaP256Sha256],
    ["P-384", p384, SignatureScheme.EcdsaP384Sha384],
  ] as const
) {
  Deno.test(`Credential.sign() leaves nothing to chance on ${keyType} (RFC 6979)`, () => {
    const { certPem, keyPem } = issued(keyType);
    const credential = Credential.fromPem(certPem, keyPem);
    const { d } = createPrivateKey(keyPem).export({ format: "jwk" });
    const scalar = Uint8Array.from(Buffer.from(d!, "base64url"));
    const expected = curve.sign(content, scalar, { format: "der", lowS: false });
    for (let i = 0; i < 3; i++) {
      assert.deepEqual(Uint8Array.from(credential.sign(scheme, content)), expected);
    }
  });
}
