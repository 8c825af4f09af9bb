import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import {
  makeDevelopmentCertificate,
  makeIssuedCertificate,
} from "../../src/io/development_certificate.ts";
import { Certificate } from "../../src/tls/x509/certificate.ts";
import { Credential } from "../../src/tls/credential.ts";
import { TrustStore } from "../../src/tls/trust/trust_store.ts";
import { verifyChain } from "../../src/tls/trust/verify_chain.ts";

function verify(certPem: string, anchor: string, serverName: string, time = Date.now()): void {
  const store = new TrustStore([anchor]);
  const chain = [derOf(certPem)];
  verifyChain(chain.map((der) => store.certificate(der)), { store, serverName, time });
}

function derOf(pem: string): Uint8Array {
  return Uint8Array.fromBase64(pem.replace(/-----[A-Z ]+-----/g, "").replace(/\s/g, ""));
}

Deno.test("makeDevelopmentCertificate() is good for its names, its key and its days", async () => {
  const names = ["localhost", "127.0.0.1", "[::1]"];
  const made = await makeDevelopmentCertificate(names, { days: 3 });
  for (const name of names) verify(made.certPem, made.certPem, name);
  assert.throws(() => verify(made.certPem, made.certPem, "example.com"), { code: 0x12e });
  assert.throws(
    () => verify(made.certPem, made.certPem, "localhost", Date.now() + 4 * 86_400_000),
    {
      code: 0x12d,
    },
  );
  assert.deepEqual(Credential.fromPem(made.certPem, made.keyPem).schemes, [0x0403]);
  const spki = new Certificate(derOf(made.certPem)).publicKey.export({
    format: "der",
    type: "spki",
  });
  assert.equal(createHash("sha256").update(spki).digest("base64"), made.spkiSha256Base64);
});

Deno.test("makeIssuedCertificate() leads to its authority alone", async () => {
  const made = await makeIssuedCertificate(["a.test"]);
  const other = await makeIssuedCertificate(["a.test"]);
  verify(made.certPem, made.caPem, "a.test");
  assert.throws(() => verify(made.certPem, other.caPem, "a.test"), { code: 0x130 });
});

Deno.test("makeDevelopmentCertificate() refuses more than 14 days", async () => {
  await assert.rejects(makeDevelopmentCertificate(["a.test"], { days: 15 }), RangeError);
});

Deno.test("Credential.fromPem() refuses a key that is not the certificate's", async () => {
  const [one, two] = [
    await makeDevelopmentCertificate(["a.test"]),
    await makeDevelopmentCertificate(["a.test"]),
  ];
  assert.throws(() => Credential.fromPem(one.certPem, two.keyPem), TypeError);
  assert.throws(() => Credential.fromPem("", two.keyPem), TypeError);
  assert.throws(() => Credential.fromPem(one.certPem, "no key"), TypeError);
});
