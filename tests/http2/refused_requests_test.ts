import assert from "node:assert/strict";
import { serveTcp } from "../../src/http2/serve_tcp.ts";
import { makeIssuedCertificate } from "../../src/io/development_certificate.ts";
import { cert, key } from "../http3/deno_quic.ts";
import { H1Stranger } from "./strangers.ts";

// What a client of HTTP/1.1 may send, and what is refused: a server in between could read it in
// another way (RFC 9112, Section 11.2).

const LINE = "GET / HTTP/1.1\r\nhost: localhost\r\n";
const PUT = "PUT / HTTP/1.1\r\nhost: localhost\r\n";
const CHUNKED = `${PUT}transfer-encoding: chunked\r\n`;

/** What is sent, and the statuses of the answers. */
const cases: [text: string, ...statuses: number[]][] = [
  [`${LINE}\r\n`, 200],
  [`${LINE}\r\n${LINE}\r\n`, 200, 200],
  // Without ALPN, as here, a client may speak HTTP/1.0.
  ["GET / HTTP/1.0\r\nhost: localhost\r\n\r\n", 200],
  // The content of a GET is no request.
  [`${LINE}content-length: ${LINE.length + 2}\r\n\r\n${LINE}\r\n`, 200],
  [`${CHUNKED}\r\n3\r\nabc\r\n0\r\n\r\n`, 200],
  ["GET https://localhost/x HTTP/1.1\r\nhost: a.example\r\n\r\n", 200],
  ["GET http://localhost/x HTTP/1.1\r\nhost: localhost\r\n\r\n", 400],
  ["GET https://a@localhost/x HTTP/1.1\r\nhost: localhost\r\n\r\n", 400],
  ["GET https:///x HTTP/1.1\r\nhost: localhost\r\n\r\n", 400],
  ["GET x HTTP/1.1\r\nhost: localhost\r\n\r\n", 400],
  [`${LINE}host: localhost\r\n\r\n`, 400],
  [`${LINE}Host: a.example\r\n\r\n`, 400],
  [`${PUT}content-length: 5\r\ncontent-length: 6\r\n\r\nabcdef`, 400],
  [`${PUT}content-length: 5, 6\r\n\r\nabcdef`, 400],
  [`${PUT}content-length: +5\r\n\r\nabcde`, 400],
  [`${CHUNKED}content-length: 5\r\n\r\n0\r\n\r\n`, 400],
  [`${PUT}transfer-encoding: xchunked\r\n\r\n0\r\n\r\n`, 400],
  [`${CHUNKED}\r\n-1\r\n\r\n`, 400],
  [`${CHUNKED}\r\n5\nabcde\n0\n\n`, 400],
  [`${LINE}x-a : b\r\n\r\n`, 400],
  [`${LINE}x-a: b\r\n c\r\n\r\n`, 400],
  [`${LINE}x-a: b\0c\r\n\r\n`, 400],
  ["GET / HTTP/1.1\nhost: localhost\n\n", 400],
  ["G<T / HTTP/1.1\r\nhost: localhost\r\n\r\n", 400],
  [`GET /${"a".repeat(100_000)} HTTP/1.1\r\nhost: localhost\r\n\r\n`, 431],
];

Deno.test("serveTcp() answers requests of HTTP/1.1, and says which are none", async () => {
  const { certPem, keyPem, caPem } = await makeIssuedCertificate(["localhost"]);
  const place = { port: 0, localAddresses: ["127.0.0.1"], cert: certPem, key: keyPem };
  const asked: string[] = [];
  await using server = await serveTcp(place, async (request) => {
    asked.push(request.url);
    return new Response(await request.bytes());
  });
  const { port } = server.addrs[0]!;
  for (const [text, ...statuses] of cases) {
    const plain = await Deno.connect({ hostname: "127.0.0.1", port });
    const conn = await Deno.startTls(plain, { hostname: "localhost", caCerts: [caPem] });
    await conn.write(new TextEncoder().encode(text));
    const buffer = new Uint8Array(16_384);
    let answers = "";
    const found = () =>
      Array.from(answers.matchAll(/HTTP\/1.1 (\d+)/g), ([, code]) => Number(code));
    while (found().length < statuses.length) {
      const length = await conn.read(buffer) ?? assert.fail(`${text}: the server said nothing`);
      answers += new TextDecoder().decode(buffer.subarray(0, length));
    }
    // A further answer would have come with the others, or soon.
    await new Promise((resolve) => setTimeout(resolve, 20));
    assert.deepEqual(found(), statuses, text.slice(0, 300));
    conn.close();
  }
  // A target names the host if it can.
  assert.ok(asked.every((url) => url.startsWith("https://localhost/")), asked.join());
});

Deno.test("serveTcp() says nothing about bad requests where an answer is to come, or half of it has", async () => {
  const place = { port: 0, localAddresses: ["127.0.0.1"], cert, key };
  const later = Promise.withResolvers<void>();
  let count = 0;
  await using server = await serveTcp(place, async ({ url, body }) => {
    count++;
    if (url.endsWith("/later")) await later.promise;
    if (!url.endsWith("/half")) return new Response(await new Response(body).bytes());
    const start = (controller: ReadableStreamDefaultController) =>
      controller.enqueue(new TextEncoder().encode("half"));
    return new Response(new ReadableStream({ start }), { headers: { "content-length": "100" } });
  });
  const { port } = server.addrs[0]!;
  const ask = async (text: string, isBegun: (client: H1Stranger) => Promise<unknown>) => {
    await using client = await H1Stranger.connect(port);
    client.send(text);
    await isBegun(client);
    client.send("no request\r\n\r\n");
    return await client.rest();
  };
  const isAsked = async () => {
    while (count === 0) await new Promise((resolve) => setTimeout(resolve, 5));
  };
  assert.equal(await ask("GET /later HTTP/1.1\r\nhost: a\r\n\r\n", isAsked), "");
  const half = await ask(
    "GET /half HTTP/1.1\r\nhost: a\r\n\r\n",
    (client) => client.until(/half/),
  );
  assert.match(half, /^HTTP\/1.1 200 [^]*half$/);
  later.resolve();
});

Deno.test("serveTcp() gives each refusal of HTTP/1.1 a reason, no content, and the end", async () => {
  const place = { port: 0, localAddresses: ["127.0.0.1"], cert, key };
  await using server = await serveTcp(place, () => new Response());
  const { port } = server.addrs[0]!;
  const refusals: [text: string, line: string][] = [
    ["no request\r\n\r\n", "400 Bad Request"],
    [`${LINE}x: ${"a".repeat(100_000)}\r\n\r\n`, "431 Request Header Fields Too Large"],
    [`${LINE}host: a\r\nconnection: upgrade\r\nupgrade: x\r\n\r\n`, "400 Bad Request"],
    ["CONNECT a:1 HTTP/1.1\r\nhost: a:1\r\n\r\n", "501 Not Implemented"],
  ];
  for (const [text, line] of refusals) {
    await using client = await H1Stranger.connect(port);
    client.send(text);
    const refusal = `HTTP/1.1 ${line}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n`;
    assert.equal(await client.rest(), refusal, text.slice(0, 100));
  }
});
