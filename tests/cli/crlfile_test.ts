import assert from "node:assert/strict";
import { serve, serveTcp } from "../../mod.ts";
import { makeRevocable, SERIAL } from "../tls/revocable.ts";
import { assertSentence, mainCommand, run, RunningServer } from "./program_runner.ts";

Deno.test("mpquic get asks lists of revoked certificates, as curl does with --crlfile", async () => {
  const folder = await Deno.makeTempDir();
  const now = Date.now();
  const { ca, identity, listOf } = makeRevocable();
  const place = { port: 0, localAddresses: ["127.0.0.1"] };
  await using server = serve({ ...place, ...identity }, () => new Response("fine"));
  const list = (serial: number, nextUpdate?: number) => listOf([serial], nextUpdate);
  let url = `https://127.0.0.1:${server.addr.port}/`;
  const get = async (text: string, ...more: string[]) => {
    await Deno.writeTextFile(`${folder}/crl`, text);
    const words = ["--cacert", `${folder}/ca`, "--crlfile", `${folder}/crl`, "-n", "127.0.0.1"];
    return await run("main", "get", "-sS", ...words, ...more, url);
  };
  try {
    await Deno.writeTextFile(`${folder}/ca`, ca);
    const good = await get(list(78));
    assert.deepEqual([good.code, good.stdout], [0, "fine"]);
    // Nothing listens for UDP there.
    await using tcp = await serveTcp({ ...place, ...identity }, () => new Response("over TCP"));
    const overTcp = async (text: string, ...more: string[]) => {
      url = `https://127.0.0.1:${tcp.addrs[0]!.port}/`;
      return await get(text, "--tcp-fallback", "--fallback-delay", "300", ...more);
    };
    const fine = await overTcp(list(78));
    assert.deepEqual([fine.code, fine.stdout], [0, "over TCP"], fine.stderr);
    const revoked = await overTcp(list(77));
    assert.match(revoked.stderr, /: CN=ca has revoked it; ask those who run the server/);
    assert.deepEqual([revoked.code, revoked.stdout], [60, ""]);
    const over = await overTcp(list(78, now - 60_000));
    assert.match(over.stderr, /was good until .*; get the newest lists for --crlfile/);
    assert.equal(over.code, 60);
    url = `https://127.0.0.1:${server.addr.port}/`;
    const cases: [text: string, code: number, pattern: RegExp, more?: string[]][] = [
      [list(77), 60, /: CN=ca has revoked it; ask those who run the server/],
      [
        list(78, now - 60_000),
        60,
        /the list of CN=ca was good until .*; get the newest lists for --crlfile/,
      ],
      ["nothing", 82, /Cannot use the revocation list \S+crl: there is none in PEM/],
      [list(78), 2, /--insecure and --crlfile together/, ["-k"]],
      [list(78), 2, /--key alone: give --cert FILE/, ["--key", `${folder}/crl`]],
      [list(78), 58, /Cannot use \S+ca: name the file of a private key/, ["-E", `${folder}/ca`]],
    ];
    for (const [text, code, pattern, more = []] of cases) {
      const outcome = await get(text, ...more);
      assert.match(outcome.stderr, pattern);
      assert.equal(outcome.code, code, outcome.stderr);
    }
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("check, proxy and the client ask lists of revoked certificates, too", async () => {
  const folder = await Deno.makeTempDir();
  const { ca, identity, listOf } = makeRevocable();
  const place = { port: 0, localAddresses: ["127.0.0.1"], ...identity };
  await using server = serve(place, () => new Response("fine"));
  await using tcp = await serveTcp(place, () => new Response("fine"));
  const [good, bad] = [`${folder}/good`, `${folder}/bad`];
  const trust = (crl: string) => ["--cacert", `${folder}/ca`, "--crlfile", crl];
  const check = (...more: string[]) =>
    run("main", "check", ...more, `https://127.0.0.1:${server.addr.port}/`);
  try {
    await Deno.writeTextFile(`${folder}/ca`, ca);
    await Deno.writeTextFile(good, listOf([SERIAL + 1]));
    await Deno.writeTextFile(bad, listOf([SERIAL]));
    const fine = await check(...trust(good));
    assert.match(fine.stdout, /answers 200/);
    const revoked = await check(...trust(bad));
    assert.match(
      revoked.stdout.replaceAll(/\s+/g, " "),
      /: CN=ca has revoked it; ask those who run/,
    );
    assert.equal(revoked.code, 1);
    const url = `https://127.0.0.1:${server.addr.port}/`;
    const got = await run("client", ...trust(good), "-n", "127.0.0.1", "-o", "-", url);
    assert.deepEqual([got.code, got.stdout], [0, "fine"], got.stderr);
    const refused = await run("client", ...trust(bad), "-n", "127.0.0.1", "-o", "-", url);
    assertSentence(refused, 1, /CN=ca has revoked it/);
    for (const command of ["check", "proxy"]) {
      const via = command === "proxy" ? ["--via", "https://127.0.0.1:9"] : [];
      const both = await run("main", command, "-k", "--crlfile", good, ...via);
      assertSentence(both, 2, /--insecure and --crlfile together/);
    }
    const missing = await run("main", "proxy", "--via", "https://127.0.0.1:9", ...trust("nowhere"));
    assertSentence(missing, 1, /Cannot read nowhere: there is no such file; .*--crlfile/);
    // Over QUIC, and over TCP where no gateway answers over UDP.
    for (const port of [server.addr.port, tcp.addrs[0]!.port]) {
      for (const [crl, expected] of [[good, /opens no tunnel/], [bad, /has revoked it/]] as const) {
        const near = await RunningServer.of(mainCommand([
          ...["proxy", "--via", `https://127.0.0.1:${port}`, "--listen", "127.0.0.1:0"],
          ...["-n", "127.0.0.1", ...trust(crl)],
        ]));
        const proxy = { transport: "http", url: `http://127.0.0.1:${near.port}` } as const;
        using client = Deno.createHttpClient({ proxy });
        const response = await fetch("http://127.0.0.1:8009/", { client });
        assert.equal(response.ok, false);
        assert.match(await response.text(), expected);
        await near.stop();
      }
    }
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
