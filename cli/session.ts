import { X509Certificate } from "node:crypto";
import { isIP } from "node:net";
import { dial, ErrorCode, fetch, type MultipathConnection, type Path, PathError } from "../mod.ts";
import type { ClientOptions } from "./client_options.ts";
import { connectFailure, reasonOf } from "./connect_failure.ts";
import { Failure } from "./failure.ts";
import { type PlannedPath, targetText } from "./plan_paths.ts";
import type { PathRow } from "./progress.ts";
import { transportOptions } from "./transport_options.ts";

/** RFC 9114, Section 8.1: how clients close an HTTP/3 connection that they no longer need. */
const NO_ERROR = 0x100;

const MOST_REDIRECTS = 10;
const redirects: ReadonlySet<number> = new Set([301, 302, 303, 307, 308]);

/** A connection to one server, with all paths that it has or had. */
export class Session implements AsyncDisposable {
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
   * @param signal Gives up.
   */
  static async connect(
    url: URL,
    plan: readonly PlannedPath[],
    options: ClientOptions,
    signal: AbortSignal,
  ): Promise<Session> {
    const caCerts = options.caCert === undefined
      ? undefined
      : [await readAuthority(options.caCert)];
    const [first] = plan;
    if (!first) throw new RangeError("Cannot connect: no path is planned");
    try {
      return new Session(
        await dial({
          hostname: first.remote.hostname,
          port: first.remote.port,
          serverName: url.hostname.replace(/^\[(.*)\]$/, "$1"),
          alpnProtocols: ["h3"],
          ...(first.localAddress !== undefined && { localAddresses: [first.localAddress] }),
          ...(caCerts && { caCerts }),
          insecure: options.insecure,
          // Whoever names paths gets these; otherwise there is one from each interface.
          openPaths: plan.length === 1 && first.localAddress === undefined,
          ...transportOptions(options, plan.length),
          signal,
        }),
      );
    } catch (error) {
      signal.throwIfAborted();
      throw connectFailure(error, url.host);
    }
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

  /**
   * Sends one request, and follows redirects within the server.
   *
   * @param url What to fetch.
   * @param signal Gives up.
   */
  async fetch(url: URL, signal: AbortSignal): Promise<Response> {
    let at = url;
    for (let count = 0; count < MOST_REDIRECTS; count++) {
      const options = { connection: this.#connection, redirect: "manual", signal } as const;
      const response = await fetch(at, options);
      const location = response.headers.get("location");
      if (location === null || !redirects.has(response.status)) return response;
      await response.body?.cancel();
      const next = URL.parse(location, at);
      if (next?.origin !== url.origin) throw redirected(url, location);
      at = next;
    }
    throw new Failure(`Cannot get ${url.href}: it is redirected without end; check the URL`);
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

function redirected(url: URL, location: string): Failure {
  return new Failure(
    `Cannot get ${url.href}: it is redirected to another server; fetch ${location} instead`,
  );
}

function openState(path: Path): string {
  if (path.stats.health !== "ok") return path.stats.health;
  return path.status === "backup" ? "backup" : "open";
}

function pathReason(error: unknown): string {
  const silent = error instanceof PathError && error.code === ErrorCode.PathUnstableOrPoor;
  return silent ? "nothing answers there" : reasonOf(error);
}

async function readAuthority(path: string): Promise<string> {
  let text: string;
  try {
    text = await Deno.readTextFile(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotCapable) throw error;
    throw new Failure(`Cannot read ${path}: name a file that can be read with --cacert`);
  }
  try {
    new X509Certificate(text);
  } catch {
    throw new Failure(`Cannot use ${path}: name a file of PEM certificates with --cacert`);
  }
  return text;
}
