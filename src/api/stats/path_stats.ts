// What was counted and measured on a path.

import { Health } from "../../path/health/lifecycle.ts";
import type { Path as CorePath } from "../../path/path.ts";
import type { PathStatus } from "../../scheduler/scheduler.ts";

/**
 * What was counted and measured on a path. Times in milliseconds, sizes in bytes.
 *
 * Counters never become less, also when the path moves to other addresses; measurements are those of
 * the addresses in use. All of it stays as it was when the path is closed.
 *
 * @category Paths
 */
export interface PathStats {
  /** The path's ID; never used twice in a connection. */
  readonly id: number;
  /** Where we send from. */
  readonly localAddr: Deno.NetAddr;
  /** Where the peer is. */
  readonly remoteAddr: Deno.NetAddr;
  /** Where the peer sees us, which is another address behind a NAT; if it has told. */
  readonly observedAddr: Deno.NetAddr | undefined;
  /** Whether the path is for use, or only for when no other is left. */
  readonly status: PathStatus;
  /** Whether the path is used at present: `failed` ones are only probed. */
  readonly health: "ok" | "suspect" | "failed";
  /** When the peer had proven to be reachable, on the clock of `performance.now()`. */
  readonly openedAt: number | undefined;
  /** When the path was closed, on the same clock. */
  readonly closedAt: number | undefined;
  /** Smoothed round-trip time; a guess until one was measured. */
  readonly smoothedRtt: number;
  /** The shortest round-trip time; `Infinity` until one was measured. */
  readonly minRtt: number;
  /** The round-trip time measured last; 0 until one was. */
  readonly latestRtt: number;
  /** Mean variation of the round-trip time. */
  readonly rttVariation: number;
  /** Bytes that may be in flight. */
  readonly congestionWindow: number;
  /** Bytes sent and neither acknowledged nor lost. */
  readonly bytesInFlight: number;
  /** The largest rate delivered lately, in bytes per millisecond; 0 while unknown. */
  readonly deliveryRate: number;
  /** The largest UDP payload in use. */
  readonly maxDatagramSize: number;
  /** UDP payload sent. */
  readonly bytesSent: number;
  /** UDP payload received. */
  readonly bytesReceived: number;
  /** UDP datagrams sent. */
  readonly datagramsSent: number;
  /** UDP datagrams received. */
  readonly datagramsReceived: number;
  /** Packets sent; a datagram may hold several. */
  readonly packetsSent: number;
  /** Packets that were received, could be read and had not come before. */
  readonly packetsReceived: number;
  /** Packets declared lost, those included that arrived after all. */
  readonly packetsLost: number;
  /** Packets declared lost that arrived after all. */
  readonly packetsSpuriouslyLost: number;
  /**
   * Whether packets leave ECN-capable, or why not (RFC 9000, Appendix A.4). Sockets of the runtime
   * neither set nor tell marks; native ones do (`native` in the options).
   */
  readonly ecn: "not supported" | "testing" | "unknown" | "capable" | "failed";
  /** Packets that came to the peer with the mark of congestion, as it reports. */
  readonly congestionMarks: number;
}

/** A snapshot of a path of the core, which does not know when it was opened and closed. */
export function pathStats(
  core: CorePath,
  openedAt: number | undefined,
  closedAt: number | undefined,
): PathStats {
  const { counters, current } = core;
  return {
    id: core.id,
    localAddr: { ...current.port.address },
    remoteAddr: { ...current.remote },
    observedAddr: current.reports.ours && { ...current.reports.ours },
    status: core.status,
    health: healthName(core.health),
    openedAt,
    closedAt,
    smoothedRtt: current.rtt.smoothed,
    minRtt: current.rtt.min,
    latestRtt: current.rtt.latest,
    rttVariation: current.rtt.variation,
    congestionWindow: current.congestion.window,
    bytesInFlight: current.bytesInFlight,
    deliveryRate: current.deliveryRate,
    maxDatagramSize: current.mtu.current,
    bytesSent: counters.bytesSent,
    bytesReceived: counters.bytesReceived,
    datagramsSent: counters.datagramsSent,
    datagramsReceived: counters.datagramsReceived,
    packetsSent: counters.packetsSent,
    packetsReceived: counters.packetsReceived,
    packetsLost: counters.packetsLost,
    packetsSpuriouslyLost: counters.packetsSpurious,
    ecn: current.ecn.state,
    congestionMarks: current.ecn.congested,
  };
}

/** The name of a health that users see. */
export function healthName(health: Health): PathStats["health"] {
  if (health === Health.Ok) return "ok";
  return health === Health.Suspect ? "suspect" : "failed";
}
