// The HTTPS server over TCP beside HTTP/3.

import type { KeyPair } from "./certificate.ts";
import { Failure } from "./failure.ts";
import { TcpFront, type TcpLimits } from "./tcp_front.ts";

/** Where the runtime's server is: clients come in by a front, on the addresses of the user's choice. */
const BEHIND = { hostname: "127.0.0.1", port: 0 } as const;

/** Milliseconds until it is tried again to start one. */
const REVIVAL_PAUSE = 100;

/** What a TCP server is made from. */
export interface TcpServerOptions {
  /** The local addresses to listen on. */
  readonly hostnames: readonly string[];
  /** The TCP port; HTTP/3 is at the UDP port of the same number. */
  readonly port: number;
  /** The certificate and its key. */
  readonly keyPair: KeyPair;
  /** Whether requests for a host are for this server. */
  readonly isOurs: (hostname: string) => boolean;
  /** Answers requests. */
  readonly handler: (request: Request) => Promise<Response>;
  /** How much clients may take up; what holds for the programs if left out. */
  readonly limits?: TcpLimits;
}

/**
 * Serves HTTPS over TCP, for browsers that do not know about HTTP/3 here yet: every answer names
 * it in `Alt-Svc` (RFC 9114, Section 3.1.1).
 */
export class TcpServer {
  readonly #options: TcpServerOptions;
  readonly #fronts = new Map<string, TcpFront>();
  #server: Deno.HttpServer<Deno.NetAddr>;
  #keyPair: KeyPair;
  #isStopped = false;

  private constructor(options: TcpServerOptions) {
    this.#options = options;
    this.#keyPair = options.keyPair;
    this.#server = this.#serve();
  }

  /**
   * Listens.
   *
   * @param options Where to listen, and with which certificate.
   */
  static listen(options: TcpServerOptions): TcpServer {
    const server = new TcpServer(options);
    try {
      for (const hostname of options.hostnames) server.#hear(hostname);
    } catch (error) {
      server.shutdown();
      throw error;
    }
    return server;
  }

  /**
   * Listens on further addresses as well, where that is possible; where it is not, the next time may
   * be better.
   *
   * @param hostnames All local addresses to listen on.
   */
  follow(hostnames: readonly string[]): void {
    if (this.#isStopped) return;
    for (const hostname of hostnames) {
      if (this.#fronts.has(hostname)) continue;
      try {
        this.#hear(hostname);
      } catch {
        // Another program has the port there, say. HTTP/3 works all the same.
      }
    }
  }

  /** Shows another certificate to those that come from now on. */
  setCertificates(keyPair: KeyPair): void {
    const before = this.#server;
    this.#keyPair = keyPair;
    this.#server = this.#serve();
    before.shutdown();
  }

  /** Takes no further connections and requests, and stops when those under way are done. */
  async shutdown(): Promise<void> {
    this.#isStopped = true;
    for (const front of this.#fronts.values()) front.stop();
    await this.#server.shutdown();
    for (const front of this.#fronts.values()) front.close();
  }

  #hear(hostname: string): void {
    const { port, limits } = this.#options;
    const listener = listenAt(hostname, port);
    this.#fronts.set(hostname, new TcpFront(listener, () => this.#server.addr, limits));
  }

  #serve(): Deno.HttpServer<Deno.NetAddr> {
    const options = { ...BEHIND, ...this.#keyPair, onListen: ignore };
    const server = Deno.serve(options, async (request) => {
      return withAltSvc(await this.#answer(request), this.#options.port);
    });
    const revive = () => this.#revive(server);
    server.finished.then(revive, revive);
    return server;
  }

  /** The runtime's server ends when there is no descriptor for a connection; another takes its place. */
  #revive(ended: Deno.HttpServer): void {
    if (this.#isStopped || ended !== this.#server) return;
    try {
      this.#server = this.#serve();
    } catch {
      Deno.unrefTimer(setTimeout(() => this.#revive(ended), REVIVAL_PAUSE));
    }
  }

  #answer(request: Request): Response | Promise<Response> {
    const url = URL.parse(request.url);
    const host = request.headers.get("host");
    // RFC 9112, Section 3.2: where there is no host at all, the runtime names its own address.
    const isNamed = url !== null && url.host !== `localhost:${this.#server.addr.port}`;
    if (!isNamed || (host !== null && !isHost(host))) return new Response(null, { status: 400 });
    const { handler, isOurs } = this.#options;
    // RFC 9110, Section 7.4.
    const isMisdirected = url.protocol !== "https:" || !isOurs(url.hostname);
    return isMisdirected ? new Response(null, { status: 421 }) : handler(request);
  }
}

/** RFC 3986, Section 3.2: a host and a port, without a user. */
function isHost(text: string): boolean {
  return /^(?:\[[\da-f:.]+\]|[\w.~!$&'()*+;=%-]+)(?::\d*)?$/i.test(text);
}

function listenAt(hostname: string, port: number): Deno.TcpListener {
  try {
    return Deno.listen({ hostname, port });
  } catch (error) {
    throw error instanceof Deno.errors.AddrInUse ? portInUse("TCP", hostname, port) : error;
  }
}

/**
 * The response with a pointer to HTTP/3.
 *
 * @param response What the handler answered.
 * @param port The UDP port of HTTP/3.
 */
export function withAltSvc(response: Response, port: number): Response {
  const advertised = new Response(response.body, response); // headers may be read-only
  advertised.headers.set("alt-svc", `h3=":${port}"; ma=86400`);
  return advertised;
}

/**
 * What to say when another program has the port.
 *
 * @param transport "UDP" or "TCP".
 * @param hostname The local address.
 * @param port The port.
 */
export function portInUse(transport: string, hostname: string, port: number): Failure {
  return new Failure(
    `Cannot listen on ${transport} port ${port} of ${hostname}: another program uses it; stop that program or choose another port with -port`,
  );
}

function ignore(): void {
  // The server says itself where it listens.
}
