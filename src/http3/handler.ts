// What applications that serve HTTP/3 implement and get: handlers, requests, tunnels, datagrams.

import type { H3Transport } from "./transport.ts";

/**
 * Makes the response to a request.
 *
 * @category HTTP/3
 */
export type RequestHandler<T extends H3Transport = H3Transport> = (
  request: Request,
  info: RequestInfo<T>,
) => Response | Promise<Response>;

/**
 * What a handler may know, and do, beyond request and response.
 *
 * @category HTTP/3
 */
export interface RequestInfo<T extends H3Transport = H3Transport> {
  /** The connection the request came over. */
  readonly connection: T;
  /** Where the client is, if the connection can tell; not proven yet while `early`. */
  readonly remoteAddr: T["remoteAddr"];
  /** Fields that follow the body; resolves when the body has been read or given up. */
  readonly trailers: Promise<Headers | undefined>;
  /** Resolves when the response has been sent; rejects if that failed. */
  readonly completed: Promise<void>;
  /**
   * Whether the request came before the handshake was complete (0-RTT), so that an attacker may
   * have recorded it. Only safe methods reach the handler then; others wait. A handler that must
   * not answer such requests either answers 425 (RFC 9114, Section 10.9).
   */
  readonly early: boolean;
  /** Datagrams of this request, if the server was told to have them and the connection can. */
  readonly datagrams: RequestDatagrams | undefined;
  /** Sends these fields after the body of the response; a tunnel has none. */
  sendTrailers(trailers: TrailerSource): void;
  /**
   * Sends an interim response, such as 103 Early Hints.
   *
   * @throws {RangeError} If there is no such status.
   * @throws {TypeError} If the response itself has begun.
   */
  sendInformational(status: number, headers: Headers): void;
}

/**
 * Trailers to send: ready, or made when the body has been sent.
 *
 * @category HTTP/3
 */
export type TrailerSource = Headers | (() => Headers | Promise<Headers>);

/**
 * The datagrams that belong to one request (RFC 9297, Section 2): unreliable, in no order, but on
 * every path there is.
 *
 * @category HTTP/3
 */
export interface RequestDatagrams {
  /** Datagrams that came and were not read in time. */
  readonly dropped: number;
  /** The longest datagram that can be sent now; 0 if there is no room for any. */
  readonly maxSize: number;
  /**
   * Sends a datagram, which may be lost.
   *
   * @throws {TypeError} If it is no `Uint8Array`, the peer takes no datagrams, or the request is over.
   */
  send(data: Uint8Array): Promise<void>;
  /** Waits for a datagram; undefined once the request is over. */
  read(): Promise<Uint8Array<ArrayBuffer> | undefined>;
}

/**
 * A CONNECT: a stream to be used for another protocol (extended CONNECT, RFC 9220), or for the bytes
 * of a TCP connection (plain CONNECT, RFC 9114, Section 4.4).
 *
 * @category HTTP/3
 */
export interface ConnectRequest {
  /** The protocol, such as "websocket" or "connect-udp"; empty for plain CONNECT. */
  readonly protocol: string;
  /** What the client wants to talk to; for plain CONNECT its host and port as the client wrote them. */
  readonly url: string;
  /** The fields of the request. */
  readonly headers: Headers;
  /** What the client sends, for as long as the tunnel is open. */
  readonly body: ReadableStream<Uint8Array<ArrayBuffer>>;
  /** Aborted when the client gives up, or the connection ends. */
  readonly signal: AbortSignal;
}

/**
 * Answers a CONNECT: a response with a status of 200 to 299 opens the tunnel, and its body
 * is what the server sends through it. With any other status it is refused.
 *
 * @category HTTP/3
 */
export type ConnectHandler<T extends H3Transport = H3Transport> = (
  request: ConnectRequest,
  info: RequestInfo<T>,
) => Response | Promise<Response>;

/**
 * What a handler of tunnels may know beyond the request, whatever that came over.
 *
 * @category HTTP/3
 */
export interface TunnelInfo {
  /** Datagrams of the request: in frames of QUIC, or in capsules on the stream where there are none. */
  readonly datagrams: RequestDatagrams | undefined;
  /** What the request came over, as far as that says who the client is. */
  readonly connection: Pick<H3Transport, "peerCertificates">;
}

/**
 * Answers a CONNECT as {@linkcode ConnectHandler} does, over HTTP/3, HTTP/2 and HTTP/1.1 alike.
 *
 * @category HTTP/3
 */
export type TunnelHandler = (
  request: ConnectRequest,
  info: TunnelInfo,
) => Response | Promise<Response>;

/**
 * How a client asks for a tunnel.
 *
 * @category HTTP/3
 */
export interface ConnectInit {
  /** Fields of the request. */
  headers?: HeadersInit;
  /** What to send through the tunnel; without it, that direction ends at once. */
  body?: ReadableStream<Uint8Array>;
  /** Gives the tunnel up. */
  signal?: AbortSignal;
}
