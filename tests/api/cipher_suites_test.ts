import assert from "node:assert/strict";
import { suiteNumbers } from "../../src/api/options/cipher_suites.ts";
import { dial } from "../../src/api/dial.ts";
import { listen } from "../../src/api/listen.ts";
import type { MultipathConnection } from "../../src/api/multipath_connection.ts";
import type { ConnectOptions, ListenOptions } from "../../src/api/options/options.ts";
import { TEST_CERTIFICATE, TEST_KEY } from "../../src/sim/test_certificate.ts";

/** Runs a body with a connection on loopback, and its qlog afterwards. */
async function withConnection(
  more: { client?: Partial<ConnectOptions>; server?: Partial<ListenOptions> },
  body: (connection: MultipathConnection) => Promise<void>,
): Promise<string> {
  let log = "";
  const qlog = new WritableStream<string>({ write: (record) => void (log += record) });
  const localAddresses = ["127.0.0.1"];
  const alpnProtocols = ["echo"];
  const own = { cert: TEST_CERTIFICATE, key: TEST_KEY, port: 0 };
  await using listener = listen({ ...own, localAddresses, alpnProtocols, ...more.server });
  (async () => {
    for await (const connection of listener) {
      for await (const { readable, writable } of connection.incomingBidirectionalStreams) {
        await readable.pipeTo(writable);
      }
    }
  })().catch(() => {});
  const { port } = listener.addrs[0]!;
  const target = { hostname: "127.0.0.1", port, localAddresses, alpnProtocols, qlog };
  const connection = await dial({ ...target, insecure: true, ...more.client });
  await body(connection);
  await connection[Symbol.asyncDispose]();
  return log;
}

async function echo(connection: MultipathConnection, size: number): Promise<void> {
  const { readable, writable } = await connection.createBidirectionalStream();
  const sent = new Blob([new Uint8Array(size)]).stream().pipeTo(writable);
  let received = 0;
  for await (const chunk of readable) received += chunk.length;
  await sent;
  assert.equal(received, size);
}

Deno.test("suiteNumbers() knows all suites of TLS 1.3, and refuses others", () => {
  assert.deepEqual(
    suiteNumbers([
      "TLS_CHACHA20_POLY1305_SHA256",
      "TLS_AES_256_GCM_SHA384",
      "TLS_AES_128_GCM_SHA256",
    ]),
    [0x1303, 0x1302, 0x1301],
  );
  assert.equal(suiteNumbers(undefined), undefined);
  assert.throws(() => suiteNumbers([]), TypeError);
  for (const name of ["TLS_RSA_WITH_RC4_128_MD5", "toString"]) {
    assert.throws(() => suiteNumbers([name as "TLS_AES_128_GCM_SHA256"]), TypeError);
  }
});

Deno.test("MultipathConnection.connect() works with each suite alone", async () => {
  for (const name of ["TLS_AES_128_GCM_SHA256", "TLS_AES_256_GCM_SHA384"] as const) {
    const suites = { cipherSuites: [name] };
    await withConnection({ client: suites }, (connection) => echo(connection, 10_000));
  }
});

Deno.test("MultipathConnection.updateKeys() changes the keys of both ends", async () => {
  const log = await withConnection({}, async (connection) => {
    await echo(connection, 1_000);
    connection.updateKeys();
    for (let i = 0; i < 5; i++) await echo(connection, 100_000);
  });
  const updates = log.split("\x1e").filter((record) => record.includes('"quic:key_updated"'));
  for (const type of ["client_1rtt_secret", "server_1rtt_secret"]) {
    const own = updates.filter((record) => record.includes(type));
    assert.equal(own.length, 2, `the first keys of ${type}, and one update`);
  }
});

Deno.test("MultipathListener opens the ports of its preferred addresses", async () => {
  const free = Deno.listenDatagram({ transport: "udp", hostname: "127.0.0.1", port: 0 });
  const { port } = free.addr as Deno.NetAddr;
  free.close();
  const preferredAddresses = [{ transport: "udp" as const, hostname: "127.0.0.1", port }];
  await withConnection({ server: { preferredAddresses } }, async (connection) => {
    for (let i = 0; i < 100 && connection.remoteAddr.port !== port; i++) {
      await echo(connection, 1_000);
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    assert.equal(connection.remoteAddr.port, port);
  });
});
