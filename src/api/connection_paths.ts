// The paths of a connection, as applications see them.

import type { Connection } from "../connection/connection.ts";
import type { ConnectionEvent } from "../connection/event.ts";
import { literalAddress } from "../io/interfaces.ts";
import { moveObstacle } from "../connection/path_obstacle.ts";
import type { PathRequest } from "../connection/path_requests.ts";
import { PingRequest } from "../connection/ping_request.ts";
import { ErrorCode } from "../error/error_code.ts";
import { PathError } from "../error/quic_error.ts";
import type { Address } from "../path/address/address.ts";
import { Stage } from "../path/health/lifecycle.ts";
import type { Path as CorePath } from "../path/path.ts";
import type { Port } from "../path/address/port.ts";
import { Traffic } from "./stats/connection_stats.ts";
import { ItemQueue } from "./stream/item_queue.ts";
import type { OpenPathOptions } from "./path/open_path_options.ts";
import type { MigrateOptions } from "./path/migrate_options.ts";
import { ApiPath, type Path, type PathCloseInfo, type PathOwner } from "./path/path.ts";
import {
  type PathEvent,
  PathEvents,
  type PathEventType,
  type PathNews,
  type PathWatcher,
} from "./path/path_events.ts";
import { immovable, unclosable, unmoved, unopened } from "./path/path_failure.ts";
import { healthName } from "./stats/path_stats.ts";

/** Finds a port from a local address, if that is given, to a remote one. */
export type PortFinder = (local: string | undefined, remote: Address) => Port;

/** Events of the core about paths. */
export type CorePathEvent = Extract<
  ConnectionEvent,
  {
    readonly type:
      | "pathOpened"
      | "pathClosed"
      | "pathRefused"
      | "pathStatus"
      | "pathHealth"
      | "pathMoved"
      | "pathStayed"
      | "observedAddress"
      | "pong";
  }
>;

/** A PING under way. */
interface Ping {
  readonly path: CorePath;
  readonly sentAt: number;
  readonly waiter: PromiseWithResolvers<number>;
}

/** The paths of a connection as users see them. */
export class ConnectionPaths implements PathOwner {
  /** What all of them carried so far. */
  readonly traffic: Traffic = new Traffic();
  readonly #core: Connection;
  readonly #wake: () => void;
  readonly #clock: () => number;
  readonly #incoming = ItemQueue.plain<Path>();
  readonly #events = new PathEvents();
  readonly #known = new Map<CorePath, ApiPath>();
  // Made when they are needed: few connections have any, and an empty map takes 184 bytes.
  #requests: Map<PathRequest, PromiseWithResolvers<Path>> | undefined;
  #pings: Map<PingRequest, Ping> | undefined;
  #moves: Map<CorePath, PromiseWithResolvers<void>> | undefined;
  /** Finds a port for a path to begin at, or to move to. */
  portFor: PortFinder;
  /** The open ones by ID; replaced whenever it changes. */
  #open: readonly ApiPath[] = [];
  #error: Error | undefined;

  /**
   * @param wake Says that there is something to send.
   * @param clock The time in milliseconds.
   * @param portFor Finds a port for a path to begin at, or to move to.
   */
  constructor(
    core: Connection,
    wake: () => void,
    clock: () => number,
    portFor: PortFinder = noPort,
  ) {
    this.portFor = portFor;
    this.#core = core;
    this.#wake = wake;
    this.#clock = clock;
    for (const path of core.paths.paths) this.traffic.add(path);
  }

