#!/usr/bin/env -S deno run --unstable-net --allow-net
// deno-lint-ignore-file no-console -- a program speaks on its console
/** Both ends in one program: datagrams, which may be lost, measure the round trip. */
import { dial, makeDevelopmentCertificate, MultipathConnection } from "../mod.ts";

const { certPem, keyPem } = await makeDevelopmentCertificate(["127.0.0.1"]);
await using listener = MultipathConnection.listen({
  port: 0,
  localAddresses: ["127.0.0.1"],
  cert: certPem,
  key: keyPem,
  alpnProtocols: ["ping"],
});
void answer();

await using connection = await dial({
  hostname: "127.0.0.1",
  port: listener.addrs[0]!.port,
  alpnProtocols: ["ping"],
  caCerts: [certPem],
});
console.log(`Up to ${connection.maxDatagramSize} bytes fit into a datagram`);
for (let number = 1; number <= 5; number++) {
  const started = performance.now();
  await connection.sendDatagram(new Uint8Array([number]));
  const [echoed] = await connection.readDatagram();
  console.log(`${echoed}: ${(performance.now() - started).toFixed(2)} ms`);
}

async function answer(): Promise<void> {
  const client = await listener.accept();
  try {
    for (;;) await client.sendDatagram(await client.readDatagram());
  } catch {
    // the client has closed the connection
  }
}
