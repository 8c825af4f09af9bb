// The streams of a connection by their IDs, in a map that is made again now and then.

import type { Stream } from "./stream.ts";

/** After so many streams that went, and as many as are left, the map is made again. */
const MOST_GONE = 16;

/**
 * The streams of a connection by their IDs.
 *
 * The tables of a `Map` refer to those that follow. Where entries come and go, a table that lives
 * long keeps all later ones from the collector, with the streams in them, until it looks at all of
 * the heap. So the map is made again once enough streams went.
 */
export class StreamMap {
  #streams = new Map<number, Stream>();
  #gone = 0;

  /** How many streams there are. */
  get size(): number {
    return this.#streams.size;
  }

  /** The stream with this ID. */
  get(id: number): Stream | undefined {
    return this.#streams.get(id);
  }

  /** All streams, in the order in which they came. */
  values(): Iterable<Stream> {
    return this.#streams.values();
  }

  /** Puts a stream behind the others. */
  add(stream: Stream): void {
    this.#streams.set(stream.id, stream);
  }

  /** Forgets the stream with this ID, which must be there. */
  delete(id: number): void {
    if (this.#streams.size === 1) this.#renew([]);
    else {
      this.#streams.delete(id);
      if (++this.#gone > Math.max(MOST_GONE, this.#streams.size)) this.#renew(this.#streams);
    }
  }

  #renew(streams: Iterable<[number, Stream]>): void {
    this.#streams = new Map(streams);
    this.#gone = 0;
  }
}
