import { dial } from "../../src/api/dial.ts";
import { MultipathConnection } from "../../src/api/multipath_connection.ts";
import type { MultipathListener } from "../../src/api/listen.ts";
import type { ConnectOptions, ListenOptions } from "../../src/api/options/options.ts";
import { TEST_CERTIFICATE, TEST_KEY } from "../../src/sim/test_certificate.ts";

/** Listens at a free port of 127.0.0.1. */
export function listenHere(options: Partial<ListenOptions> = {}): MultipathListener {
  return MultipathConnection.listen({
    port: 0,
    localAddresses: ["127.0.0.1"],
    cert: TEST_CERTIFICATE,
    key: TEST_KEY,
    alpnProtocols: ["echo"],
    ...options,
  });
}

/** Connects to a listener that {@linkcode listenHere} made. */
export function dialHere(
  listener: MultipathListener,
  options: Partial<ConnectOptions> = {},
): Promise<MultipathConnection> {
  return dial({
    hostname: "127.0.0.1",
    port: listener.addrs[0]!.port,
    serverName: "server.test",
    alpnProtocols: ["echo"],
    caCerts: [TEST_CERTIFICATE],
    ...options,
  });
}
