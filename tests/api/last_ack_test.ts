import assert from "node:assert/strict";
import { dial, listen, makeDevelopmentCertificate, type NativeMode } from "../../mod.ts";

const hostname = "127.0.0.1";
const { certPem: cert, keyPem: key } = await makeDevelopmentCertificate([hostname]);

/** How often the writer of a stream heard that its peer, which read all and closed, had not got all. */
async function failures(native: NativeMode, size: number, rounds: number): Promise<number> {
  const options = { alpnProtocols: ["last"], native, localAddresses: [hostname] };
  await using listener = listen({ port: 0, cert, key, ...options });
  const { port } = listener.addrs[0]!;
  let failed = 0;
  for (let round = 0; round < rounds; round++) {
    const serving = listener.accept().then(async (connection) => {
      const writer = (await connection.createUnidirectionalStream()).getWriter();
      await writer.write(new Uint8Array(size));
      await writer.close().catch(() => failed++);
      await connection.closed.catch(() => {});
    });
    await using connection = await dial({ hostname, port, caCerts: [cert], ...options });
    for await (const stream of connection.incomingUnidirectionalStreams) {
      assert.equal((await new Response(stream).bytes()).length, size);
      break;
    }
    connection.close();
    await serving;
  }
  return failed;
}

for (const native of ["auto", "off"] as const) {
  Deno.test(`A peer that reads all and closes has acknowledged all (native ${native})`, async () => {
    assert.equal(await failures(native, 1_000, 10), 0);
    assert.equal(await failures(native, 100_000, 5), 0);
  });
}
