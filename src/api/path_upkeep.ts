// Keeps the paths open that a client wants, as addresses of either end come and go.

import { ErrorCode } from "../error/error_code.ts";
import { backgroundTimer } from "../io/timer.ts";
import {
  type PathAttempt,
  type PathGoal,
  PathKeeper,
  type PathRoute,
} from "../path/path_keeper.ts";
import type { OpenPathOptions } from "./path/open_path_options.ts";
import type { Path } from "./path/path.ts";

/**
 * Milliseconds between two attempts to abandon what begins at an address that is gone, or to bind
 * sockets to their interfaces.
 */
const REPEAT_INTERVAL = 1_000;

/** What upkeep needs of a connection. */
export interface UpkeepTarget {
  readonly paths: readonly Path[];
  readonly closed: Promise<unknown>;
  openPath(options: OpenPathOptions): Promise<Path>;
}

/** What upkeep has to know. */
export interface UpkeepSources {
  /** The paths that are wanted, and where they may begin and end, at present. */
  goals(): readonly PathGoal[];
  /** Calls the listener when the goals may have changed; returns what ends that. */
  watch(onChange: () => void): () => void;
  /** The time in milliseconds. */
  now(): number;
  /**
   * Routes may have come: sockets that were left to them are bound to their interfaces. Returns
   * whether others may be later.
   */
  bindSockets(): boolean;
  /** A local address is gone: nothing can be sent from it any more. */
  onLocalGone(hostname: string): void;
}

/** Keeps the paths open that a client wants, as addresses of either end come and go. */
export class PathUpkeep {
  readonly #target: UpkeepTarget;
  readonly #sources: UpkeepSources;
  readonly #keeper = new PathKeeper();
  /** Local addresses that there are. */
  #locals: ReadonlySet<string> = new Set();
  /** Local addresses that were there once; a path that is the last one is kept, and lost later. */
  readonly #gone = new Set<string>();
  readonly #owners = new WeakMap<Path, PathAttempt>();
  #cancelTimer: (() => void) | undefined;
  #unwatch: (() => void) | undefined;
  #lacksRoutes = false;
  #isStopped = false;

  constructor(target: UpkeepTarget, sources: UpkeepSources) {
    this.#target = target;
    this.#sources = sources;
  }

  /** Begins, and goes on until the connection is closed. */
  start(): void {
    const stop = () => this.#stop();
    this.#target.closed.then(stop, stop);
    this.#unwatch = this.#sources.watch(() => this.refresh());
    this.refresh();
  }

  /** Looks at the addresses of both ends and does what follows. */
  refresh(): void {
    if (this.#isStopped) return;
    this.#lacksRoutes = this.#sources.bindSockets();
    this.#setGoals(this.#sources.goals());
    this.#advance();
    this.#sleep();
  }

  #setGoals(goals: readonly PathGoal[]): void {
    this.#keeper.setGoals(goals);
    const locals = new Set(goals.flatMap(({ routes }) => routes.map(({ local }) => local)));
    for (const hostname of this.#locals) {
      if (!locals.has(hostname)) this.#gone.add(hostname);
    }
    for (const hostname of locals) this.#gone.delete(hostname);
    this.#locals = locals;
    // Repeated each time, because the last path cannot be abandoned before there is another.
    for (const hostname of this.#gone) this.#sources.onLocalGone(hostname);
    for (const path of this.#target.paths) this.#adopt(path);
  }

  /**
   * A path that the application opened, or whose goal was forgotten for a while, serves a goal as
   * well.
   */
  #adopt(path: Path): void {
    const owner = this.#owners.get(path);
    if (owner !== undefined && this.#keeper.isHeld(owner)) return;
    const attempt = this.#keeper.adopt(routeOf(path));
    if (attempt !== undefined) this.#watch(path, attempt);
  }

  #advance(): void {
    const now = this.#sources.now();
    for (let next = this.#keeper.next(now); next; next = this.#keeper.next(now)) this.#open(next);
  }

  #open(attempt: PathAttempt): void {
    const { local: localAddress, remote: remoteAddress } = attempt;
    this.#target.openPath({ localAddress, remoteAddress }).then(
      (path) => this.#watch(path, attempt),
      () => this.#onFailed(attempt),
    );
  }

  #watch(path: Path, attempt: PathAttempt): void {
    this.#keeper.onOpened(attempt);
    const isKnown = this.#owners.has(path);
    this.#owners.set(path, attempt);
    if (isKnown) return;
    path.closed.then(({ closeCode }) => {
      const owner = this.#owners.get(path)!;
      // What an application has closed on purpose, either one, is not opened behind its back.
      if (closeCode !== ErrorCode.ApplicationAbandonPath) {
        this.#keeper.onClosed(owner, this.#sources.now());
      } else if (this.#keeper.isHeld(owner)) this.#keeper.renounce(owner.goal);
      this.refresh();
    }, () => {});
  }

  /** A socket that cannot be opened, or a path that cannot be validated, is tried again later. */
  #onFailed(attempt: PathAttempt): void {
    this.#keeper.onClosed(attempt, this.#sources.now());
    this.#sleep();
  }

  /** A timer is for what is tried again; of changes the sources tell. */
  #sleep(): void {
    this.#cancelTimer?.();
    this.#cancelTimer = undefined;
    if (this.#isStopped) return;
    const repeat = this.#gone.size > 0 || this.#lacksRoutes ? REPEAT_INTERVAL : Infinity;
    const wait = Math.min(this.#keeper.deadline - this.#sources.now(), repeat);
    if (wait === Infinity) return;
    this.#cancelTimer = backgroundTimer(() => this.refresh(), Math.max(wait, 10));
  }

  #stop(): void {
    this.#isStopped = true;
    this.#cancelTimer?.();
    this.#unwatch?.();
  }
}

function routeOf({ localAddr, remoteAddr }: Path): PathRoute {
  const { hostname, port } = remoteAddr;
  return { local: localAddr.hostname, remote: { transport: "udp", hostname, port } };
}
