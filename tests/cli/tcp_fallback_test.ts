import assert from "node:assert/strict";
import type { ServerResponse } from "node:http";
import { createSecureServer, type Http2ServerResponse } from "node:http2";
import { createServer } from "node:https";
import type { AddressInfo, Server } from "node:net";
import { reachOverTcp } from "../../cli/client/tcp_reach.ts";
import { makeIssuedCertificate, serve } from "../../mod.ts";
import { assertSentence, type Outcome, run } from "./program_runner.ts";

// What the client does where UDP does not get through.

const UDP = { transport: "udp", hostname: "127.0.0.1" } as const;

/** A server that is reached over TCP only, as if a firewall stood between. */
class TcpSite implements AsyncDisposable {
  readonly folder: string;
  readonly cert: string;
  readonly key: string;
  /** What was asked for, over TCP. */
  readonly asked: string[] = [];
  readonly #server: Deno.HttpServer<Deno.NetAddr>;

  private constructor(folder: string, cert: string, key: string) {
    this.folder = folder;
    this.cert = cert;
    this.key = key;
    const options = { hostname: "127.0.0.1", port: 0, cert, key, onListen: () => {} };
    this.#server = Deno.serve(options, (request) => this.#answer(request));
  }

  static async start(): Promise<TcpSite> {
    const folder = await Deno.makeTempDir();
    const { certPem, keyPem, caPem } = await makeIssuedCertificate(["127.0.0.1"]);
    await Deno.writeTextFile(`${folder}/authority.pem`, caPem);
    for (;;) {
      const site = new TcpSite(folder, certPem, keyPem);
      try {
        Deno.listenDatagram({ ...UDP, port: site.port }).close();
        return site;
      } catch (error) {
        // A server over UDP is to get the same port.
        if (!(error instanceof Deno.errors.AddrInUse)) throw error;
        await site.stop();
      }
    }
  }

  get port(): number {
    return this.#server.addr.port;
  }

  /** Runs the client, which trusts this server. */
  async run(path: string, ...args: string[]): Promise<Outcome> {
    const trust = ["--cacert", `${this.folder}/authority.pem`];
    return await run("client", ...trust, ...args, `https://127.0.0.1:${this.port}${path}`);
  }

  async #answer(request: Request): Promise<Response> {
    const { pathname } = new URL(request.url);
    this.asked.push(`${request.method} ${pathname} ${request.headers.get("accept-encoding")}`);
    if (pathname === "/moved") {
      return new Response("", { status: 302, headers: { location: "/x" } });
    }
    if (pathname === "/none") return new Response("none", { status: 404 });
    return new Response(`${pathname} over TCP ${await request.text()}`);
  }

  /** Nothing listens from now on. */
  stop(): Promise<void> {
    return this.#server.shutdown();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
    await Deno.remove(this.folder, { recursive: true });
  }
}

/** Not as long as by itself, so that the tests are short. */
const fallback = ["--tcp-fallback", "--fallback-delay", "300"];

/** UDP datagrams to a port of 127.0.0.1 come to a socket that never answers. */
function swallow(port: number): Disposable {
  const socket = Deno.listenDatagram({ transport: "udp", hostname: "127.0.0.1", port });
  return { [Symbol.dispose]: () => socket.close() };
}

Deno.test("the client goes over TCP where nothing listens for UDP, and says so", async () => {
  await using site = await TcpSite.start();
  const outcome = await site.run("/x", "--tcp-fallback", "-o", "-", "--data", "a=b");
  assert.equal(outcome.code, 0, outcome.stderr);
  assert.equal(outcome.stdout, "/x over TCP a=b");
  assert.match(
    outcome.stderr,
    /^client: HTTP\/3 does not get through to 127.* \(.+\); going on over TCP$/m,
  );
  assert.match(outcome.stderr, /^200 .*\/x 15 bytes$/m);
  assert.deepEqual(site.asked, ["POST /x null"]);
});

