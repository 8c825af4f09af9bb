// Adds data that are bound to a path to what a scheduler decides.

import { Readiness } from "../../scheduler/readiness.ts";
import { bindingOf } from "../../path/address/binding.ts";
import type { Path } from "../../path/path.ts";
import type { PathSet } from "../../path/path_set.ts";
import type { StreamView } from "../../scheduler/stream_order.ts";
import type { StreamSet } from "../../stream/stream_set.ts";
import type { DatagramQueue } from "../datagram_queue.ts";

/** What leaves next, and on which path; filled again for each datagram. */
export interface Decision {
  path: Path;
  /** Streams to draw from, in this order; all of them if left out. */
  streams: readonly StreamView[] | undefined;
  /** The same stream data go out on these paths, too. */
  readonly copies: readonly Path[];
}

/**
 * Streams and datagrams that the application has bound to a path. The scheduler does not see them;
 * they leave on that path, be it a backup, in the order of all streams. Should the path fail, they go
 * where everything goes.
 */
export class PathBindings {
  readonly #paths: PathSet;
  readonly #streams: StreamSet;
  readonly #datagrams: DatagramQueue;
  readonly #free: StreamView[] = [];
  readonly #list: StreamView[] = [];

  constructor(paths: PathSet, streams: StreamSet, datagrams: DatagramQueue) {
    this.#paths = paths;
    this.#streams = streams;
    this.#datagrams = datagrams;
  }

  /** Whether anything was ever bound; most connections bind nothing. */
  get any(): boolean {
    return this.#streams.hasBound || this.#datagrams.hasBound;
  }

  /** The streams that may leave on any path, most urgent first. */
  freeStreams(): readonly StreamView[] {
    const free = this.#free;
    free.length = 0;
    for (const stream of this.#streams.views) {
      if (bindingOf(stream.bound) === undefined) free.push(stream);
    }
    return free;
  }

  /** Whether datagrams wait that may leave on any path. */
  get hasFreeDatagrams(): boolean {
    return this.#datagrams.waitsFor(undefined);
  }

  /** What all packets of a path may carry: all streams but those bound elsewhere, in order. */
  streamsFor(path: Path): readonly StreamView[] {
    const list = this.#list;
    list.length = 0;
    for (const stream of this.#streams.views) {
      const binding = bindingOf(stream.bound);
      if (binding === undefined || binding === path) list.push(stream);
    }
    return list;
  }

  /** What the scheduler has decided on, with what is bound to that path in its place. */
  join({ path, streams, copies }: Decision): Decision {
    if (streams === undefined) this.streamsFor(path);
    else this.#merge(streams, path);
    return { path, streams: this.#list, copies };
  }

  /** A path with room that something is bound to, and that; nothing else goes there. */
  next(now: number): Decision | undefined {
    for (const path of this.#paths.paths) {
      if (path.readiness < Readiness.Fit) continue;
      path.refresh(now);
      if (path.room === 0) continue;
      this.#merge([], path);
      if (this.#list.length === 0 && !this.#datagrams.waitsFor(path)) continue;
      return { path, streams: this.#list, copies: [] };
    }
    return undefined;
  }

  /** Fills the list with the streams that were chosen and those bound to the path, in order. */
  #merge(chosen: readonly StreamView[], path: Path): void {
    const { queue: { order }, views } = this.#streams;
    const list = this.#list;
    list.length = 0;
    let taken = 0;
    for (const stream of views) {
      if (bindingOf(stream.bound) !== path) continue;
      while (taken < chosen.length && order(chosen[taken]!, stream) < 0) {
        list.push(chosen[taken++]!);
      }
      list.push(stream);
    }
    while (taken < chosen.length) list.push(chosen[taken++]!);
  }
}