  /**
   * The core's path behind one of ours.
   *
   * @throws {PathError} If it is closed, or of another connection.
   */
  corePath(path: Path): CorePath {
    if (path instanceof ApiPath && this.#known.get(path.core) === path) return path.core;
    const isOurs = path instanceof ApiPath && path.isOf(this);
    const why = isOurs ? "it is closed" : "it is a path of another connection";
    throw new PathError(ErrorCode.NoViablePath, `Cannot bind to path ${path.id}: ${why}`);
  }

  /** The path over the core's one, while it is open. */
  publicPath(core: CorePath): Path | undefined {
    return this.#known.get(core);
  }

  /** The open paths. */
  get open(): readonly Path[] {
    return this.#open;
  }

  /** Paths that the peer opens. */
  get incoming(): ReadableStream<Path> {
    return this.#incoming.readable;
  }

  /** What happens to paths from now on. */
  get events(): ReadableStream<PathEvent> {
    return this.#events.read(this.#open, this.#clock());
  }

  /** Tells of what happens to paths besides the stream; returns how to end that. */
  watch(watcher: PathWatcher): () => void {
    return this.#events.watch(watcher);
  }

  /**
   * Opens a path and waits until the peer has proven reachable.
   *
   * @param usual Where it leads unless the options say otherwise.
   */
  async request(usual: Deno.NetAddr, options: OpenPathOptions): Promise<Path> {
    const { remoteAddress = usual, status = "available", signal } = options;
    signal?.throwIfAborted();
    if (this.#error) throw this.#error;
    const remote = remoteOf(remoteAddress);
    const from = this.portFor(options.localAddress, remote);
    const request = this.#core.openPath(from, remote, status, this.#clock());
    const waiter = Promise.withResolvers<Path>();
    (this.#requests ??= new Map()).set(request, waiter);
    const abort = () => this.#cancel(request, signal!.reason);
    signal?.addEventListener("abort", abort, { once: true });
    this.#wake();
    return await waiter.promise.finally(() => signal?.removeEventListener("abort", abort));
  }

  wake(): void {
    this.#wake();
  }

  abandon(path: CorePath): void {
    if (!this.#core.closePath(path, ErrorCode.ApplicationAbandonPath, this.#clock())) {
      throw unclosable(path, this.#core.paths.paths);
    }
    this.#wake();
  }

  ping(path: CorePath): Promise<number> {
    const request = new PingRequest();
    const waiter = Promise.withResolvers<number>();
    (this.#pings ??= new Map()).set(request, { path, sentAt: this.#clock(), waiter });
    this.#core.ping(path, request);
    this.#wake();
    return waiter.promise;
  }

  migrate(path: CorePath, options: MigrateOptions): Promise<void> {
    const { localAddress = path.current.port.address.hostname } = options;
    const { remoteAddress } = options;
    const remote = remoteAddress === undefined ? path.current.remote : remoteOf(remoteAddress);
    const obstacle = moveObstacle(this.#core, path, remote);
    if (obstacle !== undefined) return Promise.reject(immovable(path, obstacle));
    this.#core.migratePath(path, this.portFor(localAddress, remote), remote, this.#clock());
    this.#settleMove(path)?.reject(unmoved(path, "it was told to move elsewhere"));
    const waiter = Promise.withResolvers<void>();
    (this.#moves ??= new Map()).set(path, waiter);
    this.#wake();
    return waiter.promise;
  }

  #settleMove(path: CorePath): PromiseWithResolvers<void> | undefined {
    const waiter = this.#moves?.get(path);
    this.#moves?.delete(path);
    return waiter;
  }

  /** The handshake is complete, so the path it took is proven. */
  onHandshakeCompleted(): void {
    for (const path of this.#core.paths.paths) this.#onOpened(path, undefined);
  }

  /** Takes what the core has to tell about paths. */
  onEvent(event: CorePathEvent): void {
    switch (event.type) {
      case "pathOpened":
        return this.#onOpened(event.path, event.request);
      case "pathClosed":
        return this.#onClosed(event.path, event.code);
      case "pathRefused":
        return this.#onRefused(event);
      case "pong":
        return this.#onPong(event.request);
      case "pathMoved":
        this.#settleMove(event.path)?.resolve();
        return this.#tell("moved", event.path);
      case "pathStayed":
        return this.#settleMove(event.path)?.reject(
          unmoved(event.path, "the server does not answer there"),
        );
      case "pathStatus":
        return this.#tell("status", event.path);
      case "pathHealth":
        return this.#tell("health", event.path, { health: healthName(event.health) });
      case "observedAddress":
        return this.#tell("observed", event.path);
    }
  }

  /** Emits an event, but only for paths that were opened. */
  #tell(type: PathEventType, core: CorePath, news?: PathNews): void {
    const path = this.#known.get(core);
    if (path) this.#events.push(type, path, this.#clock(), news);
  }

  /** The connection is gone; in order, or with an error. */
  end(error: Error, isOrderly: boolean, info: PathCloseInfo): void {
    this.#error = error;
    for (const waiter of this.#requests?.values() ?? []) waiter.reject(error);
    for (const { waiter } of this.#pings?.values() ?? []) waiter.reject(error);
    for (const waiter of this.#moves?.values() ?? []) waiter.reject(error);
    this.#requests = this.#pings = this.#moves = undefined;
    for (const path of this.#known.values()) this.#close(path, info, "closed");
    this.#events.end();
    this.#known.clear();
    this.#open = [];
    this.#incoming.end(isOrderly ? undefined : error);
  }

  #onOpened(core: CorePath, request: PathRequest | undefined): void {
    const isNew = !this.#known.has(core);
    const path = this.#know(core);
    if (isNew) this.traffic.onOpened();
    path.onReady(this.#clock());
    this.#refresh();
    if (isNew) this.#tell("opened", core);
    const waiter = request && this.#settle(request);
    if (waiter) waiter.resolve(path);
    else if (request?.cancelled) {
      this.#core.closePath(core, ErrorCode.ApplicationAbandonPath, this.#clock());
    } else if (!request && isNew && core.id > 0) this.#incoming.push(path);
  }

  #onRefused({ request, code, obstacle }: Extract<CorePathEvent, { type: "pathRefused" }>): void {
    this.#settle(request)?.reject(unopened(code, obstacle, request.path));
  }

  #onClosed(core: CorePath, code: number): void {
    const type = this.#known.has(core) ? "closed" : "failed";
    const by = core.slot.byPeer ? "peer" : "local";
    const path = this.#know(core);
    this.#close(path, { closeCode: code, by }, type);
    // A peer may open and close paths without end: no more paths wait than may be open.
    this.#incoming.withdraw(path);
    this.#known.delete(core);
    this.#refresh();
    this.#settleMove(core)?.reject(unmoved(core, "it was closed"));
    for (const [request, { path, waiter }] of this.#pings ?? []) {
      if (path !== core) continue;
      this.#pings!.delete(request);
      waiter.reject(new PathError(code, `Cannot ping path ${core.id}: it was closed`));
    }
  }

  #close(path: ApiPath, closeInfo: PathCloseInfo, type: PathEventType): void {
    path.onClosed(closeInfo, this.#clock());
    this.#events.push(type, path, this.#clock(), { closeInfo });
  }

  #onPong(request: PingRequest): void {
    const ping = this.#pings?.get(request);
    this.#pings?.delete(request);
    ping?.waiter.resolve(this.#clock() - ping.sentAt);
  }

  #know(core: CorePath): ApiPath {
    let path = this.#known.get(core);
    if (!path) {
      path = new ApiPath(core, this);
      this.#known.set(core, path);
      this.traffic.add(core);
    }
    return path;
  }

  #refresh(): void {
    const open = [...this.#known.values()].filter(({ core }) => core.stage === Stage.Open);
    this.#open = open.sort((a, b) => a.id - b.id);
  }

  #cancel(request: PathRequest, reason: unknown): void {
    request.cancel();
    this.#settle(request)?.reject(reason);
    if (!request.path) return;
    this.#core.closePath(request.path, ErrorCode.ApplicationAbandonPath, this.#clock());
    this.#wake();
  }

  #settle(request: PathRequest): PromiseWithResolvers<Path> | undefined {
    const waiter = this.#requests?.get(request);
    this.#requests?.delete(request);
    return waiter;
  }
}

/** A name, or a port that does not exist, would be tried in vain, or be cut to another port. */
function remoteOf({ hostname, port }: Deno.NetAddr): Address {
  const isLiteral = literalAddress(hostname?.split("%")[0] ?? "") !== undefined;
  if (isLiteral && Number.isInteger(port) && port >= 1 && port <= 65_535) {
    return { transport: "udp", hostname, port };
  }
  throw new TypeError(
    `Cannot lead a path to ${hostname}:${port}: remoteAddress must have a literal IP address, and ` +
      "a port from 1 to 65535",
  );
}

function noPort(): never {
  throw new TypeError("Cannot open or move a path: it has no sockets");
}
