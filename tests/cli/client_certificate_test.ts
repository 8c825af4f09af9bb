import assert from "node:assert/strict";
import { createHash, X509Certificate } from "node:crypto";
import { userOf } from "../../cli/server/client_certificate.ts";
import { ErrorCode, fetch, type FetchInit, makeIssuedCertificate } from "../../mod.ts";
import { integer, time } from "../tls/der_writer.ts";
import { authority, forge } from "../tls/forge.ts";
import { forgeList, pem } from "../tls/forge_list.ts";
import { hasCurl, hasOpenssl } from "./installed.ts";
import { assertSentence, run, RunningServer } from "./program_runner.ts";

// Users that prove themselves by a certificate.

const HOST = "127.0.0.1";
/** RFC 9846, Section 6.2. */
const UNKNOWN_CA = 48;
const REVOKED = 44;

/** A certificate with this subject and these names, in DER. */
async function certificate(subject: string, names: string): Promise<Uint8Array> {
  const folder = await Deno.makeTempDir();
  try {
    await Deno.writeTextFile(
      `${folder}/c`,
      `[req]\nprompt=no\nutf8=yes\ndistinguished_name=dn\nx509_extensions=ext\n[dn]\n${subject}\n` +
        `[ext]\n${names === "" ? "basicConstraints=CA:false" : `subjectAltName=${names}`}\n`,
    );
    const curve = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"];
    const args = ["req", "-x509", ...curve, "-keyout", "k", "-config", "c", "-out", "o"];
    const { success, stderr } = await new Deno.Command("openssl", { args, cwd: folder }).output();
    assert.ok(success, new TextDecoder().decode(stderr));
    return new Uint8Array(new X509Certificate(await Deno.readTextFile(`${folder}/o`)).raw);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

Deno.test({
  name: "userOf() takes the common name, or the one other name, and nothing that is forged",
  ignore: !hasOpenssl,
  async fn() {
    const cases: [subject: string, names: string, user: string | RegExp][] = [
      ["CN=Ann Doe", "", "Ann Doe"],
      ["O=x\nCN=ann", "email:other@a.example", "ann"],
      ["O=x", "email:ann@a.example", "ann@a.example"],
      ["O=x", "URI:spiffe://a.example/ann", "spiffe://a.example/ann"],
      // The organisation reads "x", a line feed, "CN=admin".
      ["O=x\\nCN=admin", "", /^sha256:[\da-f]{64}$/],
      ["CN=ad\\nmin", "", /^sha256:/],
      ["0.CN=ann\n1.CN=admin", "", /^sha256:/],
      ["O=x", "email:ann@a.example,DNS:admin", /^sha256:/],
    ];
    for (const [subject, names, user] of cases) {
      const found = userOf(await certificate(subject, names));
      if (typeof user === "string") assert.equal(found, user);
      else assert.match(found, user);
    }
  },
});

Deno.test("the server takes files of clients with certificates, and logs which users they are", async () => {
  const folder = await Deno.makeTempDir();
  try {
    const [own, ann, stranger] = await Promise.all(
      [[HOST], ["ann"], ["ann"]].map((names) => makeIssuedCertificate(names)),
    );
    const hash = createHash("sha256").update("secret").digest("hex");
    await Promise.all([
      Deno.mkdir(`${folder}/site`),
      Deno.writeTextFile(`${folder}/c.pem`, own!.certPem),
      Deno.writeTextFile(`${folder}/k.pem`, own!.keyPem),
      Deno.writeTextFile(`${folder}/ca.pem`, ann!.caPem),
      Deno.writeTextFile(`${folder}/users`, `me:${hash}\n`),
    ]);
    const log = `${folder}/log`;
    const flags = [
      ...["--cert", `${folder}/c.pem`, "--key", `${folder}/k.pem`, "-p", "0", "--host", HOST],
      ...["--allow-upload", "--client-ca", `${folder}/ca.pem`, "--access-log", log],
    ];
    const trust: FetchInit = { caCerts: [own!.caPem], localAddresses: [HOST] };
    const put = async (port: number, name: string, more: FetchInit) => {
      const url = `https://${HOST}:${port}/${name}`;
      const response = await fetch(url, { ...trust, ...more, method: "PUT", body: "text" });
      await response.bytes();
      return response.status;
    };
    const shown = { cert: ann!.certPem, key: ann!.keyPem };
    const foreign = { cert: stranger!.certPem, key: stranger!.keyPem };
    const headers = { authorization: `Basic ${btoa("me:secret")}` };

    const only = await RunningServer.start(...flags, `${folder}/site`);
    assert.equal(await put(only.port, "a", {}), 403);
    assert.equal(await put(only.port, "a", { headers }), 403);
    assert.equal(await put(only.port, "a", shown), 201);
    const code = ErrorCode.CryptoError + UNKNOWN_CA;
    await assert.rejects(put(only.port, "b", foreign), { code });
    assert.equal((await fetch(`https://${HOST}:${only.port}/a`, trust)).status, 200);
    assert.equal((await only.stop()).code, 0);
    const users = (await Deno.readTextFile(log)).trimEnd().split("\n")
      .map((line) => /^127\.0\.0\.1 - (\S+) \[.*" (\d{3}) /.exec(line)!.slice(1).join(" "));
    assert.deepEqual(users, ["- 403", "- 403", "ann 201", "- 200"]);

    const both = await RunningServer.start(
      ...[...flags, "--auth", `${folder}/users`, "--overwrite", "-tcp", `${folder}/site`],
    );
    assert.equal(await put(both.port, "a", {}), 401);
    assert.equal(await put(both.port, "a", { headers }), 204);
    assert.equal(await put(both.port, "a", shown), 204);
    // A certificate does not mend a wrong password.
    const wrong = { ...shown, headers: { authorization: `Basic ${btoa("me:wrong")}` } };
    assert.equal(await put(both.port, "a", wrong), 401);
    for (const [own, status] of [[shown, 204], [{}, 401], [foreign, undefined]] as const) {
      for (const http2 of [true, false]) {
        using client = Deno.createHttpClient({ caCerts: [trust.caCerts![0]!], http2, ...own });
        const url = `https://${HOST}:${both.port}/a`;
        const answer = globalThis.fetch(url, { client, method: "PUT", body: "text" });
        if (status === undefined) await assert.rejects(answer, TypeError);
        else assert.equal((await (await answer).bytes(), (await answer).status), status);
      }
    }
    if (hasCurl) {
      const curl = new Deno.Command("curl", {
        args: [
          ...[
            "-s",
            "-o",
            "/dev/null",
            "-w",
            "%{http_version} %{http_code}",
            "-T",
            `${folder}/c.pem`,
          ],
          ...["--cacert", `${folder}/own.pem`, "--cert", `${folder}/ann.pem`],
          ...["--key", `${folder}/ann.key`, `https://${HOST}:${both.port}/b`],
        ],
      });
      await Promise.all([
        Deno.writeTextFile(`${folder}/own.pem`, own!.caPem),
        Deno.writeTextFile(`${folder}/ann.pem`, shown.cert),
        Deno.writeTextFile(`${folder}/ann.key`, shown.key),
      ]);
      assert.equal(new TextDecoder().decode((await curl.output()).stdout), "2 201");
    }
    await both.stop();
    const lines = (await Deno.readTextFile(log)).trimEnd().split("\n").filter((line) =>
      line.includes("/a HTTP/") && !line.includes("/3.0")
    )
      .map((line) =>
        /^127\.0\.0\.1 - (\S+) \[.* (HTTP\S+)" (\d{3}) /.exec(line)!.slice(1).join(" ")
      );
    assert.deepEqual(lines, [
      ...["ann HTTP/2.0 204", "ann HTTP/1.1 204", "- HTTP/2.0 401", "- HTTP/1.1 401"],
    ]);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("the server takes certificates back that their authority has revoked", async () => {
  const folder = await Deno.makeTempDir();
  try {
    const own = await makeIssuedCertificate([HOST]);
    const now = Date.now();
    const times = { notBefore: now - 3_600_000, notAfter: now + 3_600_000 };
    const ca = forge({ subject: "ca", extensions: [authority()], ...times });
    const listed = (...serials: number[]) =>
      pem(forgeList({
        issuer: ca,
        serials: serials.map((serial) => integer(serial)),
        thisUpdate: times.notBefore,
        nextUpdate: time(times.notAfter),
      }));
    const client = (serial: number) => {
      const made = forge({
        subject: `user ${serial}`,
        issuer: ca,
        serial: integer(serial),
        ...times,
      });
      const key = made.privateKey.export({ format: "pem", type: "pkcs8" }).toString();
      return { cert: pem(made.der, "CERTIFICATE"), key };
    };
    const [ann, otto] = [client(5), client(6)];
    await Promise.all([
      Deno.mkdir(`${folder}/site`),
      Deno.writeTextFile(`${folder}/c.pem`, own.certPem),
      Deno.writeTextFile(`${folder}/k.pem`, own.keyPem),
      Deno.writeTextFile(`${folder}/ca.pem`, pem(ca.der, "CERTIFICATE")),
      Deno.writeTextFile(`${folder}/ca.crl`, listed(9)),
    ]);
    const server = await RunningServer.start(
      ...["--cert", `${folder}/c.pem`, "--key", `${folder}/k.pem`, "-p", "0", "--host", HOST],
      ...["--allow-upload", "--overwrite", "--client-ca", `${folder}/ca.pem`, "-tcp"],
      ...["--client-crl", `${folder}/ca.crl`, `${folder}/site`],
    );
    const url = `https://${HOST}:${server.port}/a`;
    const put = { method: "PUT", body: "text", caCerts: [own.caPem], localAddresses: [HOST] };
    // Another list of local addresses makes another connection.
    const overQuic = async (shown: typeof ann, localAddresses = put.localAddresses) => {
      const response = await fetch(url, { ...put, ...shown, localAddresses });
      return (await response.bytes(), response.ok);
    };
    const overTcp = async (shown: typeof ann) => {
      using client = Deno.createHttpClient({ caCerts: [own.caPem], ...shown });
      const response = await globalThis.fetch(url, { client, method: "PUT", body: "text" });
      return (await response.bytes(), response.ok);
    };
    // Our own program, over HTTP/3 and where UDP does not get through.
    await Promise.all([
      Deno.writeTextFile(`${folder}/own.pem`, own.caPem),
      Deno.writeTextFile(`${folder}/ann.pem`, ann.cert + ann.key),
      Deno.writeTextFile(`${folder}/ann.key`, ann.key),
    ]);
    const get = async (target: string, ...more: string[]) => {
      const trust = ["--cacert", `${folder}/own.pem`, "-w", "%{http_code}"];
      const words = [
        "-T",
        `${folder}/c.pem`,
        "-n",
        HOST,
        "--no-progress-meter",
        ...trust,
        ...more,
        target,
      ];
      return await run("main", "get", ...words);
    };
    assert.equal(
      (await get(url)).stdout,
      "Files are taken of clients that show a certificate.\n403",
    );
    assert.equal((await get(url, "-E", `${folder}/ann.pem`)).stdout, "201");
    const both = ["--cert", `${folder}/ann.pem`, "--key", `${folder}/ann.key`];
    assert.equal((await get(url, ...both)).stdout, "204");
    const tcp = await get(url, ...both, "--tcp-fallback", "--fallback-delay", "1");
    assert.equal(tcp.stdout, "204");
    assert.match(tcp.stderr, /going on over TCP/);
    for (const shown of [ann, otto]) {
      assert.ok(await overQuic(shown));
      assert.ok(await overTcp(shown));
    }
    await Deno.writeTextFile(`${folder}/ca.crl`, listed(9, 6));
    Deno.kill(server.pid, "SIGHUP");
    const news = () =>
      server.text.split("Using the changed list of revoked certificates").length - 1;
    const until = async (count: number) => {
      for (let i = 0; i < 300 && news() < count; i++) await new Promise((r) => setTimeout(r, 100));
      assert.equal(news(), count);
    };
    await until(1);
    assert.equal(await overQuic(otto), false, "its connection is open, and it is no user any more");
    await assert.rejects(overQuic(otto, []), { code: ErrorCode.CryptoError + REVOKED });
    await assert.rejects(overTcp(otto), TypeError);
    assert.ok(await overQuic(ann));
    assert.ok(await overTcp(ann));
    await Promise.all([
      Deno.writeTextFile(`${folder}/otto.pem`, otto.cert),
      Deno.writeTextFile(`${folder}/otto.key`, otto.key),
    ]);
    const theirs = ["--cert", `${folder}/otto.pem`, "--key", `${folder}/otto.key`];
    const refused = await get(url, ...theirs);
    assert.equal(refused.code, 35);
    assert.match(
      refused.stderr,
      /it does not take our certificate, .*has revoked it.* --cert FILE/,
    );
    // What cannot be used changes nothing, and what has changed is seen without a signal, too.
    await Deno.writeTextFile(`${folder}/ca.crl`, "nothing of the kind");
    Deno.kill(server.pid, "SIGHUP");
    await new Promise((resolve) => setTimeout(resolve, 1_000));
    assert.ok(await overQuic(ann));
    await assert.rejects(overQuic(otto, []), { code: ErrorCode.CryptoError + REVOKED });
    await Deno.writeTextFile(`${folder}/ca.crl`, listed(5));
    await until(2);
    await assert.rejects(overQuic(ann, []), { code: ErrorCode.CryptoError + REVOKED });
    const { code, stderr } = await server.stop();
    assert.equal(code, 0);
    assert.match(stderr, /^Cannot use the revocation list \S+ca.crl: .*; the old list stays\n$/);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("the server says which authority of clients it cannot use", async () => {
  const folder = await Deno.makeTempDir();
  try {
    await Deno.writeTextFile(`${folder}/ca.pem`, "no certificate");
    const { caPem } = await makeIssuedCertificate(["ann"]);
    await Deno.writeTextFile(`${folder}/good.pem`, caPem);
    const cases: [string[], number, RegExp][] = [
      [["--client-ca", "ca.pem"], 2, /--client-ca alone: give --allow-upload/],
      [["--allow-upload", "--client-ca", `${folder}/none`], 1, /no such file; .*--client-ca/],
      [
        ["--allow-upload", "--client-crl", "x"],
        2,
        /--client-crl alone: give --client-ca|everybody/,
      ],
      [
        ["--allow-upload", "--client-ca", `${folder}/good.pem`, "--client-crl", `${folder}/ca.pem`],
        1,
        /Cannot use the revocation list \S+ca.pem: there is none in PEM/,
      ],
      [
        ["--allow-upload", "--client-ca", `${folder}/good.pem`, "--client-crl", `${folder}/none`],
        1,
        /no such file; .*--client-crl/,
      ],
      [["--allow-upload", "--client-ca", `${folder}/ca.pem`], 1, /must have certificates in PEM/],
    ];
    await Promise.all(cases.map(async ([args, code, pattern]) => {
      const outcome = await run("server", "--host", HOST, "-p", "0", ...args, folder);
      assertSentence(outcome, code, pattern);
    }));
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
