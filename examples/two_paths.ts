#!/usr/bin/env -S deno run --unstable-net --allow-net
// deno-lint-ignore-file no-console -- a program speaks on its console
/** Both ends in one program: 20 MB over two paths of one connection, then what each path carried. */
import { dial, makeDevelopmentCertificate, MultipathConnection } from "../mod.ts";

const SIZE = 20_000_000;
const { certPem, keyPem } = await makeDevelopmentCertificate(["127.0.0.1"]);
await using listener = MultipathConnection.listen({
  port: 0,
  localAddresses: ["127.0.0.1"],
  cert: certPem,
  key: keyPem,
  alpnProtocols: ["bulk"],
});
const { port } = listener.addrs[0]!;
const sending = sendBulk();

await using connection = await dial({
  hostname: "127.0.0.1",
  port,
  alpnProtocols: ["bulk"],
  caCerts: [certPem],
});
const second = await connection.openPath({ localAddress: "127.0.0.1" });
await second.ready;

let received = 0;
for await (const stream of connection.incomingUnidirectionalStreams) {
  for await (const chunk of stream) received += chunk.length;
  break;
}
await sending;

console.log(`${received} bytes came`);
for (const { id, localAddr, stats } of connection.paths) {
  console.log(`path ${id} from port ${localAddr.port}: ${stats.bytesReceived} bytes`);
}

async function sendBulk(): Promise<void> {
  const client = await listener.accept();
  const stream = await client.createUnidirectionalStream();
  const writer = stream.getWriter();
  for (let sent = 0; sent < SIZE; sent += 100_000) await writer.write(new Uint8Array(100_000));
  await writer.close();
}
