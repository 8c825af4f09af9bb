import assert from "node:assert/strict";
import { serveTcp } from "../../src/http2/serve_tcp.ts";
import { TcpClient } from "../../src/http2/tcp_client.ts";
import { cert, key } from "../http3/deno_quic.ts";
import { within } from "../http3/raw_peer.ts";

const place = { port: 0, localAddresses: ["127.0.0.1"], cert, key };
const content = "hello";

/** A stream of the content, of which nothing tells the length. */
const streamed = () => new Response(content).body!.pipeThrough(new TransformStream());

/** All that a server sends over HTTP/1.1 behind two requests in one go. */
async function said(port: number, paths: readonly string[]): Promise<string> {
  const hostname = "localhost";
  using conn = await Deno.connectTls({ hostname, port, caCerts: [cert] });
  const requests = paths.map((path) => `GET ${path} HTTP/1.1\r\nHost: ${hostname}\r\n\r\n`);
  await conn.write(new TextEncoder().encode(requests.join("")));
  let text = "";
  const reader = conn.readable.pipeThrough(new TextDecoderStream()).getReader();
  try {
    for (let part; !(part = await within(reader.read(), 10_000)).done;) text += part.value;
  } catch {
    // A connection that is broken off may have no end in order.
  }
  return text;
}

Deno.test("serveTcp() sends no response whose content differs from its length, over HTTP/1.1", async () => {
  const failures: Promise<unknown>[] = [];
  await using server = await serveTcp(place, ({ url }, { completed }) => {
    const length = new URL(url).searchParams.get("length");
    if (length === null) return new Response("next", { headers: { connection: "close" } });
    failures.push(completed.then(() => "sent", (error) => error));
    return new Response(streamed(), { headers: { "content-length": length } });
  });
  const { port } = server.addrs[0]!;
  for (const length of ["3", "9"]) {
    const text = await said(port, [`/?length=${length}`, "/"]);
    assert.ok(!text.includes("next"), `the next response would be taken for content: ${text}`);
    assert.ok(await within(failures.pop()!) instanceof TypeError, length);
  }
  const text = await said(port, [`/?length=${content.length}`, "/"]);
  assert.ok(text.includes(content) && text.includes("next"), text);
  for (const length of ["junk", "-1", "3, 4"]) {
    const text = await said(port, [`/?length=${encodeURIComponent(length)}`, "/"]);
    assert.match(text, /^HTTP\/1\.1 500 /, length);
  }
});

Deno.test("serveTcp() sends no response whose content differs from its length, over HTTP/2", async () => {
  await using server = await serveTcp(place, ({ url }) => {
    const length = new URL(url).searchParams.get("length")!;
    return new Response(streamed(), { headers: { "content-length": length } });
  });
  await using client = new TcpClient({ caCerts: [cert] });
  const url = (length: number) => `https://localhost:${server.addrs[0]!.port}/?length=${length}`;
  for (const length of [3, 9]) {
    await assert.rejects(within(client.fetch(url(length)).then((response) => response.text())));
  }
  assert.equal(await (await within(client.fetch(url(5)))).text(), content);
});

Deno.test("serveTcp() frames content itself, and gives no length where none belongs", async () => {
  await using server = await serveTcp(place, ({ url }) => {
    if (url.endsWith("/none")) {
      return new Response(null, { status: 204, headers: { "content-length": "0" } });
    }
    const headers = {
      "content-length": "5",
      "transfer-encoding": "chunked",
      "connection": "close",
    };
    return new Response(streamed(), { headers });
  });
  const { port } = server.addrs[0]!;
  const text = (await said(port, ["/none", "/"])).toLowerCase();
  assert.ok(text.startsWith("http/1.1 204 "), text);
  assert.equal(text.match(/content-length/g)?.length, 1, text);
  assert.ok(!text.includes("transfer-encoding"), text);
  assert.ok(text.endsWith(`\r\n\r\n${content}`), text);
});
