// The options of a new path.

import type { PathStatus } from "../../scheduler/scheduler.ts";

/**
 * What a new path is to join, and how it is to be used.
 * @category Paths
 */
export interface OpenPathOptions {
  /**
   * Where the path begins: a literal address, the name of an interface, or the beginning of
   * either. Left out: the address that the connection began at.
   */
  localAddress?: string;
  /**
   * Where the path leads: a literal address and a port.
   *
   * @default {connection.remoteAddr}
   */
  remoteAddress?: Deno.NetAddr;
  /**
   * Whether the path is for use, or only for when no other is left.
   *
   * @default {"available"}
   */
  status?: PathStatus;
  /**
   * Ends the attempt when it is aborted: without it, `openPath()` waits for as long as the server
   * allows no further path.
   */
  signal?: AbortSignal;
}
