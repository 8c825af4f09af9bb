import { H3Client } from "../../src/http3/client/client.ts";
import type { SessionInit } from "../../src/http3/client/session_client.ts";
import type { H3ServerOptions } from "../../src/http3/options.ts";
import { type H3Server, serveConnection } from "../../src/http3/server/server.ts";
import type {
  WebTransportOptions,
  WebTransportRequest,
} from "../../src/http3/webtransport/web_transport_options.ts";
import type { WebTransportSession } from "../../src/http3/webtransport/web_transport_session.ts";
import { MemoryTransport } from "../http3/memory_transport.ts";
import { within } from "../http3/raw_peer.ts";

/** The URL that sessions are asked for with. */
export const URL_OF_SESSION = "https://localhost/game?room=1";

/** Both ends of a connection without a network, and the sessions that its server gets. */
export class SessionPair {
  readonly client: H3Client;
  readonly server: H3Server;
  readonly transports: readonly [client: MemoryTransport, server: MemoryTransport];
  /** Requests of the sessions that the server took. */
  readonly requests: WebTransportRequest[] = [];
  readonly #sessions: WebTransportSession[] = [];
  #onSession: (() => void) | undefined;

  constructor(options: Partial<WebTransportOptions> = {}, others: H3ServerOptions = {}) {
    this.transports = MemoryTransport.pair();
    const webTransport: WebTransportOptions = {
      handler: (session, request) => {
        this.#sessions.push(session);
        this.requests.push(request);
        this.#onSession?.();
      },
      ...options,
    };
    const answer = () => new Response("a page");
    this.server = serveConnection(this.transports[1], answer, { ...others, webTransport });
    this.client = new H3Client(this.transports[0], { webTransport: true });
  }

  /** Opens a session; gives both of its ends. */
  async open(
    init?: SessionInit,
  ): Promise<[client: WebTransportSession, server: WebTransportSession]> {
    const client = await within(this.client.openSession(URL_OF_SESSION, init));
    if (this.#sessions.length === 0) {
      await new Promise<void>((resolve) => this.#onSession = resolve);
    }
    return [client, this.#sessions.shift()!];
  }
}

/** Bytes of a text. */
export function bytes(text: string): Uint8Array<ArrayBuffer> {
  return new TextEncoder().encode(text);
}

/** Writes a text and ends the stream. */
export async function say(stream: WritableStream<Uint8Array>, text: string): Promise<void> {
  const writer = stream.getWriter();
  writer.write(bytes(text)).catch(() => {});
  await writer.close();
}

/** All that comes on a stream, as text. */
export function heard(stream: ReadableStream<Uint8Array<ArrayBuffer>>): Promise<string> {
  return within(new Response(stream).text());
}

/** The first item of a stream. */
export async function first<T>(stream: ReadableStream<T>): Promise<T> {
  const reader = stream.getReader();
  const { value, done } = await within(reader.read());
  reader.releaseLock();
  if (done) throw new Error("the stream has ended");
  return value;
}

/** What a promise rejects with. */
export function reasonOf(promise: Promise<unknown>): Promise<unknown> {
  return within(promise.then(() => undefined, (error) => error));
}
