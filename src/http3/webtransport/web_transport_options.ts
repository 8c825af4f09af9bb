// What a server of WebTransport can be told, and what it learns of a client.

import type { H3Transport, NetAddress } from "../transport.ts";
import type { WebTransportSession } from "./web_transport_session.ts";

/**
 * What a client asks for a session with.
 *
 * @category WebTransport
 */
export interface WebTransportRequest {
  /** What it wants to talk to. */
  readonly url: string;
  /** The fields of its request. */
  readonly headers: Headers;
  /** The origin of the page that asks; undefined if it is no page. */
  readonly origin: string | undefined;
  /** The protocols that it offers, best first. */
  readonly protocols: readonly string[];
  /** The connection that it asks over. */
  readonly connection: H3Transport;
  /** Where it is. */
  readonly remoteAddr: NetAddress | undefined;
}

/**
 * Has a session that a client has opened. When it throws, the session breaks; when it returns, the
 * session goes on.
 *
 * @category WebTransport
 */
export type WebTransportHandler = (
  session: WebTransportSession,
  request: WebTransportRequest,
) => void | Promise<void>;

/**
 * How a server takes sessions of WebTransport.
 *
 * @example Echo what comes on each stream
 * ```ts ignore
 * import { serve } from "@mpquic/mpquic";
 *
 * const webTransport = {
 *   origins: ["https://app.example"],
 *   async handler(session) {
 *     for await (const { readable, writable } of session.incomingBidirectionalStreams) {
 *       void readable.pipeTo(writable);
 *     }
 *   },
 * };
 * serve({ port: 443, cert, key, webTransport }, () => new Response("A page"));
 * ```
 *
 * @category WebTransport
 */
export interface WebTransportOptions {
  /** Has each session. */
  handler: WebTransportHandler;
  /**
   * The origins whose pages may open sessions, such as `https://app.example`; `"all"` for all. Left
   * out: the server's own. Pages of others get 403; clients that are no pages send no origin, and
   * are taken.
   */
  origins?: readonly string[] | "all";
  /**
   * The protocols that the server speaks within sessions: it chooses the first that the client
   * offers of them. Without one that both know, the session has none.
   */
  protocols?: readonly string[];
  /**
   * Sessions that a connection has at a time, if its client has flow control of sessions; others have
   * one at most. Each has memory of its own for what is not read: 4 MiB with flow control.
   *
   * @default {16}
   */
  maxSessions?: number;
  /**
   * Decides about a session before it is opened: false refuses it with 405, a response with what it
   * says. Left out: all are taken.
   */
  accept?: (
    request: WebTransportRequest,
  ) => boolean | Response | Promise<boolean | Response>;
}
