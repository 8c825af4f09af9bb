import assert from "node:assert/strict";
import {
  chromiumFlags,
  keyPairIn,
  publicKeyHash,
  readKeyPair,
} from "../../cli/server/certificate.ts";
import { Failure } from "../../cli/console/failure.ts";
import { makeDevelopmentCertificate } from "../../src/io/development_certificate.ts";

const one = await makeDevelopmentCertificate(["localhost"]);
const other = await makeDevelopmentCertificate(["localhost"]);

/** A folder with these files. */
async function withFolder(
  files: Record<string, string>,
  use: (directory: string) => Promise<void>,
): Promise<void> {
  const directory = await Deno.makeTempDir();
  try {
    for (const [name, text] of Object.entries(files)) {
      await Deno.writeTextFile(`${directory}/${name}`, text);
    }
    await use(directory);
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
}

Deno.test("readKeyPair() reads a certificate with its key", async () => {
  await withFolder({ "fullchain.pem": one.certPem, "privkey.pem": one.keyPem }, async (path) => {
    assert.deepEqual(await readKeyPair(keyPairIn(path)), { cert: one.certPem, key: one.keyPem });
  });
});

Deno.test("readKeyPair() says what is wrong with a folder", async () => {
  const cases: [Record<string, string>, RegExp][] = [
    [{}, /Cannot read .*fullchain\.pem: there is no such file; name a folder .*--cert/],
    [{ "fullchain.pem": one.certPem }, /Cannot read .*privkey\.pem: there is no such file/],
    [{ "fullchain.pem": "x", "privkey.pem": one.keyPem }, /are PEM files/],
    [{ "fullchain.pem": one.certPem, "privkey.pem": "x" }, /are PEM files/],
    [
      { "fullchain.pem": one.certPem, "privkey.pem": other.keyPem },
      /privkey\.pem is not the key of it/,
    ],
  ];
  for (const [files, pattern] of cases) {
    await withFolder(files, async (path) => {
      await assert.rejects(readKeyPair(keyPairIn(path)), (error) => {
        assert.ok(error instanceof Failure);
        assert.match(error.message, pattern);
        return true;
      });
    });
  }
});

Deno.test("publicKeyHash() is the hash that browsers pin", () => {
  assert.equal(publicKeyHash(one.certPem), one.spkiSha256Base64);
});

Deno.test("chromiumFlags() leads to where the server listens", () => {
  const cases: [string[], string, string?][] = [
    [["192.0.2.1", "127.0.0.1", "::1"], "localhost"],
    [["::"], "localhost"],
    [["192.0.2.1", "127.0.0.1"], "127.0.0.1"],
    [["0.0.0.0"], "127.0.0.1"],
    [["2001:db8::1", "192.0.2.1"], "192.0.2.1"],
    [["2001:db8::1"], "localhost", '"--host-resolver-rules=MAP localhost [2001:db8::1]" '],
  ];
  for (const [hostnames, host, rule = ""] of cases) {
    const flags = chromiumFlags("HASH", hostnames.map((hostname) => ({ hostname, port: 6121 })));
    assert.equal(
      flags,
      "--user-data-dir=/tmp/mpquic-chromium --ignore-certificate-errors-spki-list=HASH " +
        `--origin-to-force-quic-on=${host}:6121 ${rule}https://${host}:6121/`,
    );
  }
});
