import type { RequestInfo } from "./server_exchange.ts";
import type { H3Transport } from "./transport.ts";

/** An extended CONNECT (RFC 9220): a stream to be used for another protocol. */
export interface ConnectRequest {
  /** The protocol, such as "websocket" or "connect-udp". */
  readonly protocol: string;
  /** What the client wants to talk to. */
  readonly url: string;
  /** The fields of the request. */
  readonly headers: Headers;
  /** What the client sends, for as long as the tunnel is open. */
  readonly body: ReadableStream<Uint8Array<ArrayBuffer>>;
  /** Aborted when the client gives up, or the connection ends. */
  readonly signal: AbortSignal;
}

/**
 * Answers an extended CONNECT: a response with a status of 200 to 299 opens the tunnel, and its body
 * is what the server sends through it. With any other status it is refused.
 */
export type ConnectHandler<T extends H3Transport = H3Transport> = (
  request: ConnectRequest,
  info: RequestInfo<T>,
) => Response | Promise<Response>;

/** How a client asks for a tunnel. */
export interface ConnectInit {
  /** Fields of the request. */
  headers?: HeadersInit;
  /** What to send through the tunnel; without it, that direction ends at once. */
  body?: ReadableStream<Uint8Array>;
  /** Gives the tunnel up. */
  signal?: AbortSignal;
}
