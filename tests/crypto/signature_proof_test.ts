import assert from "node:assert/strict";
import { constants, verify } from "node:crypto";
import type { SignatureEngine } from "../../src/crypto/signature_engine.ts";
import { faultOfVerifying } from "../../src/crypto/signature_proof.ts";

/** The runtime as an engine. */
const runtime: SignatureEngine = {
  sign: () => undefined,
  verify(key, { hash, saltLength }, content, signature) {
    const padding = constants.RSA_PKCS1_PSS_PADDING;
    try {
      return verify(
        hash,
        content,
        saltLength === undefined ? key : { key, padding, saltLength },
        signature,
      );
    } catch {
      return false;
    }
  },
};

Deno.test("The known signatures are right, and what only half verifies fails the proof", () => {
  for (const keyType of ["ec", "ed25519", "rsa"]) {
    assert.equal(faultOfVerifying(runtime, keyType), undefined, keyType);
    const says = (answer: boolean | undefined): SignatureEngine => ({
      ...runtime,
      verify: () => answer,
    });
    assert.match(faultOfVerifying(says(true), keyType)!, /forgery/);
    assert.match(faultOfVerifying(says(false), keyType)!, /genuine/);
    assert.match(faultOfVerifying(says(undefined), keyType)!, /genuine/);
    const careless: SignatureEngine = {
      ...runtime,
      verify: (key, method, content, signature) =>
        [0x62, 0x63].includes(content[0]!) || runtime.verify(key, method, content, signature),
    };
    assert.match(faultOfVerifying(careless, keyType)!, /forgery/);
  }
  assert.match(faultOfVerifying(runtime, "x448")!, /no known signature/);
});
