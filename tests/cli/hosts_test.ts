import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import type { FileHandler } from "../../cli/files/static_files.ts";
import { CertificateNames } from "../../cli/server/certificate_names.ts";
import { byHost } from "../../cli/server/sites.ts";
import { dial, fetch, makeIssuedCertificate, type MultipathConnection } from "../../mod.ts";
import { RunningServer } from "./program_runner.ts";

// Several hosts on one server, each with its certificate.

const HOST = "127.0.0.1";
const HOSTS = ["a.example", "b.example"];

/** Certificates for hosts, in folders as certbot has them. */
async function issue(folder: string, host: string): Promise<string> {
  const { certPem, keyPem, caPem } = await makeIssuedCertificate([host, `*.${host}`]);
  await Deno.mkdir(`${folder}/${host}`, { recursive: true });
  await Deno.writeTextFile(`${folder}/${host}/fullchain.pem`, certPem);
  await Deno.writeTextFile(`${folder}/${host}/privkey.pem`, keyPem);
  return caPem;
}

/** Asks a server for a host, over HTTP/3 and over TCP. */
class Visitor {
  readonly #port: number;

  constructor(port: number) {
    this.#port = port;
  }

  /** Statuses and texts of answers, each of one request over a connection for a name. */
  async ask(serverName: string, host: string, caCert: string): Promise<[string, string]> {
    return await Promise.all([
      this.#overHttp3(serverName, host, caCert),
      this.#overTcp(serverName, host, caCert),
    ]);
  }

  /** A connection of HTTP/3 for a name. */
  async connect(serverName: string, caCert: string): Promise<MultipathConnection> {
    return await dial({
      hostname: HOST,
      port: this.#port,
      serverName,
      alpnProtocols: ["h3"],
      caCerts: [caCert],
      localAddresses: [HOST],
    });
  }

  async #overHttp3(serverName: string, host: string, caCert: string): Promise<string> {
    await using connection = await this.connect(serverName, caCert);
    const response = await fetch(`https://${host}:${this.#port}/`, { connection });
    return `${response.status} ${await response.text()}`;
  }

  async #overTcp(serverName: string, host: string, caCert: string): Promise<string> {
    const plain = await Deno.connect({ hostname: HOST, port: this.#port });
    using conn = await Deno.startTls(plain, { hostname: serverName, caCerts: [caCert] });
    const fields = `host: ${host}:${this.#port}\r\nconnection: close\r\n\r\n`;
    await conn.write(new TextEncoder().encode(`GET / HTTP/1.1\r\n${fields}`));
    const text = await new Response(conn.readable).text();
    return `${text.slice(9, 12)} ${text.slice(text.indexOf("\r\n\r\n") + 4)}`;
  }
}

Deno.test("CertificateNames.covers() knows names, stars and addresses", async () => {
  const hosts = ["a.example", "*.b.example", "192.0.2.7", "2001:db8::1"];
  const names = new CertificateNames((await makeIssuedCertificate(hosts)).certPem);
  const good = ["a.example", "A.example.", "x.b.example", "192.0.2.7", "[2001:db8::1]"];
  const bad = ["b.example", "x.y.b.example", "x.a.example", "192.0.2.8", "[2001:db8::2]", "", "*"];
  assert.deepEqual(good.filter((host) => !names.covers(host)), []);
  assert.deepEqual(bad.filter((host) => names.covers(host)), []);
});

