// A session of WebTransport, as applications of either end see it.

import type { H3StreamOptions, H3Transport } from "../transport.ts";

/**
 * A session of WebTransport: streams both ways and datagrams between a page, or any other client, and
 * a server, beside the requests of the same connection. It has the shape of the platform's
 * `WebTransport`, at both ends.
 *
 * Streams in one direction, streams in both, and datagrams of one session go over all paths of its
 * connection, which is `connection`.
 *
 * @example Ask on a stream, and read the answer
 * ```ts ignore
 * const { readable, writable } = await session.createBidirectionalStream();
 * const writer = writable.getWriter();
 * await writer.write(new TextEncoder().encode("Which way?"));
 * await writer.close();
 * console.log(await new Response(readable).text());
 * ```
 *
 * @category WebTransport
 */
export interface WebTransportSession extends AsyncDisposable {
  /** Resolves once the session is open, which it is when you have it. */
  readonly ready: Promise<void>;
  /**
   * Resolves when either end has closed the session, with what it said; rejects with a
   * `WebTransportError` when the session broke.
   */
  readonly closed: Promise<WebTransportCloseInfo>;
  /** Resolves when the peer asks to come to an end soon. */
  readonly draining: Promise<void>;
  /** The protocol that both ends agreed on, of those the client offered; empty if there is none. */
  readonly protocol: string;
  /** Datagrams, which may be lost and may come in another order. */
  readonly datagrams: WebTransportDatagrams;
  /** Streams that the peer opens both ways. */
  readonly incomingBidirectionalStreams: ReadableStream<WebTransportBidirectionalStream>;
  /** Streams that only the peer sends on. */
  readonly incomingUnidirectionalStreams: ReadableStream<WebTransportReceiveStream>;
  /** The connection that carries the session, with its paths. */
  readonly connection: H3Transport;
  /**
   * Opens a stream both ways.
   *
   * @param options Its priority, and whether to wait until the peer allows one more.
   * @throws {WebTransportError} If the session is over.
   */
  createBidirectionalStream(options?: H3StreamOptions): Promise<WebTransportBidirectionalStream>;
  /**
   * Opens a stream that only this end sends on.
   *
   * @param options Its priority, and whether to wait until the peer allows one more.
   * @throws {WebTransportError} If the session is over.
   */
  createUnidirectionalStream(options?: H3StreamOptions): Promise<WebTransportSendStream>;
  /**
   * Derives keys that the other end of the session can derive as well, and nothing else can.
   *
   * @param label Says what the keys are for: 1 to 255 bytes.
   * @param context What else the keys depend on: at most 255 bytes.
   * @param length How many bytes.
   * @throws {TypeError} If the connection cannot, or what is given cannot be used.
   *
   * @example
   * ```ts ignore
   * const key = session.exportKeyingMaterial(new TextEncoder().encode("voice"));
   * ```
   */
  exportKeyingMaterial(label: Uint8Array, context?: Uint8Array, length?: number): Uint8Array;
  /** Asks the peer to come to an end soon; the session goes on until then. */
  drain(): void;
  /**
   * Closes the session at once: its streams are reset, and the peer is told why.
   *
   * @param info A code from 0 to 2^32 - 1 and a text, of which 1,024 bytes are sent.
   */
  close(info?: Partial<WebTransportCloseInfo>): void;
}

/**
 * How a session was closed.
 *
 * @category WebTransport
 */
export interface WebTransportCloseInfo {
  /** A number of the application's, from 0 to 2^32 - 1. */
  readonly closeCode: number;
  /** Why, in words. */
  readonly reason: string;
}

/**
 * A stream both ways.
 *
 * @category WebTransport
 */
export interface WebTransportBidirectionalStream {
  /** What the peer sends. */
  readonly readable: WebTransportReceiveStream;
  /** What we send. */
  readonly writable: WebTransportSendStream;
}

/**
 * The half of a stream that is read. When the peer resets it, reading fails with a
 * `WebTransportError`; cancel it with one to tell the peer a code.
 *
 * @category WebTransport
 */
export type WebTransportReceiveStream = ReadableStream<Uint8Array<ArrayBuffer>>;

/**
 * The half of a stream that is written. When the peer wants no more, writing fails with a
 * `WebTransportError`; abort it with one to tell the peer a code.
 *
 * @category WebTransport
 */
export interface WebTransportSendStream extends WritableStream<Uint8Array<ArrayBufferLike>> {
  /** Streams with a higher number are sent first. */
  sendOrder: number;
}

/**
 * The datagrams of a session.
 *
 * @category WebTransport
 */
export interface WebTransportDatagrams {
  /** Bytes of the longest datagram that can be sent now; longer ones are dropped. */
  readonly maxDatagramSize: number;
  /** Datagrams that came and were not read in time, and those that were too long to be sent. */
  readonly dropped: number;
  /** What the peer sends; the oldest of those that are not read are dropped. */
  readonly readable: ReadableStream<Uint8Array<ArrayBuffer>>;
  /** What we send. */
  readonly writable: WritableStream<Uint8Array<ArrayBufferLike>>;
}
