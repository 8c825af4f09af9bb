import assert from "node:assert/strict";
import { createSecureServer } from "node:http2";
import type { AddressInfo } from "node:net";
import { Duplex } from "node:stream";
import { H2Client } from "../../src/http2/h2_client.ts";
import { carryTunnel, type TunnelStream } from "../../src/http2/tunnel.ts";
import { cert, key } from "../http3/deno_quic.ts";
import { within } from "../http3/raw_peer.ts";

Deno.test("A tunnel whose response cannot be told gives back what its handler has opened", async () => {
  const duplex = new Duplex({ read() {}, write: (_chunk, _encoding, done) => done() });
  const broken = new Error("Cannot tell");
  const stream: TunnelStream = {
    duplex,
    protocol: "",
    url: "host.example:443",
    headers: new Headers(),
    respond() {
      throw broken;
    },
    reset() {},
  };
  const more = { connection: { peerCertificates: [] } };
  let reason: unknown;
  const body = new ReadableStream<Uint8Array<ArrayBuffer>>({
    cancel: (why) => void (reason = why),
  });
  await assert.rejects(carryTunnel(stream, () => new Response(body), more), broken);
  assert.equal(reason, broken);
  duplex.destroy();
});

Deno.test("A tunnel that the proxy ends with its answer is over, and takes nothing", async () => {
  const server = createSecureServer({ cert, key });
  server.on("stream", (stream) => {
    stream.on("error", () => {});
    stream.respond({ ":status": 200 }, { endStream: true });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const url = new URL(`https://localhost:${(server.address() as AddressInfo).port}/`);
  const { signal } = new AbortController();
  const options = { ca: [cert], insecure: false, idleTimeout: Infinity };
  const client = await H2Client.connect(url, options, signal);
  const { status, tunnel } = await client.ask("host.example:443", "", new Headers(), signal);
  assert.equal(status, 200);
  const { readable, writable, closed } = tunnel!;
  await within(closed);
  assert.equal(await new Response(readable).text(), "");
  await assert.rejects(writable.getWriter().write(new Uint8Array(1)), { code: 0x10f });
  await client.close();
  await new Promise((resolve) => server.close(resolve));
});
