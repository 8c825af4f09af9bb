// The HTTPS server over TCP beside HTTP/3.

import { isIP } from "node:net";
import type { KeyPair } from "./certificate.ts";
import { bareName } from "./certificate_names.ts";
import { Failure } from "../console/failure.ts";
import type { Client, ClientHandler } from "./exchange.ts";
import { TcpBackend } from "./tcp_backend.ts";
import { TcpFront, type TcpLimits } from "./tcp_front.ts";
import type { TcpRelay } from "./tcp_relay.ts";

/** The runtime does not tell which version of HTTP a request came over. */
const PROTOCOL: Client["protocol"] = "HTTP";

/** What a TCP server is made from. */
export interface TcpServerOptions {
  /** The local addresses to listen on. */
  readonly hostnames: readonly string[];
  /** The TCP port; HTTP/3 is at the UDP port of the same number. */
  readonly port: number;
  /** Certificates with their keys; the first one is for all names that the others are not good for. */
  readonly keyPairs: readonly KeyPair[];
  /**
   * Whether clients take the certificate for any host, as they do for one made for development.
   *
   * @default {false}
   */
  readonly isForDevelopment?: boolean;
  /** Answers requests. */
  readonly handler: ClientHandler;
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
  /** One for each certificate. */
  #backends: readonly TcpBackend[];
  #isStopped = false;

  private constructor(options: TcpServerOptions) {
    this.#options = options;
    this.#backends = options.keyPairs.map((keyPair) => this.#open(keyPair));
  }

  /**
   * Listens.
   *
   * @param options Where to listen, and with which certificates.
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

  /** Shows other certificates to those that come from now on. */
  setCertificates(keyPairs: readonly KeyPair[]): void {
    const before = this.#backends;
    const isSame = (one: KeyPair, other: KeyPair) =>
      one.cert === other.cert && one.key === other.key;
    this.#backends = keyPairs.map((keyPair) =>
      before.find((one) => isSame(one.keyPair, keyPair)) ?? this.#open(keyPair)
    );
    for (const backend of before) {
      if (!this.#backends.includes(backend)) backend.shutdown();
    }
  }

  /** Takes no further connections and requests, and stops when those under way are done. */
  async shutdown(): Promise<void> {
    this.#isStopped = true;
    for (const front of this.#fronts.values()) front.stop();
    await Promise.all(this.#backends.map((backend) => backend.shutdown()));
    for (const front of this.#fronts.values()) front.close();
  }

  #hear(hostname: string): void {
    const { port, limits } = this.#options;
    const listener = listenAt(hostname, port);
    const target = (serverName: string) => this.#choose(serverName).addr;
    this.#fronts.set(hostname, new TcpFront(listener, target, limits));
  }

  /** The server for a name, chosen as HTTP/3 chooses (RFC 6066, Section 3). */
  #choose(serverName: string): TcpBackend {
    const [first, ...others] = this.#backends;
    return others.find(({ names }) => names.covers(serverName)) ?? first!;
  }

  #open(keyPair: KeyPair): TcpBackend {
    return new TcpBackend(keyPair, async (request, info, backend) => {
      return withAltSvc(await this.#answer(backend, request, info), this.#options.port);
    });
  }

  async #answer(
    backend: TcpBackend,
    request: Request,
    { remoteAddr, completed }: Deno.ServeHandlerInfo<Deno.NetAddr>,
  ): Promise<Response> {
    const url = URL.parse(request.url);
    const host = request.headers.get("host");
    // RFC 9112, Section 3.2: where there is no host at all, the runtime names its own address.
    const isNamed = url !== null && url.host !== `localhost:${backend.addr.port}`;
    if (!isNamed || (host !== null && !isHost(host))) return new Response(null, { status: 400 });
    const relay = this.#relayAt(remoteAddr.port);
    // RFC 9110, Section 7.4.
    const isOurs = url.protocol === "https:" && this.#isOurs(url.hostname, backend, relay);
    if (!isOurs) return new Response(null, { status: 421 });
    // An answer to a client that is gone is not sent.
    if (await relay?.enter(completed) === false) return new Response(null, { status: 503 });
    if (request.body !== null) relay?.awaitContent(completed);
    const address = relay?.address ?? "-";
    // The runtime warns where its own signal of a request is asked: that aborts in the end, too.
    const gone = new AbortController();
    completed.catch(() => gone.abort());
    const { signal } = gone;
    const client = { address, protocol: PROTOCOL, paths: () => [], completed, signal };
    return await this.#options.handler(request, client);
  }

  /** Whether a request is for a host of its certificate, or for that which its client asked for. */
  #isOurs(hostname: string, { names }: TcpBackend, relay: TcpRelay | undefined): boolean {
    if (this.#options.isForDevelopment || names.covers(hostname)) return true;
    const bare = bareName(hostname);
    const asked = bareName(relay?.serverName ?? "");
    return asked === "" ? isIP(bare) !== 0 : bare === asked;
  }

  /** The client of a connection that comes from this port of a front. */
  #relayAt(port: number): TcpRelay | undefined {
    for (const front of this.#fronts.values()) {
      const relay = front.relayAt(port);
      if (relay !== undefined) return relay;
    }
    return undefined;
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
