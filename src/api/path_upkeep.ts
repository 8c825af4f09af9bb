import { ErrorCode } from "../error/error_code.ts";
import { backgroundTimer } from "../io/timer.ts";
import type { Address } from "../path/address.ts";
import { PathKeeper, type PathRoute } from "../path/path_keeper.ts";
import type { OpenPathOptions } from "./options.ts";
import type { Path } from "./path.ts";

/** Milliseconds between two looks at the interfaces of the machine. */
const POLL_INTERVAL = 1_000;

/** What upkeep needs of a connection. */
export interface UpkeepTarget {
  readonly paths: readonly Path[];
  readonly closed: Promise<unknown>;
  openPath(options: OpenPathOptions): Promise<Path>;
}

/** Where the addresses of both ends come from. */
export interface UpkeepSources {
  /** The local addresses that paths are wanted from, at present. */
  locals(): readonly string[];
  /** The server's addresses, the best first, at present. */
  remotes(): readonly Address[];
  /** The time in milliseconds. */
  now(): number;
  /** A local address is gone: nothing can be sent from it any more. */
  onLocalGone(hostname: string): void;
}

/** Keeps one path open from each local address of a client, as interfaces come and go. */
export class PathUpkeep {
  readonly #target: UpkeepTarget;
  readonly #sources: UpkeepSources;
  readonly #keeper = new PathKeeper();
  /** Local addresses that were there once; a path that is the last one is kept, and lost later. */
  readonly #gone = new Set<string>();
  readonly #watched = new WeakSet<Path>();
  #cancelTimer: (() => void) | undefined;
  #isStopped = false;

  constructor(target: UpkeepTarget, sources: UpkeepSources) {
    this.#target = target;
    this.#sources = sources;
  }

  /** Begins, and goes on until the connection is closed. */
  start(): void {
    const stop = () => this.#stop();
    this.#target.closed.then(stop, stop);
    this.refresh();
  }

  /** Looks at the addresses of both ends and does what follows. */
  refresh(): void {
    if (this.#isStopped) return;
    this.#setLocals(this.#sources.locals());
    this.#keeper.setRemotes(this.#sources.remotes());
    this.#advance();
    this.#sleep();
  }

  #setLocals(locals: readonly string[]): void {
    for (const hostname of this.#keeper.setLocals(locals)) this.#gone.add(hostname);
    for (const hostname of locals) this.#gone.delete(hostname);
    // Each time anew: the last path cannot be abandoned before there is another.
    for (const hostname of this.#gone) this.#sources.onLocalGone(hostname);
    for (const path of this.#target.paths) {
      const { hostname } = path.localAddr;
      if (this.#keeper.isIdle(hostname)) this.#watch(path, routeOf(path));
    }
  }

  #advance(): void {
    const now = this.#sources.now();
    for (let route = this.#keeper.next(now); route; route = this.#keeper.next(now)) {
      this.#open(route);
    }
  }

  #open(route: PathRoute): void {
    const { local: localAddress, remote: remoteAddress } = route;
    this.#target.openPath({ localAddress, remoteAddress }).then(
      (path) => this.#watch(path, route),
      () => this.#onFailed(route),
    );
  }

  #watch(path: Path, route: PathRoute): void {
    this.#keeper.onOpened(route);
    if (this.#watched.has(path)) return;
    this.#watched.add(path);
    path.closed.then(({ closeCode }) => {
      // What an application has closed on purpose, either one, is not opened behind its back.
      if (closeCode === ErrorCode.ApplicationAbandonPath) this.#keeper.renounce(route.local);
      else this.#keeper.onClosed(route, this.#sources.now());
      this.refresh();
    }, () => {});
  }

  /** A socket that cannot be opened, or a path that cannot be validated, is tried again later. */
  #onFailed(route: PathRoute): void {
    this.#keeper.onClosed(route, this.#sources.now());
    this.#sleep();
  }

  #sleep(): void {
    this.#cancelTimer?.();
    if (this.#isStopped) return;
    const wait = Math.min(this.#keeper.deadline - this.#sources.now(), POLL_INTERVAL);
    this.#cancelTimer = backgroundTimer(() => this.refresh(), Math.max(wait, 10));
  }

  #stop(): void {
    this.#isStopped = true;
    this.#cancelTimer?.();
  }
}

function routeOf({ localAddr, remoteAddr }: Path): PathRoute {
  const { hostname, port } = remoteAddr;
  return { local: localAddr.hostname, remote: { transport: "udp", hostname, port } };
}
