import assert from "node:assert/strict";
import { serve, serveTcp } from "../../mod.ts";
import { integer, time } from "../tls/der_writer.ts";
import { alternativeNames, authority, forge, generalName } from "../tls/forge.ts";
import { forgeList, pem } from "../tls/forge_list.ts";
import { run } from "./program_runner.ts";

Deno.test("mpquic get asks lists of revoked certificates, as curl does with --crlfile", async () => {
  const folder = await Deno.makeTempDir();
  const now = Date.now();
  const times = { notBefore: now - 3_600_000, notAfter: now + 3_600_000 };
  const ca = forge({ subject: "ca", extensions: [authority()], ...times });
  const own = forge({
    subject: "server",
    issuer: ca,
    serial: integer(77),
    extensions: [alternativeNames(generalName.ip(127, 0, 0, 1))],
    ...times,
  });
  const key = own.privateKey.export({ format: "pem", type: "pkcs8" }).toString();
  const place = { port: 0, localAddresses: ["127.0.0.1"] };
  const identity = { cert: pem(own.der, "CERTIFICATE"), key };
  await using server = serve({ ...place, ...identity }, () => new Response("fine"));
  const list = (serial: number, nextUpdate = times.notAfter) =>
    pem(forgeList({
      issuer: ca,
      serials: [integer(serial)],
      thisUpdate: times.notBefore,
      nextUpdate: time(nextUpdate),
    }));
  let url = `https://127.0.0.1:${server.addr.port}/`;
  const get = async (text: string, ...more: string[]) => {
    await Deno.writeTextFile(`${folder}/crl`, text);
    const words = ["--cacert", `${folder}/ca`, "--crlfile", `${folder}/crl`, "-n", "127.0.0.1"];
    return await run("main", "get", "-sS", ...words, ...more, url);
  };
  try {
    await Deno.writeTextFile(`${folder}/ca`, pem(ca.der, "CERTIFICATE"));
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
