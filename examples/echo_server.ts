#!/usr/bin/env -S deno run --unstable-net --allow-net
// deno-lint-ignore-file no-console -- a program speaks on its console
/** Sends back whatever comes on a stream; no HTTP. Start it, then echo_client.ts. */
import {
  type BidirectionalStream,
  makeDevelopmentCertificate,
  MultipathConnection,
} from "../mod.ts";

const { certPem, keyPem } = await makeDevelopmentCertificate(["127.0.0.1"]);
await using listener = MultipathConnection.listen({
  port: Number(Deno.args[0] ?? 4433),
  localAddresses: ["127.0.0.1"],
  cert: certPem,
  key: keyPem,
  alpnProtocols: ["echo"],
});
console.log(`Listening on port ${listener.addrs[0]!.port}`);

for await (const connection of listener) void serveConnection(connection);

async function serveConnection(connection: MultipathConnection): Promise<void> {
  const client = `${connection.remoteAddr.hostname}:${connection.remoteAddr.port}`;
  console.log(`${client} has come`);
  try {
    for await (const stream of connection.incomingBidirectionalStreams) void echo(stream);
    const { closeCode } = await connection.closed;
    console.log(`${client} has gone, code ${closeCode}`);
  } catch (error) {
    console.log(`${client} was lost: ${error instanceof Error ? error.message : error}`);
  }
}

async function echo({ readable, writable }: BidirectionalStream): Promise<void> {
  try {
    await readable.pipeTo(writable); // waits when the client does not read
  } catch {
    // the client gave the stream up
  }
}
