import { isIP } from "node:net";
import { dial, ErrorCode, fetch, type MultipathConnection, type Path, PathError } from "../mod.ts";
import type { Carrier } from "./carrier.ts";
import type { ClientOptions } from "./client_options.ts";
import { reasonOf } from "./connect_failure.ts";
import { Failure } from "./failure.ts";
import type { LogOptions } from "./log_flags.ts";
import { type PlannedPath, targetText } from "./plan_paths.ts";
import type { PathRow } from "./progress.ts";
import { transportOptions } from "./transport_options.ts";

/** RFC 9114, Section 8.1: how clients close an HTTP/3 connection that they no longer need. */
const NO_ERROR = 0x100;

/** What a connection needs besides what its user chose. */
export interface SessionOptions {
  /** Certificates to trust, PEM; none leaves it to the library. */
  readonly caCerts: readonly string[];
  /** Where logs go. */
  readonly logs: LogOptions;
  /** Gives up connecting. */
  readonly signal: AbortSignal;
}

/** A connection to one server, with all paths that it has or had. */
export class Session implements Carrier {
  readonly protocol = "HTTP/3";
  readonly #connection: MultipathConnection;
  readonly #paths = new Map<Path, string>();

  private constructor(connection: MultipathConnection) {
    this.#connection = connection;
    for (const path of connection.paths) this.#watch(path);
  }

  /**
   * Connects over the first planned path.
   *
   * @param url Any URL of the server.
   * @param plan The planned paths: the first is opened here.
   * @param options What the user chose.
   * @param more What else is needed.
   */
  static async connect(
    url: URL,
    plan: readonly PlannedPath[],
    options: ClientOptions,
    { caCerts, logs, signal }: SessionOptions,
  ): Promise<Session> {
    const { connectTimeout, insecure } = options;
    const [first] = plan;
    if (!first) throw new RangeError("Cannot connect: no path is planned");
    return new Session(
      await dial({
        hostname: first.remote.hostname,
        port: first.remote.port,
        serverName: url.hostname.replace(/^\[(.*)\]$/, "$1"),
        alpnProtocols: ["h3"],
        ...(first.localAddress !== undefined && { localAddresses: [first.localAddress] }),
        ...(caCerts.length > 0 && { caCerts: [...caCerts] }),
        ...(connectTimeout !== undefined && { handshakeTimeout: connectTimeout }),
        insecure,
        // Whoever names paths gets these; otherwise there is one from each interface.
        openPaths: plan.length === 1 && first.localAddress === undefined,
        ...transportOptions(options, plan.length),
        ...logs,
        signal,
      }),
    );
  }

  /** All paths that there are or were. */
  get rows(): readonly PathRow[] {
    for (const path of this.#connection.paths) this.#watch(path);
    return [...this.#paths].map(([path, state]) => ({
      id: path.id,
      local: targetText(path.localAddr),
      remote: targetText(path.remoteAddr),
      state: state === "open" ? openState(path) : state,
      rtt: path.stats.smoothedRtt,
      received: path.stats.bytesReceived,
    }));
  }

  /**
   * Opens one more path.
   *
   * @param planned Where from and where to.
   */
  async openPath(planned: PlannedPath): Promise<void> {
    const { hostname, port } = planned.remote;
    // A name is that of the URL, which led to where the connection is already.
    const known = isIP(hostname) !== 0;
    try {
      const path = await this.#connection.openPath({
        ...(planned.localAddress !== undefined && { localAddress: planned.localAddress }),
        ...(known && { remoteAddress: { transport: "udp", hostname, port } }),
      });
      this.#watch(path);
      await path.ready;
    } catch (error) {
      const from = planned.interfaceName ? ` over ${planned.interfaceName}` : "";
      const reason = this.#connection.multipath ? pathReason(error) : "the server allows only one";
      throw new Failure(
        `Cannot open a path${from} to ${
          targetText(planned.remote)
        }: ${reason}; going on without it`,
      );
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

function pathReason(error: unknown): string {
  const silent = error instanceof PathError && error.code === ErrorCode.PathUnstableOrPoor;
  return silent ? "nothing answers there" : reasonOf(error);
}
