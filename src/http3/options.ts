// The options of HTTP/3 clients and servers.

import type { ConnectOptions, ListenOptions } from "../api/options/options.ts";
import type { AuthorityCheck } from "./authority.ts";
import type { ConnectHandler, TrailerSource } from "./handler.ts";
import type { H3Transport, NetAddress } from "./transport.ts";
import type { WebTransportOptions } from "./webtransport/web_transport_options.ts";

/**
 * What both ends of an HTTP/3 connection can be told.
 *
 * @category HTTP/3
 */
export interface H3Options {
  /**
   * Bytes of QPACK dynamic table to grant the peer, and to use of what the peer grants.
   *
   * @default {4096}
   */
  qpackTableCapacity?: number;
  /**
   * Streams whose fields may wait for the peer's QPACK encoder stream.
   *
   * @default {16}
   */
  qpackBlockedStreams?: number;
  /**
   * The largest header or trailer section to accept, as RFC 9114, Section 4.2.2 counts it.
   *
   * @default {65536}
   */
  maxFieldSectionSize?: number;
  /**
   * Bytes of fields that may wait for the peer's QPACK encoder stream.
   *
   * @default {1048576}
   */
  qpackBlockedBytes?: number;
  /**
   * Takes and sends datagrams of requests (RFC 9297), if the connection has datagrams; then they
   * cannot be read from the connection itself.
   *
   * @default {false}
   */
  datagrams?: boolean;
}

/**
 * What a client's end of a connection can be told.
 *
 * @category HTTP/3
 */
export interface H3ClientOptions extends H3Options {
  /**
   * Tells the server that sessions of WebTransport may be opened; they need datagrams.
   *
   * @default {false}
   */
  webTransport?: boolean;
}

/**
 * What a server's end of a connection can be told.
 *
 * @category HTTP/3
 */
export interface H3ServerOptions extends H3Options {
  /**
   * Handlers that may run at a time on one connection; further requests wait.
   *
   * @default {128}
   */
  maxConcurrentHandlers?: number;
  /**
   * Milliseconds until the header section of a request must have come.
   *
   * @default {10000}
   */
  headerTimeout?: number;
  /**
   * Milliseconds that a client may let pass without a byte of the body of its request while we read
   * it, or without taking any of the response while we send it. `Infinity` for any time.
   *
   * @default {60000}
   */
  bodyTimeout?: number;
  /**
   * Bytes a second at which a client must send the body of its request and take the response, on
   * average over the time that we wait for it; 0 for any rate.
   *
   * @default {0}
   */
  minBodyRate?: number;
  /**
   * Answers extended CONNECT (RFC 9220), which clients are only allowed with it.
   */
  onConnect?: ConnectHandler;
  /**
   * Answers plain CONNECT (RFC 9114, Section 4.4), which is refused with 501 without it. Bytes that
   * come of the client may be reset, and a body that fails with a `StreamError` resets the stream
   * with its code, for which RFC 9114 has H3_CONNECT_ERROR (0x10f).
   */
  onConnectTcp?: ConnectHandler;
  /** Takes sessions of WebTransport, which clients are only allowed with it. */
  webTransport?: WebTransportOptions;
  /**
   * Requests per second that may be cancelled or malformed before the connection is closed.
   *
   * @default {200}
   */
  maxFailuresPerSecond?: number;
  /**
   * Says whether requests for a URL may come over a connection; the others are answered with 421
   * (Misdirected Request). Left out: `serve` takes those for https and a host that the certificate of
   * the connection is good for, or that the client asked for in its handshake; `serveConnection`
   * takes all for https. A gateway for other hosts takes more.
   */
  isAuthority?: AuthorityCheck;
  /** Makes a response from what the handler threw; without it, a bare 500. */
  onError?: (error: unknown) => Response | Promise<Response>;
}

/**
 * What one request can be told beyond its `Request`.
 *
 * @category HTTP/3
 */
export interface H3RequestInit {
  /** Fields to send after the body. */
  trailers?: TrailerSource;
  /** Called with each interim response, such as 103 Early Hints. */
  onInformational?: (status: number, headers: Headers) => void;
  /**
   * How soon the response is wanted, from 0 (first) to 7 (RFC 9218); a `priority` field in the
   * headers goes before it.
   *
   * @default {3}
   */
  urgency?: number;
  /**
   * Whether parts of the response are of use before the whole is there (RFC 9218).
   *
   * @default {false}
   */
  incremental?: boolean;
}

/**
 * What a connection made on behalf of `fetch` can be told.
 *
 * @category HTTP/3
 */
export interface FetchConnectOptions
  extends Omit<ConnectOptions, "hostname" | "port" | "alpnProtocols" | "signal">, H3ClientOptions {
  /**
   * Milliseconds for which an unused connection is kept; `Infinity` for any time. It does not keep
   * the process alive. Responses that are not read to their end keep the connection longer.
   *
   * @default {2000}
   */
  idleTimeout?: number;
}

/**
 * The options of `fetch`: those of the platform, and how to connect.
 *
 * @category HTTP/3
 */
export interface FetchInit extends RequestInit, H3RequestInit, FetchConnectOptions {
  /**
   * Whether the response shares the connection with the others of its urgency (RFC 9218). With
   * false the server sends it in one piece, and a response that begins later waits until it ends.
   *
   * @default {true}
   */
  incremental?: boolean;
  /**
   * A connection to use, instead of one that `fetch` makes and keeps. The options in `H3ClientOptions`
   * count with the first request over it. Its trust was settled when it was made: options about
   * trust are refused, and redirects to other servers are not followed.
   */
  connection?: H3Transport;
  /**
   * With "tcp", a server that cannot be reached over UDP is asked over TCP, by the runtime's `fetch`
   * (whose `client` option then counts), or with `revocation` by a `TcpClient`, and for some minutes,
   * then longer, not over UDP. Trailers and interim responses are lost there. What TCP could not
   * honour is refused at once, whatever way the request would take: `serverCertificateHashes`,
   * `serverName`, `insecure` and `cipherSuites`, and, unless there is a `client` to have them too,
   * `caCerts`, `cert` and `key`, `localAddresses` and `paths`. With `revocation`, `caCerts`, `cert`
   * and `key` count over TCP as well, and `client`, `localAddresses` and `paths` are refused.
   */
  fallback?: "tcp";
  /**
   * Milliseconds to wait for a connection over UDP before TCP is used.
   *
   * @default {3000}
   */
  fallbackDelay?: number;
}

/**
 * What `serve` takes: where to listen and how to serve.
 *
 * @category HTTP/3
 */
export interface ServeOptions
  extends Omit<ListenOptions, "alpnProtocols" | "port">, H3ServerOptions {
  /**
   * The UDP port; 0 lets the system choose one.
   *
   * @default {8000}
   */
  port?: number;
  /** Called once the server listens, with the first of its addresses. */
  onListen?: (address: NetAddress) => void;
}
