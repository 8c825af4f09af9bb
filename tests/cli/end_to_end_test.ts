import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { makeIssuedCertificate } from "../../mod.ts";
import { assertSentence, command, run, RunningServer } from "./program_runner.ts";

/** A folder with certificates and files, and a file of pseudo-random bytes. */
class Site implements AsyncDisposable {
  readonly path: string;
  readonly data: Uint8Array<ArrayBuffer>;

  private constructor(path: string, data: Uint8Array<ArrayBuffer>) {
    this.path = path;
    this.data = data;
  }

  static async make(): Promise<Site> {
    const path = await Deno.makeTempDir();
    const data = new Uint8Array(5_000_000).map((_, i) => (i * 2654435761) >>> 13);
    const issued = await makeIssuedCertificate(["localhost", "127.0.0.1"]);
    await Deno.writeTextFile(`${path}/fullchain.pem`, issued.certPem);
    await Deno.writeTextFile(`${path}/privkey.pem`, issued.keyPem);
    await Deno.writeTextFile(`${path}/authority.pem`, issued.caPem);
    await Deno.mkdir(`${path}/www`);
    await Deno.writeFile(`${path}/www/file.bin`, data);
    const images = Array.from({ length: 20 }, (_, i) => `<img src="image${i}.svg">`).join("");
    await Deno.writeTextFile(`${path}/www/page.html`, `<link rel=icon href=gone.ico>${images}`);
    for (let i = 0; i < 20; i++) await Deno.writeTextFile(`${path}/www/image${i}.svg`, "<svg/>");
    return new Site(path, data);
  }

  /** Starts a server for it at a free port. */
  async serve(...args: string[]): Promise<RunningServer> {
    const files = ["-www", `${this.path}/www`, "-certpath", this.path];
    return await RunningServer.start(...files, "-port", "0", ...args);
  }

  get trust(): string[] {
    return ["--cacert", `${this.path}/authority.pem`];
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Deno.remove(this.path, { recursive: true });
  }
}

function hash(data: Uint8Array<ArrayBuffer>): string {
  return createHash("sha256").update(data).digest("hex");
}

Deno.test("client and server carry a file over two paths to two addresses", async () => {
  await using site = await Site.make();
  await using server = await site.serve("-n", "127.0.0.1,127.0.0.2", "-v");
  const copy = `${site.path}/copy.bin`;
  const paths = ["-n", "127.0.0.1,127.0.0.2", "-mip", `127.0.0.2:${server.port}`, "-sc", "rr"];
  const url = `https://localhost:${server.port}/file.bin`;
  const outcome = await run("client", ...site.trust, ...paths, "-o", copy, url);
  assert.equal(outcome.code, 0, outcome.stderr);
  assert.equal(hash(await Deno.readFile(copy)), hash(site.data));
  assert.match(outcome.stderr, /200 .*file\.bin 5000000 bytes/);
  assert.match(outcome.stdout, /^5000000 bytes in \d+\.\d\d s/);
  // Whichever was answered first is path 0.
  for (const host of ["127.0.0.1", "127.0.0.2"]) {
    const way = `${host}:\\d+ -> ${host}:${server.port}`;
    assert.match(outcome.stdout, new RegExp(`^[01] .*${way} .* open$`, "m"));
    assert.match(outcome.stderr, new RegExp(`^Path [01].* \\(${way}\\) works$`, "m"));
  }
});

Deno.test("the client goes on with those interfaces of -n that are there, and that lead anywhere", async () => {
  await using site = await Site.make();
  const server = await site.serve("-n", "no-such-name,127.0.0.1");
  const silence = Deno.listenDatagram({
    transport: "udp",
    hostname: "127.0.0.9",
    port: server.port,
  });
  try {
    const url = `https://127.0.0.9:${server.port}/file.bin`;
    const lists = ["-n", "127.0.0.3,127.0.0.4,no-such-name", "-mip", "127.0.0.1,127.0.0.1"];
    const outcome = await run("client", "-k", ...lists, url);
    assert.equal(outcome.code, 0, outcome.stderr);
    assert.match(outcome.stderr, /^client: "no-such-name" has no address now, it is used once/m);
    assert.match(outcome.stdout, /^0 +127\.0\.0\.4:\d+ -> 127\.0\.0\.1:/m);
  } finally {
    silence.close();
  }
  const { stderr } = await server.stop();
  assert.match(stderr, /^server: "no-such-name" has no address now/);
});

Deno.test("the client uses one interface twice with -fmp", async () => {
  await using site = await Site.make();
  await using server = await site.serve("-n", "127.0.0.1");
  const url = `https://127.0.0.1:${server.port}/file.bin`;
  const outcome = await run("client", "-k", "-fmp", "--local-address", "127.0.0.1", url);
  assert.equal(outcome.code, 0, outcome.stderr);
  const local = [...outcome.stdout.matchAll(/127\.0\.0\.1:(\d+) -> /g)].map((match) => match[1]);
  assert.equal(new Set(local).size, 2, outcome.stdout);
});

Deno.test("the client writes to standard output and also fetches what a page loads", async () => {
  await using site = await Site.make();
  await using server = await site.serve("-n", "127.0.0.1", "-v");
  const origin = `https://127.0.0.1:${server.port}`;
  const page = await run("client", ...site.trust, "-v", "-o", "-", `${origin}/page.html`);
  assert.equal(page.code, 0, page.stderr);
  assert.equal(page.stdout, await Deno.readTextFile(`${site.path}/www/page.html`));
  assert.match(page.stderr, /404 .*gone\.ico/);
  for (let i = 0; i < 20; i++) assert.ok(page.stderr.includes(`200 ${origin}/image${i}.svg`));
  assert.match(server.text, /GET .*\/image19\.svg 200/);
});

