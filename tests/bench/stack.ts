import { nodeEngine } from "../../src/crypto/node_engine.ts";
import { MultipathConnection, type NativeMode } from "../../mod.ts";
import { cert, key } from "../http3/deno_quic.ts";

/**
 * What is measured: the runtime's own QUIC, ours on one path or two with what the system offers, and
 * ours by the runtime's sockets alone, with either engine. Between addresses of one machine ours finds
 * that jumbo datagrams pass; by "ethernet" its largest ones are as large as those of the runtime's.
 */
export type StackName =
  | "runtime"
  | "mpquic"
  | "two paths"
  | "ethernet"
  | "portable"
  | "portable ethernet"
  | "node:crypto"
  | "noble";

/** What ours and the runtime's connections have in common. */
export type BenchConnection = Pick<
  Deno.QuicConn,
  "createBidirectionalStream" | "incomingBidirectionalStreams" | "close" | "closed"
>;

/** A QUIC implementation as the loads see it. */
export interface Stack {
  /** Waits for connections at a port of the system's choice; gives each to `accept`. */
  listen(accept: (connection: BenchConnection) => void): number;
  /** Connects to such a port. */
  connect(port: number): Promise<BenchConnection>;
}

/** The stack of that name. The engine is chosen for the rest of the process. */
export function stackOf(name: StackName): Stack {
  if (name === "runtime") return runtime;
  if (name === "node:crypto" || name === "noble") Reflect.deleteProperty(globalThis, "WebAssembly");
  if (name === "noble") nodeEngine.aead = failing;
  if (name === "two paths") return ours(["127.0.0.1", "127.0.0.2"], "auto");
  const native = name === "mpquic" || name === "ethernet" ? "auto" : "off";
  return ours(["127.0.0.1"], native, name.endsWith("ethernet") ? { maxUdpPayloadSize: 1_452 } : {});
}

const alpnProtocols = ["bench"];

function ours(
  localAddresses: string[],
  native: NativeMode,
  limits: { maxUdpPayloadSize?: number } = {},
): Stack {
  return {
    listen(accept) {
      const listener = MultipathConnection.listen({
        port: 0,
        localAddresses,
        alpnProtocols,
        cert,
        key,
        native,
        ...limits,
      });
      acceptAll(listener, accept);
      return listener.addrs[0]!.port;
    },
    async connect(port) {
      const connection = await MultipathConnection.connect({
        hostname: "127.0.0.1",
        port,
        localAddresses: [localAddresses[0]!],
        alpnProtocols,
        caCerts: [cert],
        native,
        ...limits,
      });
      for (const hostname of localAddresses.slice(1)) {
        const remoteAddress = { transport: "udp", hostname, port } as const;
        await connection.openPath({ localAddress: hostname, remoteAddress });
      }
      return connection;
    },
  };
}

const runtime: Stack = {
  listen(accept) {
    const endpoint = new Deno.QuicEndpoint({ hostname: "127.0.0.1", port: 0 });
    acceptAll(endpoint.listen({ cert, key, alpnProtocols }), accept);
    return endpoint.addr.port;
  },
  async connect(port) {
    return await Deno.connectQuic({
      hostname: "127.0.0.1",
      port,
      serverName: "localhost",
      alpnProtocols,
      caCerts: [cert],
    });
  },
};

async function acceptAll(
  listener: { accept(): Promise<BenchConnection> },
  accept: (connection: BenchConnection) => void,
): Promise<void> {
  for (;;) {
    const connection = await listener.accept();
    connection.closed.catch(() => {});
    accept(connection);
  }
}

/** As on a machine whose node:crypto fails its proof: another engine takes over. */
function failing(): never {
  throw new Error("Cannot encrypt: switched off for the measurement");
}
