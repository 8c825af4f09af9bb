// Serves HTTP/3 by several threads: `serveWorkers`.

import { Crew, MOST_WORKERS } from "../../api/crew.ts";
import type { CertificateAndKey, CertificateOptions } from "../../api/options/credentials.ts";
import type { BalancerConfiguration } from "../../api/options/connection_ids.ts";
import type { ListenerStats } from "../../api/stats/listener_stats.ts";
import { checkOptions } from "../check_options.ts";
import type { ServeOptions } from "../options.ts";
import type { NetAddress } from "../transport.ts";

/**
 * What `serveWorkers` takes: the options of `serve` that are no functions, and who serves.
 *
 * @category HTTP/3
 */
export interface ServeWorkersOptions extends
  Omit<
    ServeOptions,
    | "certificates"
    | "isAuthority"
    | "keyLog"
    | "onConnect"
    | "onError"
    | "onQlogError"
    | "signal"
  > {
  /** Certificates for further names. */
  certificates?: readonly CertificateAndKey[];
  /** The module that each worker runs; it calls `serveInWorker`. */
  module: URL;
  /**
   * How many threads serve, from 1 to 16; `"auto"` for one on each processor.
   *
   * @default {"auto"}
   */
  workers?: number | "auto";
  /** What is given to each worker: whatever `structuredClone` copies. */
  data?: unknown;
  /** Hears why a worker has died; it is replaced, and its clients are told to connect again. */
  onWorkerError?: (message: string) => void;
}

/**
 * A server of HTTP/3 whose connections are served by several threads.
 *
 * @category HTTP/3
 */
export class WorkerServer implements AsyncDisposable {
  readonly #crew: Crew;

  /** Use `serveWorkers`. */
  constructor(crew: Crew) {
    this.#crew = crew;
  }

  /** Resolves when all workers have ended. */
  get finished(): Promise<void> {
    return this.#crew.finished;
  }

  /**
   * Whether one thread serves alone, though more were wanted: sockets can be shared where those of
   * the system are used, as the option `native` says.
   */
  get isAlone(): boolean {
    return this.#crew.isAlone;
  }

  /** Where it listens: one address for each socket. */
  get addrs(): readonly NetAddress[] {
    return this.#crew.addrs;
  }

  /** The first address it listens at. */
  get addr(): NetAddress {
    return this.addrs[0]!;
  }

  /** What clients of all workers hold and were refused, as of half a second ago. */
  get stats(): ListenerStats | undefined {
    return this.#crew.stats;
  }

  /**
   * Shows other certificates to clients that come from now on. If one of them cannot be read, all
   * stays as it was.
   *
   * @param certificates The certificate and its key, and those for further names, in a list.
   * @throws {TypeError} Which one cannot be read, and why.
   */
  setCertificates(certificates: CertificateOptions): void {
    this.#crew.setCertificates(certificates);
  }

  /**
   * Names the server otherwise in connection IDs from now on; connected clients get other IDs, and
   * retire those they have. Balancers must know the new configurations before.
   *
   * @param configurations The first is that of new IDs; those of the others are still known.
   * @throws {TypeError} What cannot be used, and why; all stays as it was.
   */
  setConnectionIds(configurations: readonly BalancerConfiguration[]): void {
    this.#crew.setConnectionIds(configurations);
  }

  /**
   * Whether the certificate that is shown now to clients that ask for a host is good for it.
   *
   * @param hostname A name, or a literal IP address.
   *
   * @example
   * ```ts ignore
   * if (!server.covers("www.example.com")) console.warn("Renew the certificate with all names");
   * ```
   */
  covers(hostname: string): boolean {
    return this.#crew.covers(hostname);
  }

  /**
   * Replaces the workers one by one, without a pause: each serves its connections to their end, for a
   * minute at most, while a new one gets the new clients. New workers run the module as it is now.
   *
   * @throws {TypeError} If there is one worker only.
   *
   * @example
   * ```ts ignore
   * Deno.addSignalListener("SIGUSR2", () => server.replaceWorkers());
   * ```
   */
  replaceWorkers(): Promise<void> {
    return this.#crew.replace();
  }

  /** Takes no further connections and requests, and stops when those under way are done. */
  shutdown(): Promise<void> {
    return this.#crew.shutdown();
  }

  /** Ends all connections with code 0; `shutdown` resolves soon then. */
  close(): void {
    this.#crew.close();
  }

  /** The same as `shutdown()`. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.shutdown();
  }
}

/**
 * Serves HTTP/3 by several threads, so that a server uses all processors. All paths of a connection
 * lead to the thread that owns it, from whatever address they come. Threads share nothing but the
 * sockets, the keys, and what was seen of 0-RTT data; limits count for each thread.
 *
 * Sockets are shared on 64-bit Linux with `--allow-ffi` (see `native`). Elsewhere one thread serves.
 *
 * @param options Where to listen, with which certificate, and what workers run.
 * @returns The running server, once all workers listen.
 * @throws {TypeError} If an option is a function: the module of the workers gives it.
 *
 * @example
 * ```ts ignore
 * import { serveWorkers } from "@mpquic/mpquic";
 *
 * await using server = await serveWorkers({
 *   port: 4433,
 *   cert,
 *   key,
 *   module: new URL("./worker.ts", import.meta.url),
 *   data: "hello",
 * });
 * await server.finished;
 * ```
 *
 * @category HTTP/3
 */
export async function serveWorkers(options: ServeWorkersOptions): Promise<WorkerServer> {
  const { data, module, onListen, onWorkerError, workers = "auto", ...others } = options;
  if (options.clientCertificates?.revocation !== undefined) {
    throw new TypeError(
      "Cannot give revocation to workers: let them return clientCertificates to serveInWorker",
    );
  }
  checkOptions(others);
  for (const [name, value] of Object.entries(others)) {
    if (typeof value !== "function") continue;
    throw new TypeError(
      `Cannot give ${name} to workers: a function stays in its thread; give it to serveInWorker`,
    );
  }
  const { port = 8000 } = others;
  const processors = Math.min(navigator.hardwareConcurrency, MOST_WORKERS);
  const crew = new Crew({
    module,
    count: workers === "auto" ? processors : workers,
    listen: { ...others, port, alpnProtocols: ["h3"] },
    options: others,
    data,
    onWorkerError,
  });
  await crew.start();
  const server = new WorkerServer(crew);
  try {
    onListen?.(server.addr);
  } catch (error) {
    server.close();
    await server.shutdown(); // the caller gets no server to stop
    throw error;
  }
  return server;
}
