import assert from "node:assert/strict";
import { TcpClient } from "../../src/http2/tcp_client.ts";
import { createFetch } from "../../src/http3/client/fetcher.ts";
import { serveConnection } from "../../src/http3/server/server.ts";
import { MemoryTransport } from "./memory_transport.ts";
import { within } from "./raw_peer.ts";

const url = "https://a.example/";

/** Content that has an open file behind it, say, and what it was cancelled for. */
function content(): { body: ReadableStream<Uint8Array>; cancelled: Promise<unknown> } {
  const { promise, resolve } = Promise.withResolvers<unknown>();
  return { body: new ReadableStream({ cancel: resolve }), cancelled: within(promise, 5_000) };
}

Deno.test("Content is let go of when there is no connection to send it over", async () => {
  const failure = new Error("no way");
  const fetch = createFetch(() => Promise.reject(failure));
  for (const asRequest of [false, true]) {
    const { body, cancelled } = content();
    const init = { method: "POST", body, duplex: "half" as const };
    const fetching = asRequest ? fetch(new Request(url, init)) : fetch(url, init);
    await assert.rejects(within(fetching), failure);
    assert.equal(await cancelled, failure);
  }
});

Deno.test("Content is let go of when a fetch is aborted, at whatever stage", async () => {
  const [ours, theirs] = MemoryTransport.pair();
  serveConnection(theirs, () => new Promise<Response>(() => {}));
  const stages = {
    before: () => Promise.reject(new Error("never asked")),
    connecting: () => new Promise<never>(() => {}),
    sending: () => Promise.resolve(ours),
  };
  for (const [stage, connect] of Object.entries(stages)) {
    const { body, cancelled } = content();
    const abort = new AbortController();
    const reason = new Error(`given up ${stage}`);
    if (stage === "before") abort.abort(reason);
    const fetching = createFetch(connect)(url, { method: "POST", body, signal: abort.signal });
    fetching.catch(() => {});
    await new Promise((resolve) => setTimeout(resolve, 20));
    abort.abort(reason);
    await assert.rejects(within(fetching), reason);
    assert.equal(await cancelled, reason, stage);
  }
  ours.close();
});

Deno.test("Content for a server over TCP is let go of when there is no connection", async () => {
  await using client = new TcpClient({ caCerts: [] });
  const { body, cancelled } = content();
  await assert.rejects(within(client.fetch("https://127.0.0.1:1/", { method: "POST", body })));
  assert.ok(await cancelled instanceof Error);
  const second = content();
  const signal = AbortSignal.abort(new Error("given up"));
  const fetching = client.fetch(url, { method: "POST", body: second.body, signal });
  await assert.rejects(within(fetching), signal.reason);
  assert.equal(await second.cancelled, signal.reason);
});
