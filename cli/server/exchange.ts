// A request and its answer, as logs and metrics see them.

import type { Visitor } from "../files/visitor.ts";
import { meteredBody, type Pace } from "./metered_body.ts";

/** What is known of the client of a request. */
export interface Client extends Visitor {
  /** Its address, without the port. */
  readonly address: string;
  /** What the request came over, as logs write it. */
  readonly protocol: string;
  /** The addresses of its paths at this moment, `client>server` each; empty over TCP. */
  readonly paths: () => readonly string[];
  /** Resolves when the answer has been sent; rejects if that failed. */
  readonly completed: Promise<void>;
}

/** Answers requests of clients that are known. */
export type ClientHandler = (request: Request, client: Client) => Promise<Response>;

/** What is kept of a request: the runtime's own can be asked for nothing when it is over. */
export interface RequestHead {
  readonly method: string;
  readonly url: string;
  /** The field `Range`, empty if there is none; the others alike. */
  readonly range: string;
  readonly referer: string;
  readonly agent: string;
}

/** A request that is over. */
export interface Exchange {
  /** When it came. */
  readonly time: Date;
  readonly client: Client;
  readonly request: RequestHead;
  /** The user that the request proved to be of; empty if none was asked for. */
  readonly user: string;
  readonly status: number;
  /** Bytes of content that were sent. */
  readonly bytes: number;
  /** Milliseconds from the request to the end of the answer. */
  readonly duration: number;
  /** Whether the answer did not reach its end. */
  readonly isAborted: boolean;
}

/** Hears of requests. */
export interface ExchangeListener {
  onBegin?(): void;
  onEnd(exchange: Exchange): void;
}

/**
 * A handler whose requests are told, and whose answers are held back to a rate.
 *
 * @param handler Makes the answers.
 * @param listeners Hear of each request.
 * @param pace Makes what holds one answer back; none if left out.
 */
export function observed(
  handler: ClientHandler,
  listeners: readonly ExchangeListener[],
  pace?: () => Pace,
): ClientHandler {
  if (listeners.length === 0 && pace === undefined) return handler;
  return async (request, client) => {
    const time = new Date();
    const start = performance.now();
    for (const listener of listeners) listener.onBegin?.();
    const head = headOf(request);
    let [status, bytes, user] = [500, 0, ""];
    const end = (isAborted: boolean) => {
      const duration = performance.now() - start;
      const exchange = { time, client, request: head, user, status, bytes, duration, isAborted };
      for (const listener of listeners) listener.onEnd(exchange);
    };
    client.completed.then(() => end(false), () => end(true));
    const response = await handler(request, { ...client, onUser: (name) => user = name });
    status = response.status;
    if (response.body === null) return response;
    const body = meteredBody(response.body, (count) => bytes += count, pace?.());
    return new Response(body, response);
  };
}

function headOf({ method, url, headers }: Request): RequestHead {
  const [range, referer, agent] = ["range", "referer", "user-agent"].map((name) =>
    headers.get(name) ?? ""
  ) as [string, string, string];
  return { method, url, range, referer, agent };
}
