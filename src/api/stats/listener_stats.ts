// What the clients of a listener hold, and what was counted.

import type { ResourceStats } from "../../limits/ledger.ts";
import { type Resource, RESOURCES } from "../../limits/share.ts";

/**
 * Datagrams that came to one worker of a server and are for another.
 *
 * @category Connections
 */
export interface StrayStats {
  /** Those that were handed on. */
  readonly handedOn: number;
  /** Those that were too many. */
  readonly dropped: number;
}

/**
 * What the clients of a listener hold, and what was counted since it began to listen.
 *
 * @example Whether clients are refused
 * ```ts ignore
 * const { connections, retriesSent } = server.stats;
 * console.log(`${connections.held} connections, ${connections.refused} refused, ${retriesSent} Retry`);
 * ```
 *
 * @category Connections
 */
export interface ListenerStats extends Readonly<Record<Resource, ResourceStats>> {
  /** Datagrams that came here and are for other workers of the server; none without workers. */
  readonly strays: StrayStats;
  /** Retry packets sent: clients that had to prove their addresses first. */
  readonly retriesSent: number;
}

/**
 * What several workers hold and have counted together. The peaks of workers may have been at
 * different times, so the peak of all was no higher than their sum.
 *
 * @param present Workers there are.
 * @param past Workers there were, which hold nothing any more.
 * @returns Undefined if no worker has told anything.
 */
export function sumStats(
  present: readonly ListenerStats[],
  past: readonly ListenerStats[],
): ListenerStats | undefined {
  const all = [...present, ...past];
  if (all.length === 0) return undefined;
  const sum = (stats: readonly ListenerStats[], value: (one: ListenerStats) => number) =>
    stats.reduce((total, one) => total + value(one), 0);
  const entries = RESOURCES.map((resource): [Resource, ResourceStats] => [resource, {
    held: sum(present, (one) => one[resource].held),
    peak: sum(present, (one) => one[resource].peak),
    refused: sum(all, (one) => one[resource].refused),
    evicted: sum(all, (one) => one[resource].evicted),
  }]);
  return {
    ...Object.fromEntries(entries) as Record<Resource, ResourceStats>,
    strays: {
      handedOn: sum(all, ({ strays }) => strays.handedOn),
      dropped: sum(all, ({ strays }) => strays.dropped),
    },
    retriesSent: sum(all, ({ retriesSent }) => retriesSent),
  };
}
