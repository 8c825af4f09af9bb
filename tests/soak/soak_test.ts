import assert from "node:assert/strict";
import { manyConnections } from "./many_connections.ts";
import { manyRequests } from "./many_requests.ts";
import { rebinding } from "./rebinding.ts";

// Short runs of what `deno task soak` does at length.

Deno.test("A server forgets every connection that was opened and closed", async () => {
  assert.match(await manyConnections(150), /^150 connections/);
});

Deno.test("A connection forgets every request that was answered", async () => {
  assert.match(await manyRequests(10_000), /^10000 requests/);
});

Deno.test("Not a byte is lost under 5 % loss while a NAT rebinds every 10 s", async () => {
  assert.match(await rebinding(60_000), /no byte lost/);
});
