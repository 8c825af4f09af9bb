import assert from "node:assert/strict";
import { rootCertificates } from "node:tls";
import { defaultRoots, loadRoots, splitPem } from "../../src/io/roots.ts";
import { plainEnvironment } from "../permissions/permission_line.ts";

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

Deno.test("loadRoots() takes the first of the system's files that it can and may read, without --allow-sys", async () => {
  const folder = await Deno.makeTempDir();
  try {
    await Deno.writeTextFile(`${folder}/empty.pem`, "no certificate");
    await Deno.writeTextFile(`${folder}/first.pem`, `${rootCertificates[7]}`);
    await Deno.writeTextFile(`${folder}/second.pem`, rootCertificates.slice(0, 3).join("\n"));
    const files = ["missing", "empty", "first", "second"].map((name) => `${folder}/${name}.pem`);
    assert.deepEqual(await rootsWith([`--allow-read=${folder}`], files), [rootCertificates[7]]);
    const second = [`--allow-read=${folder}/second.pem`];
    assert.deepEqual(await rootsWith(second, files), rootCertificates.slice(0, 3));
    assert.deepEqual(await rootsWith([], files), []);
    assert.deepEqual(await rootsWith(["--allow-sys=networkInterfaces"], files), []);
    assert.deepEqual(await rootsWith(["--allow-sys"], files), rootCertificates);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

/** What `loadRoots` finds in a program with these permissions and no variables. */
async function rootsWith(permissions: string[], files: string[]): Promise<string[]> {
  const module = new URL("../../src/io/roots.ts", import.meta.url).href;
  const code = `import { loadRoots } from ${JSON.stringify(module)};
    console.log(JSON.stringify(loadRoots(${JSON.stringify(files)})));`;
  const url = `data:application/typescript,${encodeURIComponent(code)}`;
  const { stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "--no-prompt", "--no-check", ...permissions, url],
    clearEnv: true,
    env: plainEnvironment(),
  }).output();
  assert.equal(new TextDecoder().decode(stderr), "");
  const roots = JSON.parse(new TextDecoder().decode(stdout)) as string[];
  return roots.map((pem) => pem.trim());
}
