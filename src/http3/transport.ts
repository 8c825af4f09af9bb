// What HTTP/3 needs of a QUIC connection.

import type { EventLog } from "../api/stats/event_log.ts";
import type { PeerAccount } from "../api/stats/peer_account.ts";

/**
 * What HTTP/3 needs of a QUIC connection. `MultipathConnection` and `Deno.QuicConn` both have it.
 *
 * A stream is aborted, or its reading cancelled, with a `StreamError`, whose code the transport
 * sends in RESET_STREAM or STOP_SENDING.
 *
 * @category HTTP/3
 */
export interface H3Transport {
  /** Opens a stream for a request. */
  createBidirectionalStream(options?: H3StreamOptions): Promise<H3BidirectionalStream>;
  /** Opens a stream for control data. */
  createUnidirectionalStream(options?: H3StreamOptions): Promise<H3SendStream>;
  /** Streams the peer opened both ways. */
  readonly incomingBidirectionalStreams: ReadableStream<H3BidirectionalStream>;
  /** Streams the peer opened one way. */
  readonly incomingUnidirectionalStreams: ReadableStream<H3ReceiveStream>;
  /** Where the peer is, if the transport can tell. */
  readonly remoteAddr?: NetAddress;
  /** Sends a datagram, which may be lost. */
  sendDatagram?(data: Uint8Array): Promise<void>;
  /** Waits for a datagram. */
  readDatagram?(): Promise<Uint8Array<ArrayBuffer>>;
  /** The longest datagram that can be sent now; 0 if the peer takes none. */
  readonly maxDatagramSize?: number;
  /** Resolves when the handshake is complete, if streams may come before. */
  readonly handshake?: Promise<unknown>;
  /** What we hold for the peer, if that is counted. */
  readonly account?: PeerAccount | undefined;
  /** The certificates that the peer has shown, in DER, its own first; empty if it showed none. */
  readonly peerCertificates?: readonly Uint8Array[];
  /** The name that the client asked for in the handshake, if it did and the transport can tell. */
  readonly serverName?: string | undefined;
  /** Derives keys that both ends can, for transports with TLS (RFC 9846, Section 7.5). */
  exportKeyingMaterial?(label: string, context: Uint8Array, length: number): Uint8Array;
  /** Takes events into the trace of the connection, if there is one. */
  readonly qlog?: EventLog | undefined;
  /** Keeps the process alive while the connection is open (the default). */
  ref?(): void;
  /** Lets the process end though the connection has not. */
  unref?(): void;
  /** Settles when the connection has ended. */
  readonly closed: Promise<unknown>;
  /** Closes the connection with a code of the application. */
  close(info?: { closeCode: number; reason: string }): void;
}

/**
 * An address and a port, as far as HTTP/3 is concerned.
 *
 * @category HTTP/3
 */
export interface NetAddress {
  /** A literal IP address. */
  readonly hostname: string;
  /** The UDP port. */
  readonly port: number;
}

/**
 * How a stream is opened.
 *
 * @category HTTP/3
 */
export interface H3StreamOptions {
  /** Streams with a higher number send first. */
  sendOrder?: number;
  /** RFC 9218, Section 4.1, for transports that schedule by it. */
  urgency?: number;
  /** Whether to wait until the peer allows one more stream. */
  waitUntilAvailable?: boolean;
}

/**
 * A stream that carries a request one way and its response the other.
 *
 * @category HTTP/3
 */
export interface H3BidirectionalStream {
  /** What the peer sends. */
  readonly readable: H3ReceiveStream;
  /** What we send. */
  readonly writable: H3SendStream;
}

/**
 * The half of a stream that is read.
 *
 * @category HTTP/3
 */
export interface H3ReceiveStream extends ReadableStream<Uint8Array<ArrayBuffer>> {
  /** The ID of the stream, unique in its connection. */
  readonly id: bigint;
  /**
   * Whether data came before the handshake was complete, so that an attacker may have recorded
   * them.
   */
  readonly early?: boolean;
  /** Bytes of the whole stream; negative while that is not known. */
  readonly finalSize?: number;
}

/**
 * The half of a stream that is written.
 *
 * @category HTTP/3
 */
export interface H3SendStream extends WritableStream<Uint8Array<ArrayBufferLike>> {
  /** The ID of the stream, unique in its connection. */
  readonly id: bigint;
  /** Streams with a higher number send first. */
  sendOrder?: number;
  /** RFC 9218, Section 4.1, for transports that schedule by it. */
  urgency?: number;
  /** RFC 9218, Section 4.2, for transports that schedule by it. */
  incremental?: boolean;
  /**
   * Keeps room for so many bytes that are written next, and copied then before `write()` returns;
   * tells for how many. For transports with such limits.
   */
  reserve?(most: number): number;
  /**
   * Resets the stream, and delivers its first bytes all the same. For transports with reliable
   * stream reset.
   */
  resetAt?(code: number, reliableSize: number): void;
  /** Bytes that have left, for transports that can tell. */
  readonly bytesSent?: number;
  /** Bytes still to be written, for transports that plan for the end. */
  bytesToCome?: number;
}
