import assert from "node:assert/strict";
import { dial, listen, makeDevelopmentCertificate } from "../../../mod.ts";
import { Ecn } from "../../../src/bytes/ecn.ts";
import { type Libc, libc } from "../../../src/io/native/libc.ts";
import { NativeSocket } from "../../../src/io/native/native_socket.ts";
import type { SendingPort } from "../../../src/io/socket.ts";
import type { Address } from "../../../src/path/address/address.ts";
import { nativeTest, Notes, open, until } from "./tier.ts";

const id = new Uint8Array(8);

/** What came to a socket, and by which of its ports. */
class PortNotes extends Notes {
  readonly ports: SendingPort[] = [];
  readonly failed: SendingPort[] = [];

  override onDatagram(bytes: Uint8Array, port: SendingPort, remote: Address, mark?: Ecn): void {
    super.onDatagram(bytes, port, remote, mark);
    this.ports.push(port);
  }

  override onUnreachable(port: SendingPort, remote: Address, error: Error): void {
    super.onUnreachable(port, remote, error);
    this.failed.push(port);
  }
}

function openAtAll(hostname: string): NativeSocket {
  return NativeSocket.open(libc as Libc, hostname, 0, { tellsLocal: true });
}

for (
  const [at, reached] of [
    ["0.0.0.0", ["127.0.0.1", "127.0.0.2", "127.0.0.9"]],
    ["::", ["127.0.0.1", "127.0.0.2", "::1"]],
  ] as const
) {
  nativeTest(`A socket at ${at} answers from the address that was asked`, async () => {
    const server = openAtAll(at);
    const heard = new PortNotes();
    const listening = [server.listen(heard)];
    for (const hostname of reached) {
      const client = open(hostname === "::1" ? "::1" : "127.0.0.1");
      const answered = new Notes();
      listening.push(client.listen(answered));
      client.buffer!.fill(1, 0, 100);
      const count = heard.ports.length;
      client.send(100, { ...server.address, hostname }, Ecn.Ect0, id);
      await until(() => heard.ports.length > count);
      const port = heard.ports.at(-1)!;
      assert.deepEqual(port.address, { ...server.address, hostname });
      for (const size of [1_200, 1_200, 300]) {
        port.buffer!.fill(2, 0, size);
        port.send(size, heard.datagrams.at(-1)!.remote, Ecn.Ect0, id);
      }
      await until(() => answered.datagrams.length === 3);
      for (const { remote, mark } of answered.datagrams) {
        assert.deepEqual(remote, port.address);
        assert.equal(mark, Ecn.Ect0);
      }
      client.close();
    }
    // The three answers of each leave by one call.
    assert.equal(server.sendCalls, reached.length);
    server.close();
    await Promise.all(listening);
  });
}

nativeTest("Datagrams from two local addresses never share a call", async () => {
  const [server, client] = [openAtAll("0.0.0.0"), open("127.0.0.1")];
  const [heard, answered] = [new PortNotes(), new Notes()];
  const listening = [server.listen(heard), client.listen(answered)];
  for (const hostname of ["127.0.0.1", "127.0.0.2", "127.0.0.1"]) {
    client.buffer!.fill(1, 0, 10);
    client.send(10, { ...server.address, hostname }, Ecn.NotEct, id);
  }
  await until(() => heard.ports.length === 3);
  assert.equal(heard.ports[0], heard.ports[2]);
  for (const port of [heard.ports[0]!, heard.ports[1]!, heard.ports[1]!]) {
    port.buffer!.fill(2, 0, 1_000);
    port.send(1_000, client.address, Ecn.NotEct, id);
  }
  await until(() => answered.datagrams.length === 3);
  assert.equal(server.sendCalls, 2);
  const from = answered.datagrams.map(({ remote }) => remote.hostname);
  assert.deepEqual(from, ["127.0.0.1", "127.0.0.2", "127.0.0.2"]);
  server.close();
  client.close();
  await Promise.all(listening);
});

nativeTest("On loopback a sender makes no more ports than there may be", async () => {
  const [server, client] = [openAtAll("0.0.0.0"), open("127.0.0.1")];
  const heard = new PortNotes();
  const listening = [server.listen(heard), client.listen(new Notes())];
  for (let i = 0; i < 300; i++) {
    client.buffer!.fill(1, 0, 10);
    client.send(10, { ...server.address, hostname: `127.1.${i >> 8}.${i & 255}` }, Ecn.NotEct, id);
    if (client.buffer === undefined) await until(() => client.buffer !== undefined);
  }
  await until(() => heard.ports.length === 300);
  assert.equal(new Set(heard.ports).size, 256 + 1);
  assert.equal(heard.ports.at(-1), server);
  server.close();
  client.close();
  await Promise.all(listening);
});

nativeTest("What cannot be sent from a local address is told of its port", async () => {
  const [server, client] = [openAtAll("0.0.0.0"), open("127.0.0.1")];
  const heard = new PortNotes();
  const listening = [server.listen(heard), client.listen(new Notes())];
  client.buffer!.fill(1, 0, 10);
  client.send(10, { ...server.address, hostname: "127.0.0.1" }, Ecn.NotEct, id);
  await until(() => heard.ports.length === 1);
  const [port] = heard.ports;
  port!.buffer!.fill(2, 0, 10);
  port!.send(10, { transport: "udp", hostname: "::1", port: 9 }, Ecn.NotEct, id);
  await until(() => heard.failed.length === 1);
  assert.equal(heard.failed[0], port);
  server.close();
  client.close();
  await Promise.all(listening);
});

nativeTest("A client's socket is one port, whatever address it hears at", async () => {
  const [client, server] = [open("0.0.0.0"), open("127.0.0.1")];
  const heard = new PortNotes();
  const listening = [client.listen(heard), server.listen(new Notes())];
  server.buffer!.fill(1, 0, 10);
  server.send(10, { ...client.address, hostname: "127.0.0.3" }, Ecn.NotEct, id);
  await until(() => heard.ports.length === 1);
  assert.equal(heard.ports[0], client);
  server.close();
  client.close();
  await Promise.all(listening);
});

for (const at of ["0.0.0.0", "::"]) {
  nativeTest(`A listener at ${at} has connections at each of its addresses`, async () => {
    const { certPem: cert, keyPem: key } = await makeDevelopmentCertificate(["localhost"]);
    const options = { alpnProtocols: ["local"], native: "require" as const };
    await using listener = listen({ port: 0, cert, key, localAddresses: [at], ...options });
    const { port } = listener.addrs[0]!;
    for (const hostname of ["127.0.0.5", "127.0.0.1"]) {
      await using client = await dial({
        hostname,
        port,
        caCerts: [cert],
        serverName: "localhost",
        localAddresses: ["127.0.0.1"],
        ...options,
      });
      const connection = await listener.accept();
      assert.equal(connection.paths[0]!.localAddr.hostname, hostname);
      client.close();
    }
  });
}
