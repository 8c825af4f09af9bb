import assert from "node:assert/strict";
import {
  type HttpServer,
  makeIssuedCertificate,
  type MultipathConnection,
  serve,
} from "../../mod.ts";
import { readTrace } from "../qlog/read_trace.ts";
import { assertSentence, command, type Outcome, run } from "./program_runner.ts";

// What a user of curl expects of the client, against a server that tells what it was asked.

/** A server, and a folder with its authority. */
class Echo implements AsyncDisposable {
  readonly folder: string;
  readonly #server: HttpServer<MultipathConnection>;

  private constructor(folder: string, server: HttpServer<MultipathConnection>) {
    this.folder = folder;
    this.#server = server;
  }

  static async start(): Promise<Echo> {
    const folder = await Deno.makeTempDir();
    const { certPem, keyPem, caPem } = await makeIssuedCertificate(["127.0.0.1", "localhost"]);
    await Deno.writeTextFile(`${folder}/authority.pem`, caPem);
    const options = { port: 0, localAddresses: ["127.0.0.1"], cert: certPem, key: keyPem };
    return new Echo(folder, serve(options, answer));
  }

  url(path = "/"): string {
    return `https://127.0.0.1:${this.#server.addr.port}${path}`;
  }

  /** Runs the client, which trusts this server. */
  async run(...args: string[]): Promise<Outcome> {
    return await run("client", "--cacert", `${this.folder}/authority.pem`, ...args);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#server.shutdown();
    await Deno.remove(this.folder, { recursive: true });
  }
}

/** Hears of the first bytes of a body that is counted. */
let onArrival = () => {};

async function count(request: Request): Promise<Response> {
  let length = 0;
  for await (const chunk of request.body!) {
    length += chunk.length;
    onArrival();
  }
  return new Response(`${length} content-length=${request.headers.get("content-length")}`);
}

async function answer(request: Request): Promise<Response> {
  const { pathname } = new URL(request.url);
  if (pathname === "/count") return await count(request);
  if (pathname === "/elsewhere") {
    await request.body?.cancel();
    return new Response(null, { status: 307, headers: { location: "/count" } });
  }
  if (pathname === "/slow") return new Response(new ReadableStream());
  if (pathname === "/moved") return new Response(null, { status: 303, headers: { location: "/" } });
  const names = ["x-a", "content-type", "content-length"];
  const fields = names.map((name) => `${name}=${request.headers.get(name)}`).join(" ");
  const text = `${request.method} ${fields} <${await request.text()}>`;
  const headers = { "x-seen": "yes", "content-type": "text/plain" };
  return new Response(text, { status: pathname === "/gone" ? 410 : 200, headers });
}

const none = "x-a=null content-type=null content-length=null";
const form = "content-type=application/x-www-form-urlencoded";

Deno.test("the client sends the method, the fields and the body it is given", async () => {
  await using echo = await Echo.start();
  await Deno.writeTextFile(`${echo.folder}/body`, "from\na file");
  const cases: readonly [args: string[], text: string][] = [
    [[], `GET ${none} <>`],
    [["-X", "PUT"], "PUT x-a=null content-type=null content-length=0 <>"],
    [["-H", "X-A: b", "--header=x-a:c"], `GET x-a=b, c content-type=null content-length=null <>`],
    [["--data", "a=b"], `POST x-a=null ${form} content-length=3 <a=b>`],
    [
      ["--data", "a", "--data", "b", "-X", "PATCH"],
      `PATCH x-a=null ${form} content-length=3 <a&b>`,
    ],
    [
      ["--data", `@${echo.folder}/body`, "-H", "content-type: text/x"],
      "POST x-a=null content-type=text/x content-length=11 <from\na file>",
    ],
  ];
  await Promise.all(cases.map(async ([args, text]) => {
    const { code, stdout, stderr } = await echo.run(...args, "-o", "-", echo.url());
    assert.equal(code, 0, stderr);
    assert.equal(stdout, text, args.join(" "));
  }));
});

Deno.test("the client sends what stands on its standard input", async () => {
  await using echo = await Echo.start();
  const args = ["--cacert", `${echo.folder}/authority.pem`, "--data", "@-", "-o", "-", echo.url()];
  const child = command("client", args, "piped").spawn();
  const writer = child.stdin.getWriter();
  await writer.write(new TextEncoder().encode("piped"));
  await writer.close();
  const { code, stdout } = await child.output();
  assert.equal(code, 0);
  assert.match(new TextDecoder().decode(stdout), /^POST .*content-length=5 <piped>$/);
});

