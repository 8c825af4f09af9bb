import assert from "node:assert/strict";
import { serveTcp } from "../../src/http2/serve_tcp.ts";
import { makeIssuedCertificate } from "../../src/io/development_certificate.ts";
import { within } from "../http3/raw_peer.ts";

const SIZE = 16_000_000;
const { certPem, keyPem, caPem } = await makeIssuedCertificate(["localhost"]);

for (const http2 of [true, false]) {
  const version = http2 ? "HTTP/2" : "HTTP/1.1";
  Deno.test(`serveTcp() knows when an answer to half of a request has left, over ${version}`, async () => {
    const place = { port: 0, localAddresses: ["127.0.0.1"], cert: certPem, key: keyPem };
    const answers: Promise<void>[] = [];
    await using server = await serveTcp(place, async (request, { completed }) => {
      answers.push(completed);
      const { pathname } = new URL(request.url);
      const reader = pathname === "/some" ? request.body?.getReader() : undefined;
      if (reader !== undefined) await reader.read();
      return pathname === "/empty"
        ? new Response(null, { status: 421 })
        : new Response("no room\n", { status: 507 });
    });
    const url = `https://localhost:${server.addrs[0]!.port}`;
    using client = Deno.createHttpClient({ caCerts: [caPem], http2, http1: !http2 });
    for (const path of ["/none", "/some", "/empty"]) {
      let left = SIZE;
      const body = new ReadableStream<Uint8Array<ArrayBuffer>>({
        pull(controller) {
          const length = Math.min(left, 65_536);
          left -= length;
          controller.enqueue(new Uint8Array(length));
          if (left === 0) controller.close();
        },
      });
      const response = await fetch(url + path, { client, method: "PUT", body });
      assert.equal(response.status, path === "/empty" ? 421 : 507);
      assert.equal(response.headers.get("content-length"), path === "/empty" ? "0" : null);
      assert.equal(await response.text(), path === "/empty" ? "" : "no room\n");
      assert.ok(left > 0, "the client sent all of it");
      await within(answers.pop()!);
    }
    assert.equal(answers.length, 0);
  });
}
