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
    this.#keeper.setLocals(this.#sources.locals());
    for (const path of this.#target.paths) this.#watch(path, routeOf(path));
    this.refresh();
  }

  /** Looks at the addresses of both ends and does what follows. */
  refresh(): void {
    if (this.#isStopped) return;
    const gone = this.#keeper.setLocals(this.#sources.locals());
    for (const hostname of gone) this.#sources.onLocalGone(hostname);
    this.#keeper.setRemotes(this.#sources.remotes());
    this.#advance();
    this.#sleep();
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
