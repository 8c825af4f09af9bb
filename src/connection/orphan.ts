// How long a connection without a path is kept.

import { Readiness } from "../scheduler/readiness.ts";
import type { PathSet } from "../path/path_set.ts";

/** The time for which a connection is kept that has no path to send on. */
export class Orphan {
  #deadline = Infinity;

  /** When the connection is given up; `Infinity` while it has a path. */
  get deadline(): number {
    return this.#deadline;
  }

  /** Paths may have ended or opened. */
  settle(paths: PathSet, now: number): void {
    if (this.#deadline < Infinity) {
      if (paths.paths.some(({ readiness }) => readiness >= Readiness.Open)) {
        this.#deadline = Infinity;
      }
      return;
    }
    if (paths.liveCount > 0) return;
    // MPQUIC, Section 3.4: a probe timeout to see whether another path is coming.
    this.#deadline = now + (paths.multipath ? paths.lingering / 3 : 0);
  }
}
