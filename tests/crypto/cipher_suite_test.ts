import assert from "node:assert/strict";
import { CipherSuite, isCipherSuite, suiteParameters } from "../../src/crypto/cipher_suite.ts";

Deno.test("suiteParameters() holds the limits of RFC 9001, Section 6.6", () => {
  for (const suite of [CipherSuite.Aes128GcmSha256, CipherSuite.Aes256GcmSha384]) {
    assert.equal(suiteParameters(suite).confidentialityLimit, 8_388_608);
    assert.equal(suiteParameters(suite).integrityLimit, 2 ** 52);
  }
  assert.equal(suiteParameters(CipherSuite.ChaCha20Poly1305Sha256).integrityLimit, 2 ** 36);
  assert.equal(suiteParameters(CipherSuite.Aes256GcmSha384).hashLength, 48);
});

Deno.test("suiteParameters() refuses suites that QUIC or we do not have", () => {
  for (const suite of [0x1300, 0x1304, 0x1305, 0xc02f, -1, NaN]) {
    assert.ok(!isCipherSuite(suite));
    assert.throws(() => suiteParameters(suite), RangeError);
  }
});
