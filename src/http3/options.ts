import type { ConnectOptions, ListenOptions } from "../api/options.ts";
import type { H3Transport, NetAddress } from "./transport.ts";

/** What both ends of an HTTP/3 connection can be told. */
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
}

/** What a server's end of a connection can be told. */
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
   * Requests per second that may be cancelled or malformed before the connection is closed.
   *
   * @default {200}
   */
  maxFailuresPerSecond?: number;
  /** Makes a response from what the handler threw; without it, a bare 500. */
  onError?: (error: unknown) => Response | Promise<Response>;
}

/** Trailers to send: ready, or made when the body has been sent. */
export type TrailerSource = Headers | (() => Headers | Promise<Headers>);

/** What one request can be told beyond its `Request`. */
export interface H3RequestInit {
  /** Fields to send after the body. */
  trailers?: TrailerSource;
  /** Called with each interim response, such as 103 Early Hints. */
  onInformational?: (status: number, headers: Headers) => void;
}

/** What a connection made on behalf of `fetch` can be told. */
export interface FetchConnectOptions
  extends Omit<ConnectOptions, "hostname" | "port" | "alpnProtocols" | "signal"> {
  /**
   * Milliseconds without a request after which the connection is closed.
   *
   * @default {2000}
   */
  idleTimeout?: number;
}

/** What `fetch` takes besides a URL: what the platform's takes, and how to connect. */
export interface FetchInit extends RequestInit, H3RequestInit, FetchConnectOptions {
  /** A connection to use, instead of one that `fetch` makes and keeps. */
  connection?: H3Transport;
}

/** What `serve` takes: where to listen and how to serve. */
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
