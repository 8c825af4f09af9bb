import assert from "node:assert/strict";
import { createFetch, type Fetch } from "../../src/http3/client/fetcher.ts";
import type { FetchInit } from "../../src/http3/options.ts";
import { serveConnection } from "../../src/http3/server/server.ts";
import { RevocationLists } from "../../src/tls/trust/revocation_lists.ts";
import { MemoryTransport } from "./memory_transport.ts";
import { within } from "./raw_peer.ts";

// Options that name trust anchors are honoured by whatever carries a request, or refused.

const url = "https://a.test/page";
const hash = { algorithm: "sha-256", value: new Uint8Array(32) };
const quicOnly: readonly FetchInit[] = [
  { serverCertificateHashes: [hash] },
  { serverName: "b.test" },
  { insecure: true },
  { cipherSuites: ["TLS_AES_256_GCM_SHA384"] },
];
const revocation = new RevocationLists([]);
const ofClient: readonly FetchInit[] = [
  { caCerts: ["PEM"] },
  { cert: "PEM", key: "PEM" },
  { key: "PEM" },
  { localAddresses: ["tun0"] },
  { paths: [{ localAddress: "tun0" }] },
];
const headers = { authorization: "Bearer secret" };

interface Site {
  readonly fetch: Fetch;
  /** What was tried, over either. */
  readonly attempts: string[];
}

/** A server that cannot be reached over UDP. */
function withoutUdp(): Site {
  const attempts: string[] = [];
  const fetch = createFetch(() => {
    attempts.push("UDP");
    return Promise.reject(new DOMException("Cannot go on: silence", "TimeoutError"));
  }, ({ headers }) => {
    attempts.push(`TCP ${headers.get("authorization")}`);
    return Promise.resolve(new Response("over TCP"));
  });
  return { fetch, attempts };
}

Deno.test("fetch() never gives TCP a request with options that only QUIC can honour", async () => {
  const { fetch, attempts } = withoutUdp();
  using known = Deno.createHttpClient({});
  for (const options of quicOnly) {
    for (const client of [undefined, known]) {
      const init = { ...options, headers, fallback: "tcp", ...client && { client } } as const;
      const [name] = Object.keys(options);
      await assert.rejects(fetch(url, init), {
        name: "TypeError",
        message: new RegExp(`^Cannot fall back to TCP with ${name}, .*: leave one of them out$`),
      });
    }
  }
  assert.deepEqual(attempts, [], "nothing is sent, whichever way is open");
});

Deno.test("fetch() falls back to TCP with what its client honours, if there is one", async () => {
  using client = Deno.createHttpClient({});
  for (const options of ofClient) {
    const { fetch, attempts } = withoutUdp();
    const init = { ...options, headers, fallback: "tcp" } as const;
    const [name] = Object.keys(options);
    await assert.rejects(fetch(url, init), {
      name: "TypeError",
      message: new RegExp(
        `^Cannot fall back to TCP with ${name} alone: .*createHttpClient.*client$`,
      ),
    });
    assert.deepEqual(attempts, []);
    const withClient = { ...init, client };
    assert.equal(await (await within(fetch(url, withClient))).text(), "over TCP");
    assert.deepEqual(attempts, ["UDP", "TCP Bearer secret"]);
  }
});

Deno.test("fetch() asks lists over TCP by no client of the runtime, and from no chosen address", async () => {
  using client = Deno.createHttpClient({});
  const cases: [more: FetchInit & { client?: Deno.HttpClient }, pattern: RegExp][] = [
    [{ client }, /^Cannot ask lists of revocation by a client of the runtime: leave client out/],
    [{ localAddresses: ["tun0"] }, /with revocation and localAddresses: leave one of them out/],
    [{ paths: [{ localAddress: "tun0" }] }, /with revocation and paths: leave one of them out/],
  ];
  for (const [more, message] of cases) {
    const { fetch, attempts } = withoutUdp();
    const init = { ...more, revocation, fallback: "tcp" } as const;
    await assert.rejects(fetch(url, init), { name: "TypeError", message });
    assert.deepEqual(attempts, []);
  }
  const { fetch } = withoutUdp();
  const trust: FetchInit = { caCerts: ["PEM"], cert: "PEM", key: "PEM" };
  const init: FetchInit = { ...trust, revocation, fallback: "tcp" };
  assert.equal(await (await within(fetch(url, init))).text(), "over TCP");
});

Deno.test("fetch() falls back to TCP with options that ask for nothing", async () => {
  const { fetch } = withoutUdp();
  const init: FetchInit = {
    fallback: "tcp",
    serverCertificateHashes: [],
    serverName: "A.test",
    insecure: false,
    caCerts: [],
    localAddresses: [],
  };
  assert.equal(await (await within(fetch(url, init))).text(), "over TCP");
});

Deno.test("fetch() refuses options about trust over a connection that is made already", async () => {
  for (const options of [...quicOnly, { revocation }, ...ofClient]) {
    const [client, server] = MemoryTransport.pair();
    serveConnection(server, () => assert.fail("it is not asked"));
    const [name] = Object.keys(options);
    const init = { ...options, headers, connection: client };
    await assert.rejects(withoutUdp().fetch(url, init), {
      name: "TypeError",
      message: new RegExp(`^Cannot use ${name} over a connection .*: give it to dial`),
    });
  }
});

Deno.test("fetch() follows redirects over a connection that was given, but to no other server", async () => {
  const asked: string[] = [];
  const [connection, server] = MemoryTransport.pair();
  serveConnection(server, (request) => {
    asked.push(request.url);
    const { pathname } = new URL(request.url);
    if (pathname === "/end") return new Response("the end");
    const location = pathname === "/here" ? "/end" : "https://b.test/end";
    return new Response(null, { status: 302, headers: { location } });
  });
  const { fetch } = withoutUdp();
  const here = await within(fetch("https://a.test/here", { connection }));
  assert.equal(await here.text(), "the end");
  await assert.rejects(within(fetch("https://a.test/there", { connection })), {
    name: "TypeError",
    message: /Cannot follow the redirect to https:\/\/b\.test\/end: .* leads to https:\/\/a\.test$/,
  });
  assert.deepEqual(asked.map((url) => new URL(url).pathname), ["/here", "/end", "/there"]);
});
