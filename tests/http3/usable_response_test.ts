import assert from "node:assert/strict";
import { H3Client } from "../../src/http3/client/client.ts";
import { serveConnection } from "../../src/http3/server/server.ts";
import { usableResponse } from "../../src/http3/server/usable_response.ts";
import { MemoryTransport } from "./memory_transport.ts";
import { within } from "./raw_peer.ts";

Deno.test("usableResponse() tells what is wrong with a response, each cause by itself", async () => {
  const read = new Response("text");
  await read.text();
  const locked = new Response("text");
  locked.body!.getReader();
  for (
    const [response, pattern] of [
      ["text", /it is no Response/],
      [undefined, /it is no Response/],
      [Response.error(), /of status 0: it must be 200 or more/],
      [read, /was read before/],
      [locked, /is being read already/],
      [new Response("text", { headers: { "content-length": "x" } }), /that is not its length/],
    ] as const
  ) {
    assert.throws(() => usableResponse(response, "GET", false), (error) => {
      return error instanceof TypeError && pattern.test(error.message);
    });
  }
  const good = new Response("text");
  assert.equal(usableResponse(good, "GET", false), good);
});

Deno.test("A response with more fields than the client takes is told to onError, and answered", async () => {
  const large = () => new Response("text", { headers: { "x-large": "x".repeat(2_000) } });
  const told: unknown[] = [];
  const onErrors = [
    [undefined, 500],
    [(error: unknown) => new Response(String(told.push(error)), { status: 503 }), 503],
  ] as const;
  for (const [onError, status] of onErrors) {
    const [transport, server] = MemoryTransport.pair();
    const cancelled = Promise.withResolvers<unknown>();
    const more = onError === undefined ? {} : { onError };
    serveConnection(server, (request) => {
      if (request.url.endsWith("/small")) return new Response("small");
      const { headers } = large();
      return new Response(new ReadableStream({ cancel: cancelled.resolve }), { headers });
    }, { ...more, maxFailuresPerSecond: 2 });
    const client = new H3Client(transport, { maxFieldSectionSize: 1_000 });
    const ask = (path: string) => within(client.fetch(new Request(`https://localhost/${path}`)));
    assert.equal(await (await ask("small")).text(), "small");
    for (let i = 0; i < 5; i++) assert.equal((await ask("large")).status, status);
    await within(cancelled.promise);
  }
  assert.equal(told.length, 5);
  assert.match(String(told[0]), /Cannot send \d+ bytes of fields: the peer takes fewer/);
  // Nothing more can be done where the answer to that is as large.
  const [transport, server] = MemoryTransport.pair();
  serveConnection(server, large, { onError: large });
  const client = new H3Client(transport, { maxFieldSectionSize: 1_000 });
  await within(client.connect("https://localhost/", "x").catch(() => {})); // the settings are there
  const asked = client.fetch(new Request("https://localhost/"));
  await assert.rejects(within(asked), { name: "StreamError", code: 0x102 });
});
