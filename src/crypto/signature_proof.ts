// Proves that an engine of signatures verifies and refuses what the standards demand.

import { createPublicKey } from "node:crypto";
import { fromHex } from "../bytes/bytes.ts";
import type { SignatureEngine, SignatureMethod } from "./signature_engine.ts";

/**
 * Puts an engine to the test for one type of key: a known signature, then forgeries.
 *
 * @param keyType As `node:crypto` calls it.
 * @returns What it did wrong, or `undefined` when it may be used.
 */
export function faultOfVerifying(engine: SignatureEngine, keyType: string): string | undefined {
  const vector = vectors.find(({ method }) => method.keyType === keyType);
  if (vector === undefined) return "there is no known signature";
  const { method, content, signature } = vector;
  const key = createPublicKey({ key: vector.key, format: "pem", type: "spki" });
  const verify = () => engine.verify(key, method, content, signature);
  if (verify() !== true) return "a genuine signature was refused";
  for (const bytes of [content, signature]) {
    for (const i of [0, bytes.length >>> 1, bytes.length - 1]) {
      bytes[i]! ^= 0x10;
      const isRefused = verify() === false;
      bytes[i]! ^= 0x10;
      if (!isRefused) return "a forgery was taken";
    }
  }
  const cut = signature.subarray(0, signature.length - 1);
  if (engine.verify(key, method, content, cut) !== false) return "half a signature was taken";
  return verify() === true ? undefined : "a genuine signature was refused after forgeries";
}

/** A signature that is right. */
interface Vector {
  readonly method: SignatureMethod;
  /** The public key, in PEM. */
  readonly key: string;
  readonly content: Uint8Array;
  readonly signature: Uint8Array;
}

const vectors: readonly Vector[] = [
  {
    // The example of RFC 6979 for P-256, SHA-256 and "sample".
    method: { keyType: "ec", hash: "sha256" },
    key: pem(`
      MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEYP7UuiVanTHJYet0xjVtaMBJuJI7Yfps5mliLmDyn7Z5A/4QCLi8
      maQa6elWKLxk8vGyDC1+n1F3o8KU1EYimQ==`),
    content: new TextEncoder().encode("sample"),
    signature: fromHex(`
      3046 022100 efd48b2aacb6a8fd1140dd9cd45e81d6 9d2c877b56aaf991c34d0ea84eaf3716
           022100 f7cb1c942d657c41d436c7a1b6e29f65 f3e900dbb9aff4064dc4ab2f843acda8`),
  },
  {
    // Test 2 of RFC 8032.
    method: { keyType: "ed25519", hash: null },
    key: pem("MCowBQYDK2VwAyEAPUAXw+hDiVqStwqnTRt+vJyYLM8uxJaMwM1V8Sr0Zgw="),
    content: Uint8Array.of(0x72),
    signature: fromHex(`
      92a009a9f0d4cab8720e820b5f642540 a2b27b5416503f8fb3762223ebdb69da
      085ac1e43e15996e458f3613d0f11d8c 387b2eaeb4302aeeb00d291612bb0c00`),
  },
  {
    // Made for this proof by the command of OpenSSL, and verified by the runtime in the tests.
    method: { keyType: "rsa", hash: "sha256", saltLength: 32 },
    key: pem(`
      MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEAwiHLcwwGpCRxY5DIH+JKM7KYYFOCnh60vku/32XCj/Dr
      tkCNFLdkzP87SHKahnP+cFvxAgwKXWquKi29z3JNpwlzny/dfw4nIkGZd9wT381IqlTAiGG2sJphCa/cTYnAnEj3
      qbTPzDBU0/2ZTOZHq6O3wgOddJCdymj4VlzeG6w2chVhoPG+PujbW6gpYkuU9Wo3WOMUVxmKy0Kl7nfVVuZbXaMX
      FysukCv96wpyv6WjMv2RH/C8kQVJSPFCWOGUD8iNPU1TKUkb01VVXZOXuc2x7NedAt/C9dVNYOwqTmNjuX4mU2sv
      u6HCO7AvKxpESnugTuVAi6NMf/nXn1imdwIDAQAB`),
    content: new TextEncoder().encode("sample"),
    signature: fromBase64(`
      GnM12xN6dSWIj5/Wgurc1YwVF/C6ZUA8a4/ZqgOrKDYMLvbWCWqDt8ufR+1g8OzkDrejmLbhhRYO+NrW5i4b00RE
      caZ/pGPn1m9UISrAjLMCkpsiZ6doV86wxDmKpOgmYpRP/p5Jbjrnk7ffC2u3tW4WNg2tXJhCmmSAOXLi8fkQrzNK
      ppquoaw9jNyU9b20azk2K/n7Opi7cWzBj6M1q8Jk/RHGkzTLqIjCT3YzU8O52MJIwkSTWlaqMc5HTHFdgOBVgWSw
      tc4Zn963m09w+qPPMqq/hz5OCDKqM5YVEeNrNkWso7ctxm70cJUQ70RIREuSENBN7DMO6VkL3zGJ+w==`),
  },
];

function pem(base64: string): string {
  return `-----BEGIN PUBLIC KEY-----\n${
    base64.replaceAll(" ", "").trim()
  }\n-----END PUBLIC KEY-----`;
}

function fromBase64(base64: string): Uint8Array {
  return Uint8Array.from(atob(base64.replaceAll(/\s/g, "")), (char) => char.charCodeAt(0));
}
