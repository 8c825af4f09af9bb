import { bindingOf } from "../../path/binding.ts";
import type { Path } from "../../path/path.ts";
import type { PathSet } from "../../path/path_set.ts";
import type { Assignment, PathView } from "../../scheduler/scheduler.ts";
import type { StreamView } from "../../scheduler/stream_order.ts";
import type { SendHalf } from "../../stream/send_half.ts";
import type { StreamSet } from "../../stream/stream_set.ts";
import type { DatagramQueue } from "../datagram_queue.ts";

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
  /** One object for all answers. */
  readonly #joined: Joined;

  constructor(paths: PathSet, streams: StreamSet, datagrams: DatagramQueue) {
    this.#paths = paths;
    this.#streams = streams;
    this.#datagrams = datagrams;
    this.#joined = { path: undefined, streams: this.#list, copies: undefined };
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
      if (bindingOf((stream as SendHalf).bound) === undefined) free.push(stream);
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
      const binding = bindingOf((stream as SendHalf).bound);
      if (binding === undefined || binding === path) list.push(stream);
    }
    return list;
  }

  /** What the scheduler has decided on, with what is bound to that path in its place. */
  join(answer: Assignment): Assignment {
    const joined = this.#joined;
    const path = answer.path as Path;
    joined.path = path;
    joined.copies = answer.copies;
    if (answer.streams === undefined) this.streamsFor(path);
    else this.#merge(answer.streams, path);
    return joined;
  }

  /** A path with room that something is bound to, and that; nothing else goes there. */
  next(now: number): Assignment | undefined {
    for (const path of this.#paths.paths) {
      if (!path.fit) continue;
      path.refresh(now);
      if (path.room === 0) continue;
      this.#merge([], path);
      if (this.#list.length === 0 && !this.#datagrams.waitsFor(path)) continue;
      this.#joined.path = path;
      this.#joined.copies = undefined;
      return this.#joined;
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
      if (bindingOf((stream as SendHalf).bound) !== path) continue;
      while (taken < chosen.length && order(chosen[taken]!, stream) < 0) {
        list.push(chosen[taken++]!);
      }
      list.push(stream);
    }
    while (taken < chosen.length) list.push(chosen[taken++]!);
  }
}

interface Joined extends Assignment {
  path: PathView | undefined;
  readonly streams: StreamView[];
  copies: readonly PathView[] | undefined;
}
