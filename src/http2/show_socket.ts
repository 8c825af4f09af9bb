// Connections of TLS over TCP, for those who watch connections.

import type { TLSSocket } from "node:tls";
import { showConnection, type ShownConnection } from "../api/shown_connection.ts";

/**
 * Has live views show a connection whose handshake is complete.
 *
 * @param role Which end of it this is.
 * @param openStreams Counts its streams, or requests.
 */
export function showSocket(
  socket: TLSSocket,
  role: ShownConnection["role"],
  openStreams: () => number,
): void {
  const { localAddress, localPort, remoteAddress, remotePort } = socket;
  const closed = new Promise<void>((resolve, reject) => {
    socket.on("error", reject);
    socket.on("close", () => resolve());
  });
  closed.catch(() => {}); // who uses the connection hears of it as well
  showConnection({
    role,
    localAddr: place(localAddress, localPort),
    remoteAddr: place(remoteAddress, remotePort),
    protocol: socket.alpnProtocol || "http/1.1",
    serverName: serverNameOf(socket),
    closed,
    get bytesReceived() {
      return socket.bytesRead;
    },
    get bytesSent() {
      return socket.bytesWritten;
    },
    get openStreams() {
      return openStreams();
    },
  });
}

function place(hostname = "", port = 0): Deno.NetAddr {
  return { transport: "tcp", hostname, port };
}

/** The name that the client of a connection asks for (RFC 6066, Section 3); undefined if none. */
export function serverNameOf(socket: TLSSocket): string | undefined {
  // The types of the runtime do not know of it; it is false or null if no name is asked for.
  return (socket as { servername?: string | false | null }).servername || undefined;
}
