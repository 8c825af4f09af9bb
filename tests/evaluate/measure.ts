import type { TransportConfig } from "../../src/connection/config.ts";
import type { Scheduler } from "../../src/scheduler/scheduler.ts";
import type { LinkOptions } from "../../src/sim/link.ts";
import { linkOf, Pair, type PairOptions } from "../sim/pair.ts";
import { POLICIES } from "./policies.ts";
import { median } from "./row.ts";

/** Virtual milliseconds after which a transfer counts as failed. */
const LIMIT = 3_600_000;
export const MIB = 1_048_576;

/** What a measurement may vary. */
export interface DownloadOptions {
  readonly scheduler?: Scheduler;
  readonly seed?: number | string;
  readonly config?: Partial<TransportConfig>;
  readonly serverConfig?: Partial<TransportConfig>;
  /** Called with the pair before it runs. */
  readonly prepare?: (pair: Pair) => void;
  /** Called after everything that happens. */
  readonly watch?: (pair: Pair) => void;
  readonly clientTls?: PairOptions["clientTls"];
}

/** A pair with one path per link; the server sends by the given scheduler. */
export function pairOf(links: readonly LinkOptions[], options: DownloadOptions = {}): Pair {
  const { scheduler, seed = 1, config = {}, serverConfig = {}, clientTls = {} } = options;
  const pairOptions: PairOptions = {
    links,
    seed,
    config: { maxConcurrentPaths: Math.max(4, links.length), ...config },
    serverConfig: { ...config, ...serverConfig, ...(scheduler ? { scheduler } : {}) },
    serverAddresses: links.length,
    clientTls,
  };
  return new Pair(pairOptions);
}

/** Seconds from the first packet of the handshake to the last byte. */
export function download(
  links: readonly LinkOptions[],
  size: number,
  options: DownloadOptions = {},
): number {
  const pair = pairOf(links, options);
  options.prepare?.(pair);
  pair.start();
  const transfer = pair.client.app.download(size);
  pair.run({
    until: LIMIT,
    when: () => {
      options.watch?.(pair);
      return transfer.isDone;
    },
  });
  if (!transfer.isDone) throw new Error(`${size} bytes never came (seed ${options.seed ?? 1})`);
  return transfer.finishedAt / 1_000;
}

/** Seconds until the first byte of a request can leave. */
export function handshakeTime(links: readonly LinkOptions[]): number {
  const pair = pairOf(links);
  pair.connect();
  return pair.client.completedAt / 1_000;
}

/** What a transfer is compared with: our own first path alone, and the time of the handshake. */
export function ownFigures(
  links: readonly LinkOptions[],
  size: number,
): { readonly alone: number; readonly handshake: number } {
  return { alone: download(links.slice(0, 1), size), handshake: handshakeTime(links.slice(0, 1)) };
}

/** The same by every policy; the median over seeds where chance plays. */
export function ablation(
  links: readonly LinkOptions[],
  size: number,
  seeds: readonly number[] = [1],
  options: DownloadOptions = {},
): Map<string, number> {
  const results = new Map<string, number>();
  for (const [name, scheduler] of POLICIES) {
    const times = seeds.map((seed) => download(links, size, { ...options, scheduler, seed }));
    results.set(name, median(times));
  }
  return results;
}

/** Equal paths of `megabits` each. */
export function equalLinks(count: number, megabits: number, rtt: number): LinkOptions[] {
  return Array.from({ length: count }, () => linkOf(megabits, rtt));
}

/** The numbers from 1 to `count`, as seeds. */
export function seeds(count: number): number[] {
  return Array.from({ length: count }, (_, i) => i + 1);
}
