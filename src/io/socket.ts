// A socket as the event loop sees it, whichever calls of the system it is made of.

import type { Ecn } from "../bytes/ecn.ts";
import type { Address } from "../path/address/address.ts";
import type { Port, PortCapabilities } from "../path/address/port.ts";

/** What a socket can do beyond sending and receiving single datagrams. */
export interface SocketCapabilities extends PortCapabilities {
  /** Datagrams of equal size that leave by one system call; 1 if each has a call of its own. */
  readonly segments: number;
  /** Whether datagrams that are too large are dropped, never fragmented (RFC 9000, Section 14). */
  readonly dontFragment: boolean;
  /** Whether the socket can be bound to a network device, whatever the routes say. */
  readonly bindsDevice: boolean;
  /** Whether the local address of each datagram is known, though the socket is bound to any. */
  readonly packetInfo: boolean;
}

/**
 * A port that sends: it lends a buffer, takes the datagram that was written into it, and lends the
 * next buffer.
 */
export interface SendingPort extends Port {
  readonly capabilities: SocketCapabilities;
  /**
   * Takes the first `size` bytes of the buffer to be sent; nothing happens on a closed socket.
   *
   * @param mark The ECN mark; none if the socket sets none.
   * @param destination The connection ID it is sent to. Only datagrams with the same array may share
   * a call of the system; without one, the datagram has a call of its own.
   */
  send(size: number, to: Address, mark: Ecn, destination?: Uint8Array): void;
}

/**
 * A UDP socket as a port. When datagrams go to the system is the socket's own affair: it may gather
 * those that follow each other into one call.
 */
export interface Socket extends SendingPort {
  readonly isClosed: boolean;
  /** Receives until the socket is closed. Call it once. */
  listen(listener: SocketListener): Promise<void>;
  /** Waiting for datagrams keeps the process alive (the default). */
  ref(): void;
  /** Waiting for datagrams no longer keeps the process. */
  unref(): void;
  /** Has datagrams leave and come by an interface from now on; a socket that is bound to one stays. */
  bindTo?(device: string): void;
  /** Whether datagrams leave by an interface that was named; missing where that cannot be had. */
  readonly isBound?: boolean;
  /** The port for a local address, of a socket that is bound to all and tells them apart. */
  portAt?(hostname: string): SendingPort | undefined;
  /** Closes the socket. Waiting datagrams are flushed on a best-effort basis. */
  close(): void;
}

/** Callbacks of a socket. All calls are synchronous. */
export interface SocketListener {
  /**
   * A datagram came. It lies in the socket's buffer and is valid during the call only.
   *
   * @param port The socket, or its port for the local address that the datagram came to.
   * @param mark Its ECN mark; left out by sockets that do not know.
   */
  onDatagram(datagram: Uint8Array, port: SendingPort, remote: Address, mark?: Ecn): void;
  /** The outgoing buffer is free again. */
  onFree(socket: Socket): void;
  /** The system refuses to send to this address from here: no route, no interface, no permission. */
  onUnreachable(port: SendingPort, remote: Address, error: Error): void;
  /** The socket can no longer receive, and has closed itself; its ports are told one by one. */
  onBroken(port: SendingPort, error: Error): void;
}

/** What a socket may be asked for; sockets that cannot do it go without. */
export interface SocketWishes {
  /** The interface by which all datagrams are to leave, whatever the routes say. */
  readonly device?: string | undefined;
  /**
   * Whether a socket that is bound to all local addresses is to have a port for each that something
   * comes to. A client has chosen no address then, and does not care.
   */
  readonly tellsLocal?: boolean;
}

/** Opens a socket at a local address; port 0 lets the system choose one. */
export type OpenSocket = (hostname: string, port: number, wishes?: SocketWishes) => Socket;
