// Events about the paths of a connection, as applications read them.

import { MAX_PATH_EVENTS_WAITING } from "../../limits/limits.ts";
import type { ApiPath, Path, PathCloseInfo } from "./path.ts";
import type { PathStats } from "../stats/path_stats.ts";

/**
 * What can happen to a path; see {@linkcode PathEvent.type}.
 *
 * @category Paths
 */
export type PathEventType =
  | "opened"
  | "health"
  | "status"
  | "moved"
  | "observed"
  | "closed"
  | "failed";

/**
 * Something that happened to a path.
 *
 * @example Tell people what their networks do
 * ```ts ignore
 * for await (const { type, stats, closeInfo } of connection.pathEvents) {
 *   console.log(type, stats.id, stats.localAddr.hostname, stats.health, closeInfo?.closeCode);
 * }
 * ```
 *
 * @category Paths
 */
export interface PathEvent {
  /**
   * - `opened`: the peer has proven to be reachable; `incomingPaths` and `openPath` tell it as well.
   * - `health`: the path does not answer any more, so that it carries no data; or it does again, or
   *   none does and it is this one's turn to be tried.
   * - `status`: the peer wants the path for use, or as a backup.
   * - `moved`: it leads from or to another address now, by `migrate`, or as a NAT or a peer's move
   *   has it.
   * - `observed`: the peer has told which address of ours it sees.
   * - `closed`: it carries nothing any more; `closeInfo` says why, and `stats` are the last ones.
   * - `failed`: the same of a path that was never open.
   */
  readonly type: PathEventType;
  /**
   * Counts the events of a connection from 0; numbers are missing if events were not read for too
   * long.
   */
  readonly sequence: number;
  /** When it happened, on the clock of `performance.now()`. */
  readonly time: number;
  /** The path; good for `stats` even when it is closed. */
  readonly path: Path;
  /** The path as it was then: its ID, its addresses, health and status, and all that is counted. */
  readonly stats: PathStats;
  /** Why it was closed, or could not be opened. */
  readonly closeInfo?: PathCloseInfo;
}

/** The fields of an event apart from its path. */
export type PathNews = Partial<Pick<PathEvent, "closeInfo">> & {
  /** What health the event is about, if another than at present. */
  readonly health?: PathStats["health"];
};

/** Hears what happens to the paths of a connection, beside the application. */
export type PathWatcher = (event: Omit<PathEvent, "sequence">) => void;

/**
 * The events about the paths of a connection; no event is made before an application reads them, or
 * something watches.
 */
export class PathEvents implements UnderlyingDefaultSource<PathEvent> {
  readonly #waiting: PathEvent[] = [];
  #stream: ReadableStream<PathEvent> | undefined;
  #controller: ReadableStreamDefaultController<PathEvent> | undefined = undefined;
  #arrival: PromiseWithResolvers<void> | undefined;
  #count = 0;
  #isOver = false;
  #watchers: readonly PathWatcher[] | undefined;

  /**
   * Tells of all events from now on, besides the stream, which is for the application alone.
   *
   * @param watcher Hears them.
   * @returns Ends that.
   */
  watch(watcher: PathWatcher): () => void {
    this.#watchers = [...this.#watchers ?? [], watcher];
    return () => this.#watchers = this.#watchers?.filter((one) => one !== watcher);
  }

  /** The stream of events for an application; it begins with the paths that are open. */
  read(open: readonly ApiPath[], now: number): ReadableStream<PathEvent> {
    if (this.#stream === undefined) {
      this.#stream = new ReadableStream(this, { highWaterMark: 0 });
      for (const path of open) this.push("opened", path, path.stats.openedAt ?? now);
    }
    return this.#stream;
  }

  start(controller: ReadableStreamDefaultController<PathEvent>): void {
    this.#controller = controller;
  }

  pull(): void | Promise<void> {
    const event = this.#waiting.shift();
    if (event !== undefined) return this.#controller?.enqueue(event);
    if (this.#isOver) return this.#controller?.close();
    this.#arrival = Promise.withResolvers<void>();
    return this.#arrival.promise;
  }

  cancel(): void {
    this.#isOver = true;
    this.#waiting.length = 0;
  }

  /** Something happened. */
  push(type: PathEventType, path: ApiPath, time: number, news: PathNews = {}): void {
    const isRead = this.#stream !== undefined && !this.#isOver;
    if (!isRead && !this.#watchers?.length) return;
    const { health, ...more } = news;
    const stats = health === undefined ? path.stats : { ...path.stats, health };
    const event = { type, time, path, stats, ...more };
    for (const watcher of this.#watchers ?? []) watcher(event);
    if (!isRead) return;
    this.#waiting.push({ sequence: this.#count++, ...event });
    if (this.#waiting.length > MAX_PATH_EVENTS_WAITING) this.#waiting.shift();
    this.#settle();
  }

  /** The connection is over: what happened until then can still be read. */
  end(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    if (this.#arrival !== undefined) this.#controller?.close();
    this.#arrival?.resolve();
    this.#arrival = undefined;
  }

  #settle(): void {
    if (this.#arrival === undefined) return;
    this.#controller?.enqueue(this.#waiting.shift()!);
    this.#arrival.resolve();
    this.#arrival = undefined;
  }
}
