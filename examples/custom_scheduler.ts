#!/usr/bin/env -S deno run --unstable-net --allow-net
// deno-lint-ignore-file no-console -- a program speaks on its console
/** A scheduler of one's own, in ten lines: three datagrams on the first path for one on the last. */
import {
  dial,
  makeDevelopmentCertificate,
  MultipathConnection,
  type SchedulerFactory,
} from "../mod.ts";

/** What it counts is of one connection: with a factory, each connection has a count of its own. */
const threeToOne: SchedulerFactory = {
  forConnection() {
    let turn = 0;
    return (paths) => {
      const path = turn % 4 < 3 ? paths[0] : paths.at(-1);
      // It waits for its turn to have room, and is asked again when something has changed.
      if (path === undefined || path.room === 0) return undefined;
      turn++;
      return { path };
    };
  },
};

const { certPem, keyPem } = await makeDevelopmentCertificate(["127.0.0.1"]);
await using listener = MultipathConnection.listen({
  port: 0,
  localAddresses: ["127.0.0.1"],
  cert: certPem,
  key: keyPem,
  alpnProtocols: ["bulk"],
});
const { port } = listener.addrs[0]!;
const receiving = receiveBulk();

await using connection = await dial({
  hostname: "127.0.0.1",
  port,
  alpnProtocols: ["bulk"],
  caCerts: [certPem],
  scheduler: threeToOne,
});
await (await connection.openPath({ localAddress: "127.0.0.1" })).ready;

const writer = (await connection.createUnidirectionalStream()).getWriter();
for (let i = 0; i < 50; i++) await writer.write(new Uint8Array(100_000));
await writer.close();

console.log(`${await receiving} bytes came`);
for (const { id, stats } of connection.paths) console.log(`path ${id}: ${stats.bytesSent} bytes`);

async function receiveBulk(): Promise<number> {
  const server = await listener.accept();
  let received = 0;
  for await (const stream of server.incomingUnidirectionalStreams) {
    for await (const chunk of stream) received += chunk.length;
    break;
  }
  return received;
}
