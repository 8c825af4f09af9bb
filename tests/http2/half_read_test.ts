import assert from "node:assert/strict";
import { serveTcp } from "../../src/http2/serve_tcp.ts";
import { cert, key } from "../http3/deno_quic.ts";
import { within } from "../http3/raw_peer.ts";

for (const path of ["/once", "/on"]) {
  Deno.test(`serveTcp() takes the next request behind content that was read in part, ${path}`, async () => {
    const seen: unknown[] = [];
    const place = { port: 0, localAddresses: ["127.0.0.1"], cert, key };
    await using server = await serveTcp(place, async ({ url, body }) => {
      if (url.endsWith("/next")) return new Response("next", { headers: { connection: "close" } });
      const reader = body!.getReader();
      await reader.read();
      // One that goes on in the background must not take what has come for all.
      const goOn = async () => {
        while (!(await reader.read()).done);
        seen.push("all");
      };
      if (url.endsWith("/on")) goOn().catch((error) => seen.push(error));
      return new Response("no room\n", { status: 507 });
    });
    const { port } = server.addrs[0]!;
    const hostname = "localhost";
    using conn = await Deno.connectTls({ hostname, port, caCerts: [cert] });
    const size = 4_000_000;
    const head = `PUT ${path} HTTP/1.1\r\nHost: ${hostname}\r\nContent-Length: ${size}\r\n\r\n`;
    const writer = conn.writable.getWriter();
    const reader = conn.readable.pipeThrough(new TextDecoderStream()).getReader();
    await writer.write(new TextEncoder().encode(`${head}${"x".repeat(1_000)}`));
    let text = "";
    while (!text.includes("no room")) text += (await within(reader.read(), 10_000)).value;
    // The client had begun to send, and goes on.
    const rest = new Uint8Array(size - 1_000);
    const next = new TextEncoder().encode(`GET /next HTTP/1.1\r\nHost: ${hostname}\r\n\r\n`);
    writer.write(rest).catch(() => {});
    writer.write(next).catch(() => {});
    while (!text.includes("next")) text += (await within(reader.read(), 4_000)).value;
    assert.match(text, /^HTTP\/1\.1 507 [^]*no room\n[^]*HTTP\/1\.1 200 [^]*next/);
    if (path === "/on") assert.ok(seen[0] instanceof Error, `${seen[0]}`);
  });
}
