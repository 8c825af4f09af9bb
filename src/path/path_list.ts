// The paths of a connection, as a list, and what is true of them together.

import { Readiness } from "../scheduler/readiness.ts";
import type { Path } from "./path.ts";

/** Milliseconds: the assumed probe timeout of a network path without samples (333 + 4 · 166.5). */
const UNMEASURED_PROBE_TIMEOUT = 999;

/**
 * The paths of a connection, and what is true of them together.
 *
 * @internal
 */
export class PathList {
  /** Paths that still matter, abandoned ones included, by ID. */
  readonly paths: Path[] = [];

  /** Puts a path in its place. */
  protected add(path: Path): Path {
    this.paths.push(path);
    this.paths.sort((a, b) => a.id - b.id);
    return path;
  }

  /** The path does not matter any more. */
  protected delete(path: Path): void {
    this.paths.splice(this.paths.indexOf(path), 1);
  }

  /** Backups are asked for while no path is left that is meant for use. */
  protected needBackups(): void {
    let needed = true;
    for (const { readiness, slot } of this.paths) {
      if (readiness >= Readiness.Healthy && slot.status.local === "available") needed = false;
    }
    for (const { readiness, slot } of this.paths) {
      slot.status.need(needed && readiness >= Readiness.Healthy);
    }
  }

  /** How many paths can carry packets. */
  get liveCount(): number {
    let count = 0;
    for (const path of this.paths) if (path.readiness >= Readiness.Opening) count++;
    return count;
  }

  /** Whether another path can be used, suspect or not. */
  hasOther(path: Path): boolean {
    for (const other of this.paths) {
      if (other !== path && other.readiness >= Readiness.Usable) return true;
    }
    return false;
  }

  /** The largest probe timeout of all paths in use, or if there is none, of those just abandoned. */
  get largestProbeTimeout(): number {
    return this.#largest(probeTimeoutOf);
  }

  /** The same without the share of pauses, which may be a minute after one of ten seconds. */
  get largestSteadyTimeout(): number {
    return this.#largest(steadyTimeoutOf);
  }

  /**
   * Milliseconds for which a closed connection is remembered: three probe timeouts of the slowest
   * path (MPQUIC, Section 2.6).
   */
  get lingering(): number {
    return 3 * Math.max(this.largestSteadyTimeout, 1);
  }

  /** Milliseconds until a challenge on a path is repeated. */
  protected firstWait(path: Path): number {
    const known = path.measured ? path : this.paths.find((other) => other.measured);
    return known?.steadyTimeout ?? UNMEASURED_PROBE_TIMEOUT;
  }

  /** Milliseconds within which any path is expected to answer. */
  protected get longestWait(): number {
    return Math.max(this.largestSteadyTimeout, UNMEASURED_PROBE_TIMEOUT);
  }

  #largest(of: (path: Path) => number): number {
    let largest = 0;
    let abandoned = 0;
    for (const path of this.paths) {
      if (path.readiness >= Readiness.Opening) largest = Math.max(largest, of(path));
      else abandoned = Math.max(abandoned, of(path));
    }
    return largest || abandoned;
  }

  /** The largest smoothed round-trip time of all open paths. */
  get largestRtt(): number {
    let largest = 0;
    for (const path of this.paths) {
      if (path.readiness >= Readiness.Open) largest = Math.max(largest, path.smoothedRtt);
    }
    return largest;
  }

  /** The path, other than `avoid`, that acknowledgements and probes for others should take. */
  best(avoid?: Path): Path | undefined {
    let best: Path | undefined;
    for (const path of this.paths) {
      if (path === avoid || path.readiness < Readiness.Healthy) continue;
      if (best === undefined || path.smoothedRtt < best.smoothedRtt) best = path;
    }
    return best;
  }
}

// Used for every packet, so they are not made each time.
const probeTimeoutOf = (path: Path) => path.probeTimeout;
const steadyTimeoutOf = (path: Path) => path.steadyTimeout;
