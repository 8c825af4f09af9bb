// A UDP socket that talks to one address only.

import { formatIpAddress, parseIpAddress } from "../bytes/ip_address.ts";

/** A UDP socket that talks to one address only. */
export interface UdpTarget {
  /** Sends a datagram; one that cannot be sent is lost. */
  send(data: Uint8Array): Promise<void>;
  /** The next datagram of the address, whatever others send; undefined once the socket is closed. */
  receive(): Promise<Uint8Array<ArrayBuffer> | undefined>;
  /** Gives the socket back. */
  close(): void;
}

/**
 * Opens a socket for one address.
 *
 * @param hostname A literal IP address.
 * @param port The UDP port.
 * @throws {Error} If the system has no socket, or no way of that family.
 */
export function openUdpTarget(hostname: string, port: number): UdpTarget {
  const any = hostname.includes(":") ? "::" : "0.0.0.0";
  const socket = Deno.listenDatagram({ transport: "udp", hostname: any, port: 0 });
  const known = textOf(hostname);
  let isClosed = false;
  return {
    async send(data) {
      try {
        await socket.send(data, { transport: "udp", hostname, port });
      } catch {
        // It is lost, as datagrams may be: too long for the link, or no way leads there now.
      }
    },
    async receive() {
      while (!isClosed) {
        try {
          // The runtime's own buffer is as long as any datagram.
          const [data, from] = await socket.receive();
          const { hostname: sender, port: senderPort } = from as Deno.NetAddr;
          if (senderPort === port && textOf(sender) === known) return data.slice();
        } catch (error) {
          // An ICMP message about a datagram that was sent is no end of the socket.
          if (isClosed || !(error instanceof Deno.errors.ConnectionRefused)) return undefined;
        }
      }
      return undefined;
    },
    close() {
      if (!isClosed) socket.close();
      isClosed = true;
    },
  };
}

function textOf(hostname: string): string {
  const bytes = parseIpAddress(hostname);
  return bytes === undefined ? hostname : formatIpAddress(bytes);
}
