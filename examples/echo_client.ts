#!/usr/bin/env -S deno run --unstable-net --allow-net
// deno-lint-ignore-file no-console -- a program speaks on its console
/** Says something on a stream and prints what comes back. Start echo_server.ts first. */
import { dial } from "../mod.ts";

const [text = "Hello over QUIC", port = "4433"] = Deno.args;

await using connection = await dial({
  hostname: "127.0.0.1",
  port: Number(port),
  alpnProtocols: ["echo"],
  insecure: true, // the server makes a new certificate at each start
});
const { readable, writable } = await connection.createBidirectionalStream();

const writer = writable.getWriter();
await writer.write(new TextEncoder().encode(text));
await writer.close();

console.log(await new Response(readable).text());