Deno.test("the client ends with an exit code when the server has no such file", async () => {
  await using site = await Site.make();
  await using server = await site.serve("-n", "127.0.0.1");
  const missing = `https://127.0.0.1:${server.port}/missing`;
  const outcome = await run("client", ...site.trust, "-o", `${site.path}/none`, missing);
  assertSentence(outcome, 1, /Cannot get .*missing: the server answers 404; check the path/);
  assert.equal(outcome.stdout, "");
  await assert.rejects(Deno.stat(`${site.path}/none`), Deno.errors.NotFound);
});

Deno.test("the client follows redirects within the server", async () => {
  await using site = await Site.make();
  await Deno.mkdir(`${site.path}/www/folder`);
  await Deno.writeTextFile(`${site.path}/www/folder/index.html`, '<img src="../image1.svg">');
  await using server = await site.serve("-n", "127.0.0.1");
  const origin = `https://127.0.0.1:${server.port}`;
  const outcome = await run("client", ...site.trust, "-v", `${origin}/folder`);
  assert.equal(outcome.code, 0, outcome.stderr);
  assert.match(outcome.stderr, new RegExp(`200 ${origin}/image1.svg`));
});

Deno.test("the client refuses a certificate it cannot trust, unless told otherwise", async () => {
  await using site = await Site.make();
  await using server = await site.serve("-n", "127.0.0.1");
  const url = `https://127.0.0.1:${server.port}/page.html`;
  assertSentence(await run("client", url), 1, /certificate of 127.*--cacert FILE.*--insecure/);
  const other = `https://127.0.0.2:${server.port}/page.html`; // not a name in the certificate
  await using second = await site.serve("-n", "127.0.0.2");
  const wrongName = other.replace(String(server.port), String(second.port));
  assertSentence(await run("client", ...site.trust, wrongName), 1, /certificate of 127\.0\.0\.2/);
  assert.equal((await run("client", "--insecure", wrongName)).code, 0);
});

Deno.test("the client says that nothing answers", async () => {
  const silent = Deno.listenDatagram({ transport: "udp", hostname: "127.0.0.1", port: 0 });
  try {
    const url = `https://127.0.0.1:${(silent.addr as Deno.NetAddr).port}/`;
    assertSentence(await run("client", url), 1, /Cannot reach .*check that/);
  } finally {
    silent.close();
  }
});

Deno.test("the server says that its port is in use", async () => {
  await using site = await Site.make();
  await using server = await site.serve("-n", "127.0.0.1");
  const taken = ["-port", String(server.port), "-n", "127.0.0.1"];
  assertSentence(await run("server", ...taken), 1, /UDP port \d+ .*another program.*-port/);
  using blocker = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = blocker.addr as Deno.NetAddr;
  const tcp = ["-tcp", "-port", String(port), "-n", "127.0.0.1"];
  assertSentence(await run("server", ...tcp), 1, /TCP port \d+ .*another program.*-port/);
});

Deno.test("the server also answers over TCP with -tcp, and points to HTTP/3", async () => {
  await using site = await Site.make();
  await using server = await site.serve("-n", "127.0.0.1", "-tcp");
  const caCerts = [await Deno.readTextFile(`${site.path}/authority.pem`)];
  using client = Deno.createHttpClient({ caCerts });
  const response = await fetch(`https://localhost:${server.port}/file.bin`, { client });
  assert.equal(response.headers.get("alt-svc"), `h3=":${server.port}"; ma=86400`);
  assert.equal(hash(new Uint8Array(await response.arrayBuffer())), hash(site.data));
});

Deno.test("the server makes a certificate when it has none, and says how to use it", async () => {
  await using server = await RunningServer.start("-port", "0", "-n", "127.0.0.1", "-www", ".");
  assert.match(server.text, /certificate made for development/);
  const pin = /SPKI\): ([A-Za-z0-9+/]{43}=)\n/.exec(server.text)![1]!;
  assert.ok(server.text.includes(`--ignore-certificate-errors-spki-list=${pin}`));
  const url = `https://localhost:${server.port}/`;
  assert.equal((await run("client", "--insecure", "-n", "127.0.0.1", url)).code, 0);
});

Deno.test("the client closes its connection when it is interrupted", async () => {
  await using site = await Site.make();
  await Deno.truncate(`${site.path}/www/file.bin`, 2_000_000_000);
  await using server = await site.serve("-n", "127.0.0.1");
  const url = `https://127.0.0.1:${server.port}/file.bin`;
  const client = command("client", [...site.trust, url]).spawn();
  let text = "";
  for await (const piece of client.stderr.pipeThrough(new TextDecoderStream())) {
    if (text === "") client.kill("SIGINT"); // the first line of progress is there
    text += piece;
  }
  await client.stdout.cancel();
  assert.equal((await client.status).code, 130);
  assert.match(text, /client: Stopped before the end\n$/);
});

Deno.test("the client and the server take every flag of 2018 together, and later ones", async () => {
  await using site = await Site.make();
  const shared = [
    "-cc",
    "bbr",
    "-v",
    "-sc",
    "mrtt",
    "-ssc",
    "prio",
    "--reinjection",
    "noCopies",
    "-c",
    "32",
    "-f",
    "512",
    "-n",
    "127.0.0.1",
  ];
  await using server = await site.serve(...shared);
  const page = `https://127.0.0.1:${server.port}/page.html`;
  const outcome = await run("client", ...shared, ...site.trust, "-fmp", "-d", "50", page, page);
  assert.equal(outcome.code, 0, outcome.stderr);
});
