import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { createPrivateKey, generateKeyPairSync, type KeyObject } from "node:crypto";
import { p256, p384, p521 } from "@noble/curves/nist.js";
import { SignatureScheme } from "../../src/tls/code/code_point.ts";
import { Credential } from "../../src/tls/credential.ts";
import { TrustStore } from "../../src/tls/trust/trust_store.ts";
import { type Algorithm, alternativeNames, authority, curveKey, ecdsa, forge } from "./forge.ts";
import { generalName, keyUsage, rsa } from "./forge.ts";
import { assertAgreed } from "./outcome.ts";
import { issued, Pair } from "./pair.ts";

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

function pemOf(der: Uint8Array): string {
  return `-----BEGIN CERTIFICATE-----\n${der.toBase64()}\n-----END CERTIFICATE-----\n`;
}

/** A certificate with its key, both in PEM. */
function pems(key: { privateKey: KeyObject; publicKey: KeyObject }, algorithm: Algorithm) {
  return {
    cert: pemOf(forge({ key, algorithm }).der),
    key: key.privateKey.export({ format: "pem", type: "pkcs8" }) as string,
  };
}

Deno.test("Credential.sign() signs on P-521", () => {
  const { cert, key } = pems(curveKey("secp521r1"), ecdsa(512));
  const credential = Credential.fromPem(cert, key);
  assert.deepEqual(credential.schemes, [SignatureScheme.EcdsaP521Sha512]);
  const { d } = createPrivateKey(key).export({ format: "jwk" });
  const publicKey = p521.getPublicKey(Uint8Array.from(Buffer.from(d!, "base64url")));
  const signed = Uint8Array.from(credential.sign(SignatureScheme.EcdsaP521Sha512, content));
  assert.ok(p521.verify(signed, content, publicKey, { format: "der", lowS: false }));
});

Deno.test("Credential.fromPem() says what is wrong with a key or a certificate", () => {
  const usual = pems(curveKey(), ecdsa(256));
  const short = pems(generateKeyPairSync("rsa", { modulusLength: 1024 }), rsa);
  const koblitz = pems(curveKey("secp256k1"), ecdsa(256));
  const cases: [string, string, RegExp][] = [
    ["", usual.key, /^Cannot use the certificate: no PEM block found/],
    [usual.cert + usual.cert.slice(0, -40), usual.key, /^Cannot use the certificate: .* no end/],
    [usual.cert, "", /^Cannot read the private key: \S/],
    [usual.cert, pems(curveKey(), ecdsa(256)).key, /^Cannot use the private key: it is not that/],
    [short.cert, short.key, /^Cannot use the private key: 1024 bits are too short/],
    [koblitz.cert, koblitz.key, /^Cannot use the private key: .* type ec \(secp256k1\)/],
    [
      "-----BEGIN CERTIFICATE-----\nMAA=\n-----END CERTIFICATE-----\n",
      usual.key,
      /^Cannot use the certificate: Cannot read a certificate: a value is missing/,
    ],
  ];
  for (const [cert, key, expected] of cases) {
    assert.throws(() => Credential.fromPem(cert, key), (error) => {
      assert.ok(error instanceof TypeError);
      assert.match(error.message, expected);
      return true;
    });
  }
});

Deno.test("A handshake with keys on P-521 at both ends", () => {
  const algorithm = ecdsa(512);
  const above = forge({
    subject: "authority",
    key: curveKey("secp521r1"),
    algorithm,
    extensions: [authority(), keyUsage(5)],
  });
  const make = (name: string) => {
    const key = curveKey("secp521r1");
    const extensions = [keyUsage(0), alternativeNames(generalName.dns(name))];
    const { der } = forge({ issuer: above, key, algorithm, extensions });
    return Credential.fromPem(
      pemOf(der),
      key.privateKey.export({ format: "pem", type: "pkcs8" }) as string,
    );
  };
  const verification = new TrustStore([pemOf(above.der)]);
  const server = make("localhost");
  const pair = new Pair({
    client: { verification, credential: make("client.test") },
    server: { credential: () => server, clientCertificates: { verification } },
  }).run();
  assertAgreed(pair);
  assert.equal(pair.server.peerCertificates.length, 1);
});
