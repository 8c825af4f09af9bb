import assert from "node:assert/strict";
import { usableResponse } from "../../src/http3/server/usable_response.ts";

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
