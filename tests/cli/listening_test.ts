import assert from "node:assert/strict";
import { makeIssuedCertificate, serve } from "../../mod.ts";
import { listenOnBoth } from "../../cli/server/listening.ts";
import { PortInUse } from "../../cli/server/port_in_use.ts";
import { TcpServer } from "../../cli/server/tcp_server.ts";

const HOST = "127.0.0.1";
const { certPem: cert, keyPem: key } = await makeIssuedCertificate([HOST]);

/** Listens over both, where the system chooses the given ports over UDP, one after the other. */
async function listenAt(asked: number, ports: number[]) {
  const seen: number[] = [];
  const overUdp = () => {
    const port = ports[seen.length] ?? 0;
    const server = serve({ port, localAddresses: [HOST], cert, key }, () => new Response());
    seen.push(server.addr.port);
    return Promise.resolve(server);
  };
  const handler = () => Promise.resolve(new Response());
  const found = listenOnBoth(asked, overUdp, ({ addr: { port } }) => {
    return TcpServer.listen({ hostnames: [HOST], port, keyPairs: [{ cert, key }], handler });
  });
  return { seen, found: await found.catch((error: unknown) => error as Error) };
}

/** Ports that a program has over TCP, while `use` runs. */
async function withTaken(count: number, use: (ports: number[]) => Promise<void>): Promise<void> {
  using stack = new DisposableStack();
  const take = () => stack.use(Deno.listen({ hostname: HOST, port: 0 })).addr.port;
  await use(Array.from({ length: count }, take));
}

/** Waits until no program has the port over UDP. */
async function free(port: number): Promise<void> {
  for (let i = 0; i < 500; i++) {
    try {
      return Deno.listenDatagram({ transport: "udp", hostname: HOST, port }).close();
    } catch {
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
  }
  assert.fail("what was in vain still listens");
}

Deno.test("listenOnBoth() has the system choose again where a port is taken over TCP", async () => {
  await withTaken(2, async (ports) => {
    const { seen, found } = await listenAt(0, ports);
    assert.ok(!(found instanceof Error), String(found));
    assert.deepEqual(seen.slice(0, 2), ports);
    assert.ok(seen.length > 2 && found.server.addr.port === seen.at(-1));
    for (const port of ports) await free(port);
    await Promise.all([found.server.shutdown(), found.tcp.shutdown()]);
  });
});

Deno.test("listenOnBoth() fails where the user has chosen the port, and does not try for ever", async () => {
  await withTaken(6, async (ports) => {
    for (const [asked, tries] of [[ports[0]!, 1], [0, 5]] as const) {
      const { seen, found } = await listenAt(asked, ports);
      assert.ok(found instanceof PortInUse, String(found));
      assert.equal(seen.length, tries);
      for (const port of ports) await free(port);
    }
  });
});
