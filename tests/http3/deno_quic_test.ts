import assert from "node:assert/strict";
import { H3Client } from "../../src/http3/client/client.ts";
import { prioritize, responseTrailers } from "../../src/http3/client/client_exchange.ts";
import { quicServer } from "./deno_quic.ts";

Deno.test("H3Client and H3Server work over the runtime's own QUIC", async () => {
  using pair = await quicServer(async (request, info) => {
    const { size } = await request.blob();
    info.sendTrailers(new Headers({ "x-size": String(size) }));
    return new Response(new Uint8Array(300_000), { headers: { "x-method": request.method } });
  });
  const client = new H3Client(pair.client);
  await Promise.all(Array.from({ length: 20 }, async (_, i) => {
    const request = new Request("https://localhost/", {
      method: "PUT",
      body: new Uint8Array(10_000 * i),
    });
    const response = await client.fetch(request);
    assert.equal(response.headers.get("x-method"), "PUT");
    assert.equal((await response.bytes()).length, 300_000);
    assert.equal((await responseTrailers(response))!.get("x-size"), String(10_000 * i));
  }));
});

Deno.test("H3Client and H3Server stream 20 MB both ways over the runtime's own QUIC", async () => {
  using pair = await quicServer((request) => new Response(request.body));
  const client = new H3Client(pair.client);
  let made = 0;
  const body = new ReadableStream<Uint8Array<ArrayBuffer>>({
    pull(controller) {
      if (made++ === 320) controller.close();
      else controller.enqueue(new Uint8Array(65_536));
    },
  });
  const init = { method: "POST", body, duplex: "half" };
  const response = await client.fetch(new Request("https://localhost/", init));
  let size = 0;
  for await (const chunk of response.body!) size += chunk.length;
  assert.equal(size, 320 * 65_536);
});

Deno.test("prioritize() works when the request has ended, over the runtime's own QUIC too", async () => {
  const gate = Promise.withResolvers<void>();
  using pair = await quicServer(async () => {
    await gate.promise;
    return new Response(
      new ReadableStream({
        async pull(controller) {
          await new Promise((resolve) => setTimeout(resolve, 20));
          controller.enqueue(new Uint8Array(10));
          controller.close();
        },
      }),
    );
  });
  const client = new H3Client(pair.client);
  const fetching = client.fetch(new Request("https://localhost/"));
  await new Promise((resolve) => setTimeout(resolve, 50));
  gate.resolve();
  const response = await fetching;
  prioritize(response, { urgency: 1 });
  assert.equal((await response.bytes()).length, 10);
  prioritize(response, { urgency: 2 }); // and when all is over
  assert.equal((await (await client.fetch(new Request("https://localhost/"))).bytes()).length, 10);
});
