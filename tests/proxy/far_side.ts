import { serve } from "../../src/http3/server/serve.ts";
import type { RequestHandler } from "../../src/http3/handler.ts";
import type { HttpServer } from "../../src/http3/server/http_server.ts";
import type { MultipathConnection } from "../../src/api/multipath_connection.ts";
import type { TunnelOptions } from "../../src/proxy/tunnel_options.ts";
import { proxyHandlers } from "../../src/proxy/proxy_handlers.ts";
import type { ProxyOptions } from "../../src/proxy/proxy_options.ts";
import { ProxyUsers } from "../../src/proxy/proxy_users.ts";
import { type TcpStreams, tcpStreams } from "../../src/proxy/tcp_streams.ts";
import { cert, key } from "../http3/deno_quic.ts";

type FarServer = HttpServer<MultipathConnection>;

/** The token of the user "anna". */
export const token = "swordfish-swordfish";
/** The line of a file of users for it. */
export const line = `anna:${await hashOf(token)}`;

/** The SHA-256 of a token, as files of users have it. */
export async function hashOf(token: string): Promise<string> {
  const hash = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(token));
  return new Uint8Array(hash).toHex();
}

/** How requests are answered that ask for no tunnel. */
interface FilesOptions {
  readonly handler?: RequestHandler<MultipathConnection>;
  /** Whether that may be done by 0-RTT data. */
  readonly earlyData?: boolean;
}

/** A proxy that may connect to loopback, and its files. */
export function farSide(
  options: Partial<ProxyOptions> = {},
  port = 0,
  { handler = () => new Response("a file"), earlyData = false }: FilesOptions = {},
): { server: AsyncDisposable; http: FarServer; url: string; client: TunnelOptions } {
  const closing = new AbortController();
  const users = options.users ?? new ProxyUsers(line);
  const allow = options.allow ?? ["127.0.0.0/8", "::1"];
  const http = serve({
    signal: closing.signal,
    port,
    cert,
    key,
    earlyData,
    localAddresses: ["127.0.0.1"],
    ...proxyHandlers({ ...options, users, allow }),
  }, handler);
  const url = `https://localhost:${http.addr.port}`;
  const client: TunnelOptions = {
    caCerts: [cert],
    localAddresses: ["127.0.0.1"],
    idleTimeout: 1_000,
    token,
  };
  // Tunnels that a test has left open end with it.
  const dispose = async () => {
    closing.abort();
    await http.finished;
  };
  return { server: { [Symbol.asyncDispose]: dispose }, http, url, client };
}

/** A TCP host on loopback. */
export class TcpHost implements AsyncDisposable {
  readonly target: string;
  /** Connections that have not ended. */
  readonly open = new Set<TcpStreams>();
  readonly #listener: Deno.TcpListener;

  /** @param onConnection Takes each connection; the others are left alone. */
  constructor(onConnection: (streams: TcpStreams) => void = () => {}) {
    this.#listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
    this.target = `127.0.0.1:${this.#listener.addr.port}`;
    this.#accept(onConnection);
  }

  async #accept(onConnection: (streams: TcpStreams) => void): Promise<void> {
    for await (const connection of this.#listener) {
      const streams = tcpStreams(connection);
      this.open.add(streams);
      streams.closed.then(() => this.open.delete(streams));
      onConnection(streams);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#listener.close();
    await Promise.all(Array.from(this.open, (streams) => {
      streams.reset();
      return streams.closed;
    }));
  }
}

/** A host that tells how its first connection ends, and resets the others once they have sent. */
export class ResettingHost extends TcpHost {
  /** What the first connection sent, or why it broke. */
  readonly outcome: Promise<unknown>;

  constructor() {
    const first = Promise.withResolvers<unknown>();
    let count = 0;
    super(({ readable, reset }) => {
      // Not before the client has got its answer, which a reset could overtake.
      if (count++ > 0) return void readable.getReader().read().then(reset);
      new Response(readable).text().then(first.resolve, first.resolve);
    });
    this.outcome = first.promise;
  }
}

/** A host that reads all and says no more than a word. */
export function says(word: string): (streams: TcpStreams) => void {
  return ({ readable, writable }) => {
    readable.pipeTo(new WritableStream()).catch(() => {});
    const writer = writable.getWriter();
    writer.write(new TextEncoder().encode(word)).catch(() => {});
    writer.close().catch(() => {});
  };
}

/** A host that reads all and says nothing. */
export function listens({ readable }: TcpStreams): void {
  readable.pipeTo(new WritableStream()).catch(() => {});
}
