import assert from "node:assert/strict";
import { createSocket } from "node:dgram";
import { dial, fetch, listen, type MultipathConnection, openWorkerSockets } from "../../mod.ts";
import { SpokenProcess } from "../attack/spoken_process.ts";
import { cert, key } from "../http3/deno_quic.ts";
import { nativeTest } from "../io/native/tier.ts";

const PATIENCE = 120_000;

function connect(port: number, number = 0): Promise<MultipathConnection> {
  return dial({
    hostname: "127.0.0.1",
    port,
    serverName: "localhost",
    alpnProtocols: ["h3"],
    insecure: true,
    handshakeTimeout: 60_000,
    localAddresses: [`127.1.0.${number + 1}`],
  });
}

async function ask(connection: MultipathConnection, path = "/"): Promise<string> {
  const { hostname, port } = connection.remoteAddr;
  return (await (await fetch(`https://${hostname}:${port}${path}`, { connection })).text()).trim();
}

nativeTest(
  "Processes share a port, keep their connections, and take each other's place",
  async () => {
    const url = new URL("../../examples/processes.ts", import.meta.url);
    await using program = new SpokenProcess(url, ["0"]);
    const port = Number((await program.line(/^Listening on port (\d+)$/, PATIENCE))[1]);
    for (const index of [0, 1]) {
      await program.line(new RegExp(`^Worker ${index} listens on port ${port}$`), PATIENCE);
    }

    // Which process a client meets follows from its address and port.
    const connections: MultipathConnection[] = [];
    const names: string[] = [];
    while (new Set(names).size < 2 || names.length < 4) {
      assert.ok(names.length < 40, "all clients have met one process");
      const connection = await connect(port, names.length);
      connections.push(connection);
      names.push(await ask(connection));
    }
    // From other addresses and ports all stay.
    for (const [i, connection] of connections.entries()) {
      const path = await connection.openPath({ localAddress: `127.2.0.${i + 1}` });
      assert.equal(await ask(connection), names[i]);
      assert.ok(path.stats.bytesReceived > 0);
    }

    // One of them ends: its successor resets its connections, and those only.
    const victim = names[0]!;
    const index = Number(/^worker (\d)/.exec(victim)![1]);
    const known = program.text.length;
    await ask(connections[0]!, "/end").catch(() => {});
    await program.line(
      new RegExp(`^Worker ${index} listens`),
      PATIENCE,
      (line) => program.text.lastIndexOf(line) >= known,
    );
    const answers = await Promise.all(connections.map((each) => ask(each).catch(() => "lost")));
    assert.deepEqual(answers, names.map((name) => name === victim ? "lost" : name));
    const again = await connect(port, 50);
    const successor = await ask(again);
    assert.ok(successor !== victim, "it is another process");
    for (const connection of [...connections, again]) connection.close();
  },
);

nativeTest("A worker drops and counts what names another one, and never resets it", async () => {
  using sockets = openWorkerSockets({
    port: 0,
    localAddresses: ["127.0.0.1"],
    key,
    workerCount: 2,
  });
  // Everything comes to worker 0, though IDs name both.
  await using listener = listen({
    port: 1,
    cert,
    key,
    alpnProtocols: ["h3"],
    workerIndex: 0,
    workerSockets: sockets.text,
  });
  const { port } = listener.addrs[0]!;
  assert.equal(port, sockets.addr.port);
  sockets.accept([0]);
  const client = createSocket("udp4");
  let answers = 0;
  client.on("message", () => answers++);
  await new Promise<void>((resolve) => client.bind(0, "127.0.0.1", resolve));
  // Short headers of IDs by chance: half of the 32 numbers have no socket, and go by the source.
  for (let i = 0; i < 200; i++) {
    const datagram = crypto.getRandomValues(new Uint8Array(60));
    datagram[0] = 0x40 | datagram[0]! & 0x3f;
    client.send(datagram, port, "127.0.0.1");
  }
  for (let i = 0; i < 500 && listener.stats.strays.dropped < 100; i++) {
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  const { dropped, handedOn } = listener.stats.strays;
  assert.ok(dropped > 100 && handedOn === 0, `${dropped} dropped, ${handedOn} handed on`);
  // About one in 32 names this worker: only these are answered.
  assert.ok(answers < 30, `${answers} resets`);
  client.close();
});

nativeTest("openWorkerSockets() and its workers say what they cannot use", () => {
  assert.throws(() => openWorkerSockets({ port: 0, key, workerCount: 33 }), /from 1 to 32/);
  assert.throws(
    () => openWorkerSockets({ port: 0, key, workerCount: 1, native: "off" }),
    /FFI|ffi/,
  );
  using sockets = openWorkerSockets({
    port: 0,
    localAddresses: ["127.0.0.1"],
    key,
    workerCount: 2,
  });
  assert.throws(() => sockets.accept([]), /Cannot give new clients to no worker: .* 0, 1/);
  assert.throws(() => sockets.accept([2]), /Cannot give new clients to 2/);
  const options = { port: 1, cert, key, alpnProtocols: ["h3"] };
  assert.throws(() => listen({ ...options, workerIndex: 1 }), /together/);
  assert.throws(
    () => listen({ ...options, workerIndex: 2, workerSockets: sockets.text }),
    /Cannot listen as worker 2: there are 2/,
  );
  for (const workerSockets of ["", "[]", "{}", '[{"hostname":"::"}]', "7,8"]) {
    assert.throws(() => listen({ ...options, workerIndex: 0, workerSockets }), /as it is/);
  }
});
