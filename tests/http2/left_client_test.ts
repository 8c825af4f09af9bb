import assert from "node:assert/strict";
import type { TcpRequestHandler } from "../../src/http2/exchange.ts";
import { serveTcp } from "../../src/http2/serve_tcp.ts";
import { cert, key } from "../http3/deno_quic.ts";
import { within } from "../http3/raw_peer.ts";
import { H1Stranger, H2Stranger, outcomeOf } from "./strangers.ts";

const place = { port: 0, localAddresses: ["127.0.0.1"], cert, key };

function fieldsOf(path: string): Record<string, string> {
  return { ":method": "GET", ":path": path, ":authority": "localhost", ":scheme": "https" };
}

/** A response whose body brings nothing, or all the time something; tells when it is given back. */
function endless(isSilent: boolean): { response: Response; cancelled: Promise<void> } {
  const { promise, resolve } = Promise.withResolvers<void>();
  const body = new ReadableStream<Uint8Array>({
    pull: (controller) => isSilent ? new Promise(() => {}) : controller.enqueue(new Uint8Array(10)),
    cancel: () => resolve(),
  }, { highWaterMark: 0 });
  return { response: new Response(body), cancelled: promise };
}

Deno.test("serveTcp() gives back the places of clients that leave while a body brings nothing", async () => {
  const left: Promise<unknown>[] = [];
  const handler: TcpRequestHandler = (request, { completed }) => {
    if (request.url.endsWith("/now")) return new Response("fine");
    const { response, cancelled } = endless(true);
    left.push(cancelled, assert.rejects(completed, /client has left/));
    return response;
  };
  await using server = await serveTcp({ ...place, limits: { requests: 2 } }, handler);
  await using client = await H2Stranger.connect(server.addrs[0]!.port);
  for (let i = 0; i < 2; i++) {
    const stream = client.begin(fieldsOf("/silent"));
    await within(new Promise((resolve) => stream.once("response", resolve)));
    stream.close(8);
  }
  const now = client.begin(fieldsOf("/now"));
  now.end();
  assert.equal((await outcomeOf(now)).text, "fine");
  assert.equal(left.length, 4);
  await within(Promise.all(left));
});

for (const version of ["HTTP/2", "HTTP/1.1"] as const) {
  Deno.test(`serveTcp() cancels bodies that come after their clients have left, over ${version}`, async () => {
    const asked = Promise.withResolvers<void>();
    const late = endless(false);
    let completed: Promise<void> | undefined;
    await using server = await serveTcp(place, async (_request, info) => {
      completed = info.completed;
      asked.resolve();
      await new Promise((resolve) => info.signal.addEventListener("abort", resolve));
      return late.response;
    });
    const { port } = server.addrs[0]!;
    if (version === "HTTP/2") {
      await using client = await H2Stranger.connect(port);
      const stream = client.begin(fieldsOf("/"));
      stream.end();
      await within(asked.promise);
      stream.close(8);
      await within(late.cancelled);
    } else {
      await using client = await H1Stranger.connect(port);
      client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
      await within(asked.promise);
      client.socket.destroy();
      await within(late.cancelled);
    }
    await within(assert.rejects(completed!, /client has left/));
  });
}

Deno.test("serveTcp() cancels the body of a response whose fields cannot be sent", async () => {
  const { response, cancelled } = endless(false);
  await using server = await serveTcp(place, () => {
    response.headers.set("http2-settings", "AAAA"); // which the runtime refuses
    return response;
  });
  await using client = await H2Stranger.connect(server.addrs[0]!.port);
  const stream = client.begin(fieldsOf("/"));
  stream.end();
  assert.equal((await outcomeOf(stream)).status, 500);
  await within(cancelled);
});

Deno.test("serveTcp() leaves fields about a connection out over HTTP/2", async () => {
  await using server = await serveTcp(place, () => {
    const headers = { "transfer-encoding": "chunked", connection: "close", "x-one": "1" };
    return new Response("fine", { headers });
  });
  await using client = await H2Stranger.connect(server.addrs[0]!.port);
  const stream = client.begin(fieldsOf("/"));
  stream.end();
  const { status, headers, text } = await outcomeOf(stream);
  assert.deepEqual([status, headers["x-one"], text], [200, "1", "fine"]);
});
