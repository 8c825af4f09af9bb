import { Readiness } from "../../src/scheduler/readiness.ts";
import type { LinkOptions } from "../../src/sim/link.ts";
import type { Pair } from "../sim/pair.ts";
import { download, type DownloadOptions } from "./measure.ts";

/** A download, path by path: when each could be used, and what had come by it at any time. */
export interface Course {
  /** Seconds from the first packet of the handshake to the last byte. */
  readonly duration: number;
  /** When the server could first send data on each path, in seconds. */
  readonly begun: readonly number[];
  /** What had come by the first path: pairs of seconds and bytes. */
  readonly curve: readonly (readonly [seconds: number, bytes: number])[];
}

/** Downloads `size` bytes and writes down how it went. */
export function follow(
  links: readonly LinkOptions[],
  size: number,
  options: DownloadOptions = {},
): Course {
  const begun = links.map(() => Infinity);
  const curve: [number, number][] = [];
  const watch = ({ now, server, links }: Pair) => {
    const at = now / 1_000;
    if (server.completedAt <= now) {
      for (const { id, readiness } of server.connection.paths.paths) {
        if (readiness >= Readiness.Open) begun[id] = Math.min(begun[id]!, at);
      }
    }
    const { deliveredBytes } = links[0]!.downward.counters;
    const last = curve.at(-1);
    if (last?.[0] === at) last[1] = deliveredBytes;
    else if (deliveredBytes !== last?.[1]) curve.push([at, deliveredBytes]);
  };
  const duration = download(links, size, { ...options, watch });
  // What is sent beside the file is spread over all of it.
  const share = size / curve.at(-1)![1];
  for (const point of curve) point[1] *= share;
  return { duration, begun, curve };
}

/**
 * How soon `size` bytes can come over all paths if each delivers what it does alone, from the time
 * on at which it could be used: nothing then waits for another path, and nothing comes twice.
 *
 * @param alone The course of each path alone.
 * @param begun When each could be used in the joint download, in seconds.
 */
export function possible(
  alone: readonly Course[],
  begun: readonly number[],
  size: number,
): number {
  const delays = alone.map((course, i) => begun[i]! - course.begun[0]!);
  let low = 0;
  let high = Math.min(...alone.map(({ duration }, i) => duration + delays[i]!));
  while (high - low > 1e-6) {
    const middle = (low + high) / 2;
    const sum = alone.reduce((bytes, course, i) => bytes + cameBy(course, middle - delays[i]!), 0);
    if (sum >= size) high = middle;
    else low = middle;
  }
  return high;
}

/** The bytes that had come at a time. */
function cameBy({ curve }: Course, time: number): number {
  let low = 0;
  let high = curve.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (curve[middle]![0] <= time) low = middle + 1;
    else high = middle;
  }
  return curve[low - 1]?.[1] ?? 0;
}
