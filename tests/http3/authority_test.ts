import assert from "node:assert/strict";
import { makeIssuedCertificate } from "../../src/io/development_certificate.ts";
import { dial } from "../../src/api/dial.ts";
import type { ConnectOptions } from "../../src/api/options/options.ts";
import type { HttpServer } from "../../src/http3/server/http_server.ts";
import type { ServeOptions } from "../../src/http3/options.ts";
import { serve } from "../../src/http3/server/serve.ts";
import { MemoryTransport } from "./memory_transport.ts";
import { serveConnection } from "../../src/http3/server/server.ts";
import { headersFrame, RawPeer, within } from "./raw_peer.ts";

// RFC 9110, Section 7.4: which requests are for the server that they came to.

const here = await makeIssuedCertificate(["a.test", "*.a.test", "127.0.0.1"]);
const other = await makeIssuedCertificate(["b.test"]);
const authorities = [here.caPem, other.caPem];

function start(options: Partial<ServeOptions> = {}): HttpServer {
  const own = { port: 0, localAddresses: ["127.0.0.1"], cert: here.certPem, key: here.keyPem };
  const certificates = [{ cert: other.certPem, key: other.keyPem }];
  return serve({ ...own, certificates, ...options }, ({ url }) => new Response(url)) as HttpServer;
}

/** The statuses of requests over one connection. */
async function ask(
  server: HttpServer,
  options: Partial<ConnectOptions>,
  ...targets: readonly (readonly [scheme: string, authority: string])[]
): Promise<string[]> {
  const { port } = server.addr;
  const target = { hostname: "127.0.0.1", port, alpnProtocols: ["h3"], openPaths: false };
  await using connection = await dial({ ...target, ...options });
  const peer = new RawPeer(connection);
  await peer.settings();
  const statuses: string[] = [];
  for (const [scheme, authority] of targets) {
    const lines = [[":method", "GET"], [":scheme", scheme], [":authority", authority], [
      ":path",
      "/",
    ]] as const;
    const result = await within(peer.request(headersFrame(lines)));
    statuses.push(result.kind === "response" ? result.status : `reset ${result.code}`);
  }
  return statuses;
}

Deno.test("serve() answers 421 for hosts that the connection's certificate is not good for", async () => {
  await using server = start();
  const statuses = await ask(
    server,
    { serverName: "a.test", caCerts: authorities },
    ["https", "a.test"],
    ["https", "A.test.:443"],
    ["https", "www.a.test:6121"],
    ["https", "127.0.0.1"],
    ["https", "other.example"],
    ["https", "a.test.other.example"],
    ["https", "[::1]:6121"],
    ["https", "a.test"],
  );
  assert.deepEqual(statuses, ["200", "200", "200", "200", "421", "421", "421", "200"]);
});

Deno.test("serve() answers 421 for a host whose certificate it has, but has not shown", async () => {
  await using server = start();
  const both = [["https", "a.test"], ["https", "b.test"]] as const;
  const options = { caCerts: authorities };
  assert.deepEqual(await ask(server, { serverName: "a.test", ...options }, ...both), [
    "200",
    "421",
  ]);
  assert.deepEqual(await ask(server, { serverName: "b.test", ...options }, ...both), [
    "421",
    "200",
  ]);
});

Deno.test("serve() answers clients that believe its certificate for the host they asked for", async () => {
  await using server = start();
  const named = await ask(
    server,
    { serverName: "c.test", insecure: true },
    ["https", "c.test"],
    ["https", "d.test"],
  );
  assert.deepEqual(named, ["200", "421"]);
  // Without a name in the handshake, clients come by an address.
  const nameless = await ask(
    server,
    { serverName: "192.0.2.1", insecure: true },
    ["https", "192.0.2.1:6121"],
    ["https", "[2001:db8::1]"],
    ["https", "d.test"],
  );
  assert.deepEqual(nameless, ["200", "200", "421"]);
});

Deno.test("serve() answers 421 for http, which nothing secures", async () => {
  await using server = start();
  const options = { serverName: "a.test", caCerts: authorities };
  assert.deepEqual(await ask(server, options, ["http", "a.test"], ["https", "a.test"]), [
    "421",
    "200",
  ]);
  const [client, transport] = MemoryTransport.pair();
  serveConnection(transport, () => new Response("x"));
  const peer = new RawPeer(client);
  const lines = [[":method", "GET"], [":scheme", "http"], [":authority", "a"], [
    ":path",
    "/",
  ]] as const;
  const result = await within(peer.request(headersFrame(lines)));
  assert.equal(result.kind === "response" && result.status, "421");
});

Deno.test("serve() answers for the hosts its application names, and resets what that fails at", async () => {
  const seen: string[] = [];
  await using server = start({
    isAuthority: (url, connection) => {
      seen.push(`${connection.serverName} ${url.href}`);
      if (url.hostname === "broken.test") throw new Error("of the application");
      return url.hostname !== "a.test";
    },
  });
  const statuses = await ask(
    server,
    { serverName: "a.test", caCerts: authorities },
    ["https", "a.test"],
    ["https", "gateway.example"],
    ["http", "old.example"],
    ["https", "broken.test"],
  );
  assert.deepEqual(statuses, ["421", "200", "200", `reset ${0x102}`]);
  assert.equal(seen[1], "a.test https://gateway.example/");
});
