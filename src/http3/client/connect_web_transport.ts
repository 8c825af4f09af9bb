// Opens sessions of WebTransport: `connectWebTransport`.

import { MultipathConnection } from "../../api/multipath_connection.ts";
import { urgencyOrder } from "../../scheduler/stream_order.ts";
import type { FetchConnectOptions } from "../options.ts";
import type { H3Transport } from "../transport.ts";
import type { WebTransportSession } from "../webtransport/web_transport_session.ts";
import { clientOver } from "./client_over.ts";
import type { Connector } from "./connection_pool.ts";
import type { SessionInit } from "./session_client.ts";

/**
 * How a session of WebTransport is asked for, and how its server is connected to.
 *
 * @category WebTransport
 */
export interface ConnectWebTransportOptions
  extends Omit<FetchConnectOptions, "datagrams" | "idleTimeout" | "webTransport">, SessionInit {
  /**
   * A connection to the server to use, instead of one that is made for the session and closed with
   * it. What goes over it first settles the options in `H3ClientOptions`: a `fetch` over it before
   * needs `webTransport: true`.
   */
  connection?: H3Transport;
}

/** A function that opens sessions of WebTransport. */
export type ConnectWebTransport = (
  url: string | URL,
  options?: ConnectWebTransportOptions,
) => Promise<WebTransportSession>;

/** A packet within the idle time-outs of servers, while a session may be silent. */
const KEEP_ALIVE = 10_000;

/** Makes a `connectWebTransport` whose connections come from `connect`. */
export function createConnectWebTransport(connect: Connector): ConnectWebTransport {
  return async (input, options = {}) => {
    const url = new URL(input);
    if (url.protocol !== "https:" || url.hash !== "") {
      throw new TypeError(`Cannot open ${url.href}: write https:// and no fragment`);
    }
    const { connection, headers, protocols, signal, ...others } = options;
    const init: SessionInit = {
      ...headers !== undefined && { headers },
      ...protocols !== undefined && { protocols },
      ...signal !== undefined && { signal },
    };
    const clientOptions = { ...others, webTransport: true };
    if (connection) return await clientOver(connection, clientOptions).openSession(url, init);
    signal?.throwIfAborted();
    const transport = await connect({
      keepAliveInterval: KEEP_ALIVE,
      streamOrder: urgencyOrder,
      ...others,
      ...signal !== undefined && { signal },
      hostname: url.hostname.replace(/^\[|\]$/g, ""),
      port: Number(url.port || 443),
      alpnProtocols: ["h3"],
    });
    const client = clientOver(transport, clientOptions);
    try {
      const session = await client.openSession(url, init);
      // WebTransport, Section 6: the connection goes when both ends have closed the session's stream.
      session.closed.catch(ignore).then(() => client.close());
      return session;
    } catch (error) {
      await client[Symbol.asyncDispose]();
      throw error;
    }
  };
}

const connectOverMultipath = createConnectWebTransport((options) =>
  MultipathConnection.connect(options)
);

/**
 * Opens a session of WebTransport over all network paths to a server. The promise settles when the
 * server has answered; the session has the shape of the platform's `WebTransport`.
 *
 * @param url The server and the resource; its scheme is https.
 * @param options Protocols to offer, fields of the request, and how to connect.
 * @returns The session, which keeps the process alive until it is closed.
 * @throws {TypeError} If the URL cannot be used, or the server takes no sessions.
 * @throws {WebTransportError} If the server refuses the session; its `status` tells how.
 *
 * @example Both ends in one program
 * ```ts
 * import { connectWebTransport, makeDevelopmentCertificate, serve } from "@mpquic/mpquic";
 *
 * const localAddresses = ["127.0.0.1"];
 * const { certPem: cert, keyPem: key } = await makeDevelopmentCertificate(localAddresses);
 * await using server = serve({
 *   port: 0,
 *   localAddresses,
 *   cert,
 *   key,
 *   webTransport: {
 *     async handler(session) {
 *       for await (const { readable, writable } of session.incomingBidirectionalStreams) {
 *         void readable.pipeTo(writable);
 *       }
 *     },
 *   },
 * }, () => new Response("A page"));
 *
 * const url = `https://127.0.0.1:${server.addr.port}/echo`;
 * await using session = await connectWebTransport(url, { caCerts: [cert], localAddresses });
 * const { readable, writable } = await session.createBidirectionalStream();
 * const writer = writable.getWriter();
 * await writer.write(new TextEncoder().encode("hello"));
 * void writer.close();
 * console.log(await new Response(readable).text()); // hello
 * ```
 *
 * @category WebTransport
 */
export function connectWebTransport(
  url: string | URL,
  options: ConnectWebTransportOptions = {},
): Promise<WebTransportSession> {
  return connectOverMultipath(url, options);
}

function ignore(): void {}
