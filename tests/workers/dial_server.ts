import { type ConnectOptions, dial, type MultipathConnection } from "../../mod.ts";
import { cert } from "../http3/deno_quic.ts";

/** Dials the server of a test at a port, from a local address, each client from one of its own. */
export function dialServer(
  port: number,
  localAddress: string,
  options: Partial<ConnectOptions>,
): Promise<MultipathConnection> {
  return dial({
    hostname: "127.0.0.1",
    port,
    serverName: "localhost",
    alpnProtocols: ["h3"],
    caCerts: [cert],
    localAddresses: [localAddress],
    ...options,
  });
}
