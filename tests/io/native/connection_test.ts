import assert from "node:assert/strict";
import { dial, listen, makeDevelopmentCertificate, type NativeMode } from "../../../mod.ts";
import { nativeTest } from "./tier.ts";

const alpnProtocols = ["native"];
const hostname = "127.0.0.1";

/** Downloads a megabyte; gives what is known of ECN at the client, and datagrams that came. */
async function download(native: NativeMode): Promise<{ ecn: string; datagrams: number }> {
  const { certPem: cert, keyPem: key } = await makeDevelopmentCertificate([hostname]);
  const options = { alpnProtocols, native, localAddresses: [hostname] };
  await using listener = listen({ port: 0, cert, key, ...options });
  const { port } = listener.addrs[0]!;
  const serving = listener.accept().then(async (connection) => {
    const stream = await connection.createUnidirectionalStream();
    const writer = stream.getWriter();
    await writer.write(new Uint8Array(1_000_000));
    await writer.close();
    await connection.closed.catch(() => {});
  });
  await using connection = await dial({ hostname, port, caCerts: [cert], ...options });
  for await (const stream of connection.incomingUnidirectionalStreams) {
    let received = 0;
    for await (const chunk of stream) received += chunk.length;
    assert.equal(received, 1_000_000);
    break;
  }
  const { ecn, datagramsReceived: datagrams } = connection.paths[0]!.stats;
  connection.close();
  await serving;
  return { ecn, datagrams };
}

nativeTest(
  "A connection over native sockets is ECN-capable, one over the runtime's is not",
  async () => {
    const native = await download("require");
    assert.equal(native.ecn, "capable");
    assert.ok(native.datagrams > 100);
    assert.equal((await download("off")).ecn, "not supported");
  },
);
