import type { ResourceStats } from "../limits/ledger.ts";
import type { Resource } from "../limits/share.ts";

/**
 * What the clients of a listener hold, and what was counted since it began to listen.
 *
 * @example Whether clients are refused
 * ```ts ignore
 * const { connections, retriesSent } = server.stats;
 * console.log(`${connections.held} connections, ${connections.refused} refused, ${retriesSent} Retry`);
 * ```
 */
export interface ListenerStats extends Readonly<Record<Resource, ResourceStats>> {
  /** Retry packets sent: clients that had to prove their addresses first. */
  readonly retriesSent: number;
}
