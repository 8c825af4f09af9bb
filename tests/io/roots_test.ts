import assert from "node:assert/strict";
import { rootCertificates } from "node:tls";
import { defaultRoots, loadRoots, splitPem } from "../../src/io/roots.ts";

Deno.test("defaultRoots() reads once and gives the runtime's roots when nothing else is named", () => {
  const roots = defaultRoots();
  assert.ok(roots.length > 50);
  assert.equal(defaultRoots(), roots);
});

Deno.test("loadRoots() takes SSL_CERT_FILE instead of, and DENO_CERT besides, the runtime's", async () => {
  const file = await Deno.makeTempFile({ suffix: ".pem" });
  const before = Deno.env.get("SSL_CERT_FILE");
  try {
    await Deno.writeTextFile(file, `noise\n${rootCertificates[3]}\n${rootCertificates[5]}`);
    Deno.env.set("SSL_CERT_FILE", file);
    assert.deepEqual(
      loadRoots().map((pem) => pem.trim()),
      [rootCertificates[3]!.trim(), rootCertificates[5]!.trim()],
    );
    Deno.env.set("SSL_CERT_FILE", `${file}.missing`);
    Deno.env.set("DENO_CERT", file);
    assert.equal(loadRoots().length, rootCertificates.length + 2);
  } finally {
    if (before === undefined) Deno.env.delete("SSL_CERT_FILE");
    else Deno.env.set("SSL_CERT_FILE", before);
    Deno.env.delete("DENO_CERT");
    await Deno.remove(file);
  }
});

Deno.test("splitPem() finds every certificate and nothing else", () => {
  const block = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----";
  const key = "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----";
  assert.deepEqual(splitPem(`a\n${block}\n${key}\n${block}`), [`${block}\n`, `${block}\n`]);
  assert.deepEqual(splitPem(""), []);
  assert.deepEqual(splitPem("-----BEGIN CERTIFICATE-----"), []);
});