Deno.test("the server shows the certificate of each host, and renews it", async () => {
  const folder = await Deno.makeTempDir();
  try {
    await Deno.mkdir(`${folder}/site`);
    await Deno.writeTextFile(`${folder}/site/index.html`, "here");
    const [a, b] = await Promise.all(HOSTS.map((host) => issue(folder, host)));
    const flags = HOSTS.map((host) => `-certpath=${folder}/${host}`);
    await using server = await RunningServer.start(
      ...["--host", HOST, "-p", "0", "-tcp", ...flags, `${folder}/site`],
    );
    const visitor = new Visitor(server.port);
    assert.deepEqual(await visitor.ask("a.example", "a.example", a!), ["200 here", "200 here"]);
    assert.deepEqual(await visitor.ask("b.example", "b.example", b!), ["200 here", "200 here"]);
    assert.deepEqual(await visitor.ask("x.b.example", "b.example", b!), ["200 here", "200 here"]);
    // The connection is one for another certificate.
    assert.deepEqual(await visitor.ask("a.example", "b.example", a!), ["421 ", "421 "]);
    // The first certificate is for names that no other one is good for.
    await assert.rejects(visitor.ask("c.example", "c.example", a!), /a\.example/);

    const renewed = await issue(folder, "b.example");
    Deno.kill(server.pid, "SIGHUP");
    while (!server.text.includes("Using the renewed certificate ")) await pause();
    assert.match(server.text, /Using the renewed certificate .*\/b\.example\/fullchain\.pem\n/);
    assert.deepEqual(
      await visitor.ask("b.example", "b.example", renewed),
      ["200 here", "200 here"],
    );
    await assert.rejects(visitor.ask("b.example", "b.example", b!));
    assert.deepEqual(await visitor.ask("a.example", "a.example", a!), ["200 here", "200 here"]);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("byHost() puts a name before a star, and refuses hosts that it does not know", async () => {
  const answer = (text: string): FileHandler => () => Promise.resolve(new Response(text));
  const sites = [
    { hosts: ["*.a.example", "b.example"], handler: answer("star") },
    { hosts: ["x.a.example", "[::1]"], handler: answer("name") },
  ];
  const ask = async (handler: FileHandler, host: string) => {
    const response = await handler(new Request(`https://${host}/`));
    return response.status === 200 ? await response.text() : response.status;
  };
  const cases: [string, string | number][] = [
    ["x.a.example", "name"],
    ["X.A.example.:1", "name"],
    ["y.a.example", "star"],
    ["b.example", "star"],
    ["[::1]", "name"],
    ["a.example", 421],
    ["z.y.a.example", 421],
    ["127.0.0.1", 421],
  ];
  for (const [host, expected] of cases) {
    assert.equal(await ask(byHost(sites), host), expected, host);
    const other = await ask(byHost(sites, answer("other")), host);
    assert.equal(other, expected === 421 ? "other" : expected, host);
  }
});

Deno.test("the server shows each host its folder, and takes uploads into it", async () => {
  const folder = await Deno.makeTempDir();
  try {
    for (const host of [...HOSTS, "other"]) {
      await Deno.mkdir(`${folder}/www/${host}`, { recursive: true });
      await Deno.writeTextFile(`${folder}/www/${host}/index.html`, `site of ${host}`);
    }
    const [a, b] = await Promise.all(HOSTS.map((host) => issue(folder, host)));
    const hash = createHash("sha256").update("secret").digest("hex");
    await Deno.writeTextFile(`${folder}/users`, `me:${hash}\n`);
    const flags = HOSTS.map((host) => `-certpath=${folder}/${host}`);
    await using server = await RunningServer.start(
      ...["--host", HOST, "-p", "0", "-tcp", ...flags],
      ...["--site", `a.example=${folder}/www/a.example`],
      ...["--site", `b.example,*.b.example=${folder}/www/b.example`],
      ...["--allow-upload", "--auth", `${folder}/users`],
    );
    assert.match(server.text, /Serving .*\/www\/b\.example for b\.example, \*\.b\.example\n/);
    const visitor = new Visitor(server.port);
    const twice = (text: string) => [text, text];
    assert.deepEqual(
      await visitor.ask("a.example", "a.example", a!),
      twice("200 site of a.example"),
    );
    assert.deepEqual(
      await visitor.ask("y.b.example", "x.b.example", b!),
      twice("200 site of b.example"),
    );
    // The certificate is good for it, and there is no folder.
    const [overHttp3, overTcp] = await visitor.ask("a.example", "x.a.example", a!);
    assert.deepEqual([overHttp3!.slice(0, 3), overTcp!.slice(0, 3)], twice("421"));

    await using connection = await visitor.connect("b.example", b!);
    const response = await fetch(`https://b.example:${server.port}/new`, {
      connection,
      method: "PUT",
      body: "text",
      headers: { authorization: `Basic ${btoa("me:secret")}` },
    });
    assert.equal(response.status, 201);
    assert.equal(await Deno.readTextFile(`${folder}/www/b.example/new`), "text");
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

function pause(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 20));
}