Deno.test("the client waits for UDP no longer than it is told, then goes over TCP", async () => {
  await using site = await TcpSite.start();
  using _silence = swallow(site.port);
  const start = performance.now();
  const outcome = await site.run("/moved", ...fallback, "-i");
  assert.equal(outcome.code, 0, outcome.stderr);
  assert.ok(performance.now() - start < 6_000);
  assert.match(outcome.stdout, /^HTTP\/2 200\r\n.*\r\n\r\n\/x over TCP $/s);
  assert.match(outcome.stderr, /\(nothing came in 0.3 s\); going on over TCP$/m);
  const silent = await site.run("/x", ...fallback, "-s", "-o", "-");
  assert.deepEqual([silent.stdout, silent.stderr], ["/x over TCP ", ""]);
});

Deno.test("mpquic get says which version of HTTP was spoken over TCP", async () => {
  const folder = await Deno.makeTempDir();
  const { certPem: cert, keyPem: key, caPem } = await makeIssuedCertificate(["127.0.0.1"]);
  await Deno.writeTextFile(`${folder}/ca`, caPem);
  const answer = (_: unknown, outgoing: ServerResponse | Http2ServerResponse) => {
    outgoing.setHeader("x", "y");
    outgoing.end("hi");
  };
  const servers: [server: Server, line: string, version: string][] = [
    [createSecureServer({ cert, key }, answer), "HTTP/2 200", "2"],
    [createServer({ cert, key }, answer), "HTTP/1.1 200 OK", "1.1"],
  ];
  for (const [server, line, version] of servers) {
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const url = `https://127.0.0.1:${(server.address() as AddressInfo).port}/`;
    const words = ["-sSiv", "--cacert", `${folder}/ca`, ...fallback, "-w", "%{http_version}", url];
    const { code, stdout, stderr } = await run("main", "get", ...words);
    assert.equal(code, 0, stderr);
    assert.ok(stdout.startsWith(`${line}\r\n`), stdout);
    assert.ok(stdout.endsWith(`\r\n\r\nhi${version}`), stdout);
    assert.ok(stderr.includes(`< ${line}\n`), stderr);
    await new Promise((resolve) => server.close(resolve));
  }
  await Deno.remove(folder, { recursive: true });
});

Deno.test("the client ends over TCP with the exit codes that it has over UDP", async () => {
  await using site = await TcpSite.start();
  const missing = await site.run("/none", ...fallback);
  assert.equal(missing.code, 1);
  assert.match(missing.stderr, /client: Cannot get .*\/none: the server answers 404/);
  const untrusted = await run("client", ...fallback, `https://127.0.0.1:${site.port}/`);
  assert.equal(untrusted.code, 1);
  assert.match(untrusted.stderr, /Cannot trust the certificate of 127.* --cacert FILE/);
  await site.stop();
  const nobody = await site.run("/", ...fallback);
  assert.equal(nobody.code, 1);
  assert.match(
    nobody.stderr,
    /client: Cannot reach 127.*: nothing answers over UDP, nor over TCP \(.*refused.*\); check/,
  );
});

Deno.test("the client stays with UDP where that works, and fails where it does not if told nothing", async () => {
  await using site = await TcpSite.start();
  // Other tests open sockets meanwhile; this one keeps the port, and answers nothing.
  const silent = Deno.listenDatagram({ ...UDP, port: site.port });
  const alone = await site.run("/x", "--connect-timeout", "0.5");
  silent.close();
  assertSentence(alone, 1, /Cannot reach .*--tcp-fallback/);
  await using _server = serve({
    port: site.port,
    localAddresses: ["127.0.0.1"],
    cert: site.cert,
    key: site.key,
  }, async () => {
    await new Promise((resolve) => setTimeout(resolve, 2_500));
    return new Response("over UDP");
  });
  // Once it is connected, the answer may take longer than the wait for that.
  const delay = ["--tcp-fallback", "--fallback-delay", "2000"];
  const outcome = await site.run("/x", ...delay, "-o", "-");
  assert.equal(outcome.stdout, "over UDP");
  assert.doesNotMatch(outcome.stderr, /TCP/);
  // A server that cannot prove its identity over UDP is not asked over TCP either.
  const url = `https://127.0.0.1:${site.port}/`;
  const untrusted = await run("client", "--tcp-fallback", url);
  assertSentence(untrusted, 1, /Cannot trust the certificate of/);
  assert.deepEqual(site.asked, []);
});

