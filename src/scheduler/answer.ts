// The answer of a scheduler, filled again for each question.

import type { Assignment, PathView } from "./scheduler.ts";
import type { StreamView } from "./stream_order.ts";

/** An {@linkcode Assignment} that a scheduler fills again for every question. */
export class Answer implements Assignment {
  path: PathView | undefined = undefined;
  streams: StreamView[] | undefined = undefined;
  copies: PathView[] | undefined = undefined;
  until: number | undefined = undefined;
  heldDatagrams: number | undefined = undefined;
  /** Kept for answers that name streams. */
  readonly #streams: StreamView[] = [];
  /** Kept for answers that name further paths. */
  readonly #copies: PathView[] = [];

  /** Sends on a path, whatever is most urgent. */
  send(path: PathView): this {
    this.path = path;
    this.streams = undefined;
    this.copies = undefined;
    this.until = undefined;
    this.heldDatagrams = undefined;
    return this;
  }

  /** Sends on a path, but only from streams that are then added to the list returned. */
  sendFrom(path: PathView): StreamView[] {
    this.send(path);
    this.#streams.length = 0;
    return this.streams = this.#streams;
  }

  /** Sends on a path, and the same data on those that are then added to the list returned. */
  sendCopies(path: PathView): PathView[] {
    this.send(path);
    this.#copies.length = 0;
    return this.copies = this.#copies;
  }

  /** So many bytes of DATAGRAM frames do not go along. */
  holdDatagrams(bytes: number): this {
    this.heldDatagrams = bytes;
    return this;
  }

  /** Waits, until a time at the latest. */
  wait(until: number): this {
    this.path = undefined;
    this.streams = undefined;
    this.copies = undefined;
    this.until = until;
    this.heldDatagrams = undefined;
    return this;
  }
}
