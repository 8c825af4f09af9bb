import assert from "node:assert/strict";
import { Duplex } from "node:stream";
import { carryTunnel, type TunnelStream } from "../../src/http2/tunnel.ts";

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
