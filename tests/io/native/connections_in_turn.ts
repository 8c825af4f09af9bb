// Opens and ends connections, some at once, and prints what the process held before and after them.

import assert from "node:assert/strict";
import { dial, listen, makeDevelopmentCertificate } from "../../../mod.ts";
import { nativeEngine } from "../../../src/io/native/native_engine.ts";
import { slabsMade } from "../../../src/io/native/outgoing.ts";
import { until } from "./tier.ts";

const [count, atOnce] = Deno.args.map(Number) as [number, number];
const hostname = "127.0.0.1";
const { certPem: cert, keyPem: key } = await makeDevelopmentCertificate([hostname]);
const native = "require" as const;
const options = { alpnProtocols: ["leak"], native, localAddresses: [hostname] };

/** What the process has of the system. */
function held() {
  const engine = nativeEngine();
  return {
    descriptors: [...Deno.readDirSync("/proc/self/fd")].length,
    contexts: engine?.contexts.used ?? 0,
    keys: engine?.signatures?.keys ?? 0,
    slabs: slabsMade(),
  };
}

await using listener = listen({
  port: 0,
  cert,
  key,
  ...options,
  exemptNetworks: ["127.0.0.0/8"],
});
const { port } = listener.addrs[0]!;
serve();
await connect(atOnce);
const before = held();
await connect(count);
const isLess = (key: keyof ReturnType<typeof held>) => held()[key] <= before[key];
await until(() => isLess("descriptors") && isLess("contexts") && isLess("keys")).catch(() => {});
// deno-lint-ignore no-console
console.log(JSON.stringify({ before, after: held() }));

async function connect(count: number): Promise<void> {
  let left = count;
  await Promise.all(Array.from({ length: atOnce }, async () => {
    while (left-- > 0) await one();
  }));
  await until(() => listener.stats.connections.held === 0);
}

async function one(): Promise<void> {
  await using connection = await dial({ hostname, port, caCerts: [cert], ...options });
  const { readable, writable } = await connection.createBidirectionalStream();
  const writer = writable.getWriter();
  writer.write(new Uint8Array(10)).catch(() => {});
  writer.close().catch(() => {});
  let received = 0;
  for await (const chunk of readable) received += chunk.length;
  assert.equal(received, 3_000);
}

async function serve(): Promise<void> {
  for await (const connection of listener) answer(connection).catch(() => {});
}

async function answer(connection: Awaited<ReturnType<typeof dial>>): Promise<void> {
  for await (const { writable } of connection.incomingBidirectionalStreams) {
    const writer = writable.getWriter();
    await writer.write(new Uint8Array(3_000));
    await writer.close();
  }
}
