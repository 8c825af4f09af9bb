// One QUIC connection of the client, with its paths and their news.

import { dial, fetch, type MultipathConnection, type Path, type PathWish } from "../../mod.ts";
import type { Carrier } from "./carrier.ts";
import type { CarrierChoices } from "./carrier_choices.ts";
import type { LogOptions } from "../flags/log_flags.ts";
import { NO_ERROR } from "../http/no_error.ts";
import { bareHost } from "../paths/bare_host.ts";
import { InterfaceNames } from "../paths/present_interfaces.ts";
import type { PathNews } from "../paths/path_news.ts";
import { type PlannedPath, type Target, targetText } from "../paths/plan_paths.ts";
import type { PathRow } from "./progress.ts";
import { transportOptions } from "../flags/transport_options.ts";
import type { Trust } from "./trust_files.ts";

/**
 * Milliseconds of silence after which a packet is sent. A client that only receives would not hear of
 * the crash of a server until the idle timeout is over.
 */
const KEEP_ALIVE = 5_000;

/** What a connection needs in addition to the choices of the user. */
export interface MultipathCarrierOptions {
  /** What the server is judged by, and what we show it. */
  readonly trust: Trust;
  /** Where logs go. */
  readonly logs: LogOptions;
  /** Gives up connecting. */
  readonly signal: AbortSignal;
  /** The address to connect to, where it does not follow from the URL. */
  readonly address?: Target | undefined;
}

/** A connection to one server, with all paths that it has or had. */
export class MultipathCarrier implements Carrier {
  readonly #connection: MultipathConnection;
  readonly #paths = new Map<Path, string>();
  readonly #names = new InterfaceNames();
  #isOpen = true;

  private constructor(connection: MultipathConnection) {
    this.#connection = connection;
    for (const path of connection.paths) this.#watch(path);
    connection.closed.then(() => {}, () => {}).then(() => this.#isOpen = false);
  }

  /**
   * Connects by whichever of the planned paths is answered first, and keeps all of them.
   *
   * @param url Any URL of the server.
   * @param plan The planned paths; none leaves them to the library.
   * @param options What the user chose.
   * @param more What else is needed.
   */
  static async connect(
    url: URL,
    plan: readonly PlannedPath[],
    options: CarrierChoices,
    { trust, logs, signal, address }: MultipathCarrierOptions,
  ): Promise<MultipathCarrier> {
    const { connectTimeout, insecure } = options;
    const { caCerts, identity, revocation } = trust;
    const serverName = bareHost(url.hostname);
    return new MultipathCarrier(
      await dial({
        hostname: address?.hostname ?? serverName,
        serverName,
        port: address?.port ?? Number(url.port || 443),
        alpnProtocols: ["h3"],
        ...(plan.length > 0 && { paths: plan.map(wishOf) }),
        ...(caCerts.length > 0 && { caCerts: [...caCerts] }),
        ...identity,
        ...(revocation && { revocation }),
        ...(connectTimeout !== undefined && { handshakeTimeout: connectTimeout }),
        keepAliveInterval: KEEP_ALIVE,
        insecure,
        ...transportOptions(options, plan.length),
        ...logs,
        signal,
      }),
    );
  }

  /** Whether the connection has not ended. */
  get isOpen(): boolean {
    return this.#isOpen;
  }

  /** All paths that there are or were. */
  get rows(): readonly PathRow[] {
    for (const path of this.#connection.paths) this.#watch(path);
    return [...this.#paths].map(([path, state]) => ({
      id: path.id,
      over: this.#names.nameOf(path.localAddr.hostname),
      local: targetText(path.localAddr),
      remote: targetText(path.remoteAddr),
      state: state === "open" ? openState(path) : state,
      rtt: path.stats.smoothedRtt,
      received: path.stats.bytesReceived,
    }));
  }

  /** Whether the server agreed to several paths. */
  get multipath(): boolean {
    return this.#connection.multipath;
  }

  /**
   * Reports what becomes of the paths, until the connection ends.
   *
   * @param news Prints the changes.
   */
  async tellPaths(news: PathNews): Promise<void> {
    for await (const event of this.#connection.pathEvents) {
      if (event.type !== "failed") this.#watch(event.path);
      // With the last path the connection ends, which is told by itself.
      if (event.type !== "closed" || this.#connection.paths.length > 0) news.onEvent(event);
    }
  }

  /** What was agreed on, in a line. */
  get summary(): string {
    const { version, stats, multipath } = this.#connection;
    const paths = multipath ? "several paths" : "one path";
    return `QUIC ${version}, ${stats.cipherSuite}, ${paths}, handshake in ${
      stats.handshakeTime?.toFixed(1)
    } ms`;
  }

  /**
   * Sends one request, and does not follow redirects.
   *
   * @param url What to fetch.
   * @param init How.
   */
  send(url: URL, init: RequestInit): Promise<Response> {
    return fetch(url, { ...init, connection: this.#connection, redirect: "manual" });
  }

  /** What all responses come over. */
  protocolOf(): string {
    return "HTTP/3";
  }

  /** Says goodbye and waits until it is said. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#connection.close({ closeCode: NO_ERROR, reason: "" });
    await this.#connection.closed.catch(() => {}); // it had failed already
  }

  #watch(path: Path): void {
    if (this.#paths.has(path)) return;
    this.#paths.set(path, "opening");
    path.ready.then(() => this.#paths.set(path, "open"), () => {});
    path.closed.then(() => {}, () => {}).then(() => this.#paths.set(path, "closed"));
  }
}

function openState(path: Path): string {
  if (path.stats.health !== "ok") return path.stats.health;
  return path.status === "backup" ? "backup" : "open";
}

function wishOf({ localAddress, remotes }: PlannedPath): PathWish {
  return {
    ...localAddress !== undefined && { localAddress },
    ...remotes.length > 0 && {
      remoteAddresses: remotes.map(({ hostname, port }) => ({ transport: "udp", hostname, port })),
    },
  };
}
