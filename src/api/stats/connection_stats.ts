// What was counted in a connection.

import type { Connection } from "../../connection/connection.ts";
import { Stage } from "../../path/health/lifecycle.ts";
import type { Path as CorePath } from "../../path/path.ts";
import { PathCounters } from "../../recovery/path_counters.ts";

/**
 * What was counted in a connection. Counters cover all its paths, those too that were closed, and
 * never become less; they stay as they were when the connection is closed.
 *
 * @category Connections
 */
export interface ConnectionStats {
  /** The QUIC version in use: 1, or 0x6b3343cf for version 2. */
  readonly version: number;
  /** The TLS cipher suite, once it is chosen. */
  readonly cipherSuite: string | undefined;
  /** Milliseconds from the first packet until the handshake was complete, once it is. */
  readonly handshakeTime: number | undefined;
  /** How often the keys were updated, by either end. */
  readonly keyUpdates: number;
  /** Paths that were opened so far. */
  readonly pathsOpened: number;
  /** Streams that are open, or closed and not yet forgotten. */
  readonly openStreams: number;
  /** UDP payload sent. */
  readonly bytesSent: number;
  /** UDP payload received. */
  readonly bytesReceived: number;
  /** UDP datagrams sent. */
  readonly udpDatagramsSent: number;
  /** UDP datagrams received. */
  readonly udpDatagramsReceived: number;
  /** Packets sent. */
  readonly packetsSent: number;
  /** Packets that were received, could be read and had not come before. */
  readonly packetsReceived: number;
  /** Packets that were received and could not be read. */
  readonly packetsDropped: number;
  /** Packets declared lost, those included that arrived after all. */
  readonly packetsLost: number;
  /** Packets declared lost that arrived after all. */
  readonly packetsSpuriouslyLost: number;
  /** Datagrams of the application that came and were not read in time. */
  readonly datagramsDropped: number;
  /** Datagrams of the application that were sent and lost. */
  readonly datagramsLost: number;
  /** Events that are missing in the qlog, because it could not be written fast enough. */
  readonly qlogEventsDropped: number;
}

/** What all paths of a connection carried, as they come and go. */
export class Traffic {
  #opened = 0;
  /** What paths carried that are gone for good. */
  readonly #gone = new PathCounters();
  #paths: readonly CorePath[] = [];
  /** Paths that are folded into `#gone`. */
  #folded: WeakSet<CorePath> | undefined;

  /** Paths that were opened. */
  get opened(): number {
    return this.#opened;
  }

  /** Another path was opened. */
  onOpened(): void {
    this.#opened++;
  }

  /** A path belongs to the connection; it may be said more than once. */
  add(path: CorePath): void {
    if (this.#paths.includes(path) || this.#folded?.has(path)) return;
    this.#paths = [...this.#paths, path];
    this.#fold();
  }

  /** The sum over all paths so far. */
  get total(): PathCounters {
    this.#fold();
    const total = new PathCounters();
    total.add(this.#gone);
    for (const path of this.#paths) total.add(path.counters);
    return total;
  }

  /** Adds up the counters of paths that have ended, so that the paths need not be kept. */
  #fold(): void {
    const closed = this.#paths.filter(({ stage }) => stage === Stage.Closed);
    if (closed.length === 0) return;
    for (const path of closed) {
      this.#gone.add(path.counters);
      (this.#folded ??= new WeakSet()).add(path);
    }
    this.#paths = this.#paths.filter((path) => !closed.includes(path));
  }
}

/** A snapshot of a connection of the core. */
export function connectionStats(
  core: Connection,
  traffic: Traffic,
  handshakeTime: number | undefined,
): ConnectionStats {
  const { total } = traffic;
  return {
    version: core.keys.version,
    cipherSuite: core.keys.oneRtt?.suite.name,
    handshakeTime,
    keyUpdates: core.keys.oneRtt?.generation ?? 0,
    pathsOpened: traffic.opened,
    openStreams: core.streams.size,
    bytesSent: total.bytesSent,
    bytesReceived: total.bytesReceived,
    udpDatagramsSent: total.datagramsSent,
    udpDatagramsReceived: total.datagramsReceived,
    packetsSent: total.packetsSent,
    packetsReceived: total.packetsReceived,
    packetsDropped: core.packetsDropped,
    packetsLost: total.packetsLost,
    packetsSpuriouslyLost: total.packetsSpurious,
    datagramsDropped: core.datagrams.dropped,
    datagramsLost: core.datagrams.lost,
    qlogEventsDropped: core.qlog?.writer.dropped ?? 0,
  };
}