Deno.test("the client sends long content while it reads it", async () => {
  await using echo = await Echo.start();
  const megabytes = new Uint8Array(3_000_000);
  await Deno.writeFile(`${echo.folder}/long`, megabytes);
  const filed = await echo.run("--data", `@${echo.folder}/long`, "-o", "-", echo.url("/elsewhere"));
  assert.equal(filed.stdout, "3000000 content-length=3000000", filed.stderr);

  const trust = ["--cacert", `${echo.folder}/authority.pem`, "-m", "20"];
  const arrival = Promise.withResolvers<void>();
  onArrival = arrival.resolve;
  const child = command(
    "client",
    [...trust, "--data", "@-", "-o", "-", echo.url("/count")],
    "piped",
  )
    .spawn();
  const output = child.output();
  const writer = child.stdin.getWriter();
  await writer.write(megabytes);
  await Promise.race([arrival.promise, output]); // before the end is known
  await writer.write(megabytes);
  await writer.close();
  assert.equal(new TextDecoder().decode((await output).stdout), "6000000 content-length=null");

  const again = command("client", [...trust, "--data", "@-", echo.url("/elsewhere")], "piped")
    .spawn();
  const told = again.output();
  const rest = again.stdin.getWriter();
  await rest.write(megabytes).then(() => rest.close()).catch(() => {}); // it is not read to its end
  assert.match(
    new TextDecoder().decode((await told).stderr),
    /^client: Cannot send standard input a second time: put it into a file/m,
  );
});

Deno.test("the client sends the body once only when it is redirected away from a form", async () => {
  await using echo = await Echo.start();
  const { code, stdout } = await echo.run("--data", "x", "-o", "-", echo.url("/moved"));
  assert.equal(code, 0);
  assert.equal(stdout, `GET ${none} <>`);
});

Deno.test("the client shows status and fields with -i, of failures too, and alone with -I", async () => {
  await using echo = await Echo.start();
  const good = await echo.run("-i", echo.url());
  assert.equal(good.code, 0, good.stderr);
  assert.match(good.stdout, /^HTTP\/3 200\r\n(?:[\w-]+: .*\r\n)*x-seen: yes\r\n\r\nGET .*<>$/);
  const bad = await echo.run("-i", echo.url("/gone"));
  assert.equal(bad.code, 1);
  assert.match(bad.stdout, /^HTTP\/3 410\r\n.*\r\n\r\nGET .*<>$/s);
  assert.match(bad.stderr, /client: Cannot get .*\/gone: the server answers 410/);
  const head = await echo.run("-I", echo.url());
  assert.equal(head.code, 0, head.stderr);
  assert.match(head.stdout, /^HTTP\/3 200\r\n(?:[\w-]+: .*\r\n)*\r\n$/);
  const path = `${echo.folder}/out`;
  const filed = await echo.run("-i", "-o", path, echo.url());
  assert.match(filed.stdout, /^\d+ bytes in /, "then the summary has standard output for itself");
  assert.match(await Deno.readTextFile(path), /^HTTP\/3 200\r\n/);
});

Deno.test("the client is silent with -s, except for what went wrong and what -v asks for", async () => {
  await using echo = await Echo.start();
  const silent = await echo.run("-s", "-n", "127.0.0.1", echo.url());
  assert.deepEqual(silent, { code: 0, stdout: "", stderr: "" });
  assertSentence(await echo.run("-s", echo.url("/gone")), 1, /the server answers 410/);
  const told = await echo.run("-s", "-v", "-H", "x-a: b", echo.url("/?q"));
  assert.equal(told.stdout, "");
  assert.match(told.stderr, /^\* QUIC v1, TLS_\w+, several paths, handshake in [\d.]+ ms$/m);
  assert.match(told.stderr, /^> GET \/\?q\n> x-a: b$/m);
  assert.match(told.stderr, /^< HTTP\/3 200$/m);
  assert.match(told.stderr, /^< x-seen: yes$/m);
});

Deno.test("the client gives up when it takes too long", async () => {
  await using echo = await Echo.start();
  const start = performance.now();
  const slow = await echo.run("-m", "1", echo.url("/slow"));
  assertSentence(slow, 1, /Cannot finish in 1 s; allow more with --max-time/);
  const silent = Deno.listenDatagram({ transport: "udp", hostname: "127.0.0.1", port: 0 });
  const { port } = silent.addr as Deno.NetAddr;
  const url = `https://127.0.0.1:${port}/`;
  assertSentence(await echo.run("--connect-timeout", "0.5", url), 1, /nothing answers/);
  assert.ok(performance.now() - start < 9_000);
  silent.close();
});

Deno.test("the client leaves traces and secrets where it is told to", async () => {
  await using echo = await Echo.start();
  const { folder } = echo;
  const logs = ["--qlog", `${folder}/traces`, "--key-log", `${folder}/keys`];
  const outcome = await echo.run(...logs, echo.url());
  assert.equal(outcome.code, 0, outcome.stderr);
  const [file, ...others] = [...Deno.readDirSync(`${folder}/traces`)];
  assert.equal(others.length, 0);
  const { events } = readTrace(await Deno.readTextFile(`${folder}/traces/${file!.name}`));
  assert.ok(events.some(({ name }) => name === "http3:frame_parsed"));
  assert.ok(events.some(({ name }) => name === "quic:connection_closed"), "to its very end");
  assert.match(await Deno.readTextFile(`${folder}/keys`), /^SERVER_TRAFFIC_SECRET_0 [0-9a-f]+ /m);
  const missing = await echo.run("--key-log", `${folder}/none/keys`, echo.url());
  assertSentence(missing, 1, /Cannot write secrets to .*--key-log/);
  const data = await echo.run("--data", `@${folder}/none`, echo.url());
  assertSentence(data, 1, /Cannot read .*there is no such file; .*--data @FILE/);
});
