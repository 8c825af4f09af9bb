// Connections that others than this library carry, for those who watch connections.

import { announceConnection, type ObservedPathStats } from "./connection_observers.ts";

/**
 * A connection of TCP that a live view is to show; see {@linkcode showConnection}. Its figures are
 * read while it is open.
 *
 * @category Traces
 */
export interface ShownConnection {
  /** Which end of it this program is. */
  readonly role: "client" | "server";
  /** Our own address. */
  readonly localAddr: Deno.NetAddr;
  /** The peer's. */
  readonly remoteAddr: Deno.NetAddr;
  /** The protocol, such as `h2`. */
  readonly protocol?: string | undefined;
  /** The name that the client has asked for. */
  readonly serverName?: string | undefined;
  /** Bytes that have come. */
  readonly bytesReceived: number;
  /** Bytes that were sent. */
  readonly bytesSent: number;
  /** Streams or requests that are open. */
  readonly openStreams: number;
  /** Resolves when it is over; rejects if it has failed, with the reason. */
  readonly closed: Promise<unknown>;
}

/**
 * Has the live views of this program show a connection of TCP beside those of the library: who it is
 * with, and its rate. What TCP does not tell programs, such as round-trip times, is left out.
 *
 * Those of `serveTcp` and `TcpClient`, and of tunnels that fall back to TCP, are shown by themselves.
 * Without a live view it does nothing.
 *
 * @param connection What to show, from now on until it is closed.
 *
 * @example
 * ```ts
 * import { serveLive, showConnection } from "@mpquic/mpquic";
 *
 * await using view = serveLive();
 * using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
 * using client = await Deno.connect(listener.addr);
 * let bytesReceived = 0;
 * const { promise: closed, resolve: end } = Promise.withResolvers<void>();
 * showConnection({
 *   role: "client",
 *   localAddr: client.localAddr,
 *   remoteAddr: client.remoteAddr,
 *   get bytesReceived() {
 *     return bytesReceived;
 *   },
 *   bytesSent: 0,
 *   openStreams: 1,
 *   closed,
 * });
 * bytesReceived += 1_000;
 * end();
 * ```
 *
 * @category Traces
 */
export function showConnection(connection: ShownConnection): void {
  const { role, localAddr, remoteAddr, protocol = "bytes", serverName } = connection;
  let isOver = false;
  const closed = connection.closed.then(() => undefined);
  const end = () => void (isOver = true);
  closed.then(end, end);
  const path = {
    get stats(): ObservedPathStats {
      const { bytesReceived, bytesSent } = connection;
      return {
        id: 0,
        localAddr,
        remoteAddr,
        status: "available",
        health: "ok",
        minRtt: Infinity,
        latestRtt: 0,
        smoothedRtt: 0,
        congestionWindow: undefined,
        bytesInFlight: undefined,
        maxDatagramSize: undefined,
        packetsLost: undefined,
        bytesReceived,
        bytesSent,
      };
    },
  };
  announceConnection(
    {
      remoteAddr,
      serverName,
      protocol: `${protocol} over TCP`,
      closed,
      get paths() {
        return isOver ? [] : [path];
      },
      get stats() {
        const { bytesReceived, bytesSent, openStreams } = connection;
        return { bytesReceived, bytesSent, openStreams, packetsLost: undefined };
      },
    },
    role,
    () => () => {},
  );
}