/** Carries connections to a TCP port, except those from one address, which get no answer. */
function relayTo(port: number, dead?: string): { port: number } & Disposable {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const connections: Deno.Conn[] = [];
  (async () => {
    for await (const near of listener) {
      connections.push(near);
      if (dead === undefined || (near.remoteAddr as Deno.NetAddr).hostname === dead) continue;
      const far = await Deno.connect({ hostname: "127.0.0.1", port });
      connections.push(far);
      near.readable.pipeTo(far.writable).catch(() => {});
      far.readable.pipeTo(near.writable).catch(() => {});
    }
  })();
  return {
    port: (listener.addr as Deno.NetAddr).port,
    [Symbol.dispose]() {
      listener.close();
      for (const connection of connections) {
        try {
          connection.close();
        } catch { /* it has closed by itself */ }
      }
    },
  };
}

Deno.test("the client spends no more than --connect-timeout on connecting, over TCP as well", async () => {
  using relay = relayTo(0); // accepts, and says nothing
  const start = performance.now();
  const url = `https://127.0.0.1:${relay.port}/`;
  const outcome = await run("client", "--tcp-fallback", "--connect-timeout", "1.5", url);
  const duration = performance.now() - start;
  assert.equal(outcome.code, 1, outcome.stderr);
  assert.match(
    outcome.stderr,
    /nothing answers over UDP, nor over TCP \(nothing came in \d\.\d s\)/,
  );
  assert.ok(duration < 5_000, `${duration} ms`);
});

Deno.test("the client goes over TCP from whichever address of -n is answered", async () => {
  await using site = await TcpSite.start();
  using relay = relayTo(site.port, "127.0.0.3");
  using _silence = swallow(relay.port);
  const { folder } = site;
  const trust = ["--cacert", `${folder}/authority.pem`, "--max-time", "20"];
  const url = `https://127.0.0.1:${relay.port}/x`;
  const lists = ["-n", "127.0.0.3,127.0.0.4", "-o", "-"];
  const outcome = await run("client", ...trust, ...fallback, ...lists, url);
  assert.equal(outcome.code, 0, outcome.stderr);
  assert.equal(outcome.stdout, "/x over TCP ");
});

Deno.test("the client says which logs it cannot write over TCP", async () => {
  await using site = await TcpSite.start();
  const logs = ["--qlog", `${site.folder}/qlog`, "--key-log", `${site.folder}/keys`];
  const outcome = await site.run("/x", ...fallback, ...logs);
  assert.equal(outcome.code, 0, outcome.stderr);
  const lines = outcome.stderr.split("\n").filter((line) => line.startsWith("client: Over TCP"));
  assert.deepEqual(lines, [
    "client: Over TCP there is no trace for --qlog",
    "client: Over TCP there are no secrets for --key-log: name the file in SSLKEYLOGFILE instead",
  ]);
});

Deno.test("the search for a way over TCP ends at once, also while a name is looked up", async () => {
  const url = new URL("https://nowhere.invalid/");
  const stopping = new AbortController();
  const reaching = reachOverTcp({
    url,
    localAddresses: [],
    timeout: 60_000,
    signal: stopping.signal,
  });
  const reason = new Error("enough");
  stopping.abort(reason);
  await assert.rejects(reaching, reason);
});
