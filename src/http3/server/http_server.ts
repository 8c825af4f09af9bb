// The server that `serve` returns: its listener, its connections, its shutdown.

import type { CertificateOptions } from "../../api/options/credentials.ts";
import type { BalancerConfiguration } from "../../api/options/connection_ids.ts";
import type { ListenerStats } from "../../api/stats/listener_stats.ts";
import type { ListenOptions } from "../../api/options/options.ts";
import { urgencyOrder } from "../../scheduler/stream_order.ts";
import { certificateCheck } from "../authority.ts";
import { checkOptions } from "../check_options.ts";
import type { ServeOptions } from "../options.ts";
import { type H3Server, serveConnection } from "./server.ts";
import type { RequestHandler } from "../handler.ts";
import type { H3Transport, NetAddress } from "../transport.ts";

/**
 * What `serve` needs of a listener.
 *
 * @category HTTP/3
 */
export interface H3Listener<T extends H3Transport> extends AsyncIterable<T> {
  /** Where it listens. */
  readonly addrs: readonly NetAddress[];
  /** Shows other certificates from now on; missing where that cannot be done. */
  setCertificates?(certificates: CertificateOptions): void;
  /** Names the server otherwise in connection IDs; missing where that cannot be done. */
  setConnectionIds?(configurations: readonly BalancerConfiguration[]): void;
  /**
   * Whether the certificate shown to clients that ask for a name is good for a host. Missing if the
   * listener cannot tell.
   */
  covers?(hostname: string, serverName: string | undefined): boolean;
  /** What its clients hold; missing where that is not counted. */
  readonly stats?: ListenerStats;
  /** Keeps the process alive (the default). Missing if that cannot be chosen. */
  ref?(): void;
  /** Lets the process end though it listens. */
  unref?(): void;
  /** Ends the listening, and the iteration. */
  close(): void;
}

/**
 * A server of HTTP/3, with the shape of `Deno.HttpServer`.
 *
 * @category HTTP/3
 */
export class HttpServer<T extends H3Transport = H3Transport> implements AsyncDisposable {
  /** Resolves when the server has stopped. */
  readonly finished: Promise<void>;
  readonly #listener: H3Listener<T>;
  readonly #connections = new Set<H3Server>();
  #stopping: Promise<void> | undefined;

  /** Use `serve`. */
  constructor(listener: H3Listener<T>, handler: RequestHandler<T>, options: ServeOptions) {
    this.#listener = listener;
    this.finished = this.#run(handler, options);
    this.finished.catch(() => {}); // the application may ignore it
  }

  /** Where it listens: one address per socket; addresses that the machine gets are added. */
  get addrs(): readonly NetAddress[] {
    return this.#listener.addrs;
  }

  /** The first address it listens at. */
  get addr(): NetAddress {
    return this.addrs[0]!;
  }

  /**
   * Shows other certificates to clients that come from now on, without a pause. If one of them
   * cannot be read, all stays as it was.
   *
   * @param certificates The certificate and its key, and those for further names.
   * @throws {TypeError} Which one cannot be read, and why.
   */
  setCertificates(certificates: CertificateOptions): void {
    if (this.#listener.setCertificates === undefined) {
      throw new TypeError("Cannot change certificates: this listener does not offer it");
    }
    this.#listener.setCertificates(certificates);
  }

  /**
   * Names the server otherwise in connection IDs from now on; connected clients get other IDs, and
   * retire those they have. Balancers must know the new configurations before.
   *
   * @param configurations The first is that of new IDs; those of the others are still known.
   * @throws {TypeError} What cannot be used, and why; all stays as it was.
   */
  setConnectionIds(configurations: readonly BalancerConfiguration[]): void {
    if (this.#listener.setConnectionIds === undefined) {
      throw new TypeError("Cannot change connection IDs: this listener does not offer it");
    }
    this.#listener.setConnectionIds(configurations);
  }

  /**
   * Whether the certificate that is shown now to clients that ask for a host is good for it.
   *
   * @param hostname A name, or a literal IP address.
   * @throws {TypeError} If the listener cannot tell.
   *
   * @example
   * ```ts ignore
   * if (!server.covers("www.example.com")) console.warn("Renew the certificate with all names");
   * ```
   */
  covers(hostname: string): boolean {
    if (this.#listener.covers === undefined) {
      throw new TypeError("Cannot tell what the certificate is good for: this listener does not");
    }
    return this.#listener.covers(hostname, hostname);
  }

  /** A snapshot of what clients hold and were refused; undefined if the listener does not count it. */
  get stats(): ListenerStats | undefined {
    return this.#listener.stats;
  }

  /** Keeps the process alive while the server runs (the default). */
  ref(): void {
    this.#listener.ref?.();
  }

  /** Lets the process end though the server has not. */
  unref(): void {
    this.#listener.unref?.();
  }

  /**
   * Takes no further connections and requests, and stops when those under way are done. Clients that
   * keep their connections have half a second to hear of it: what they send meanwhile is refused, so
   * that they can send it elsewhere.
   */
  shutdown(): Promise<void> {
    return this.#stopping ??= this.#stop();
  }

  /** The same as `shutdown()`. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.shutdown();
  }

  async #run(handler: RequestHandler<T>, options: ServeOptions): Promise<void> {
    for await (const transport of this.#listener) {
      const server = serveConnection(transport, handler, options);
      this.#connections.add(server);
      server.closed.then(() => this.#connections.delete(server));
      if (this.#stopping) server.shutdown(); // it was on its way
    }
    await Promise.all(Array.from(this.#connections, (server) => server.closed));
  }

  async #stop(): Promise<void> {
    this.#listener.close();
    await Promise.all(Array.from(this.#connections, (server) => server.shutdown()));
    await this.finished;
  }
}

/** A function like `Deno.serve`. */
export type Serve<T extends H3Transport> = (
  options: ServeOptions,
  handler: RequestHandler<T>,
) => HttpServer<T>;

/** Makes a `serve` whose connections come from `listen`. */
export function createServe<T extends H3Transport>(
  listen: (options: ListenOptions) => H3Listener<T>,
): Serve<T> {
  return (options, handler) => {
    checkOptions(options);
    const { port = 8000, streamOrder = urgencyOrder } = options;
    const listener = listen({ ...options, port, streamOrder, alpnProtocols: ["h3"] });
    const server = new HttpServer(listener, handler, withAuthority(options, listener));
    try {
      options.onListen?.(server.addr);
    } catch (error) {
      listener.close(); // the caller gets no server to stop
      throw error;
    }
    return server;
  };
}

/** The options, with a function that decides which requests are for this server. */
function withAuthority<T extends H3Transport>(
  options: ServeOptions,
  listener: H3Listener<T>,
): ServeOptions {
  if (options.isAuthority !== undefined || listener.covers === undefined) return options;
  const judge = { covers: listener.covers.bind(listener) };
  return { ...options, isAuthority: certificateCheck(judge) };
}
