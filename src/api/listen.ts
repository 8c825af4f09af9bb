// Waits for connections: `listen`, and what a listener is.

import { MultipathConnection } from "./multipath_connection.ts";
import type { ConnectionListener } from "./multipath_listener.ts";
import type { ListenOptions } from "./options/options.ts";

/**
 * Waits for multipath connections.
 * @category Connections
 */
export type MultipathListener = ConnectionListener<MultipathConnection>;

/**
 * Waits for connections: the short way to `MultipathConnection.listen`.
 *
 * @param options Where to listen, and with which certificate.
 * @returns The listener, which is an asynchronous iterator of connections.
 * @throws {TypeError} If the certificate and key cannot be used, or no protocol is named.
 *
 * @example
 * ```ts ignore
 * import { listen } from "@mpquic/mpquic";
 *
 * await using listener = listen({ port: 6121, cert, key, alpnProtocols: ["echo"] });
 * for await (const connection of listener) console.log(connection.remoteAddr);
 * ```
 *
 * @category Connections
 */
export function listen(options: ListenOptions): MultipathListener {
  return MultipathConnection.listen(options);
}
