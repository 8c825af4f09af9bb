/** Connections that a test makes up, as observers see them. */

import {
  announceConnection,
  type ObservedConnection,
  type ObservedFace,
} from "../../src/api/connection_observers.ts";
import type { CloseInfo } from "../../src/api/options/options.ts";
import type { Path } from "../../src/api/path/path.ts";
import type { PathEventType } from "../../src/api/path/path_events.ts";
import type { PathStats } from "../../src/api/stats/path_stats.ts";
import type { ConnectionStats } from "../../src/api/stats/connection_stats.ts";
import type { WatchedEvent } from "../../src/live/event_text.ts";

/** What a path has counted and measured, with some of it as the test wants. */
export function statsOf(id: number, some: Partial<PathStats> = {}): PathStats {
  return {
    id,
    localAddr: { transport: "udp", hostname: `10.0.${id}.1`, port: 1000 },
    remoteAddr: { transport: "udp", hostname: "192.0.2.1", port: 443 },
    observedAddr: undefined,
    status: "available",
    health: "ok",
    openedAt: 0,
    closedAt: undefined,
    smoothedRtt: 20,
    minRtt: 10,
    latestRtt: 20,
    rttVariation: 1,
    congestionWindow: 12_000,
    bytesInFlight: 0,
    deliveryRate: 0,
    maxDatagramSize: 1_200,
    bytesSent: 0,
    bytesReceived: 0,
    datagramsSent: 0,
    datagramsReceived: 0,
    packetsSent: 0,
    packetsReceived: 0,
    packetsLost: 0,
    packetsSpuriouslyLost: 0,
    ecn: "not supported",
    congestionMarks: 0,
    ...some,
  };
}

/** A connection whose paths and end are as the test says. */
export class MadeConnection {
  paths: Partial<PathStats>[] = [];
  totals: Partial<ConnectionStats> = {};
  serverName: string | undefined;
  readonly #closed = Promise.withResolvers<CloseInfo>();
  #watchers: ((event: WatchedEvent) => void)[] = [];

  /** Announces it to all observers. */
  announce(): this {
    this.#closed.promise.catch(() => {});
    const watch: ObservedConnection["watchPaths"] = (watcher) => {
      this.#watchers.push(watcher);
      return () => this.#watchers = this.#watchers.filter((one) => one !== watcher);
    };
    announceConnection(this.#face, "client", watch);
    return this;
  }

  /** How many watch its paths. */
  get watchers(): number {
    return this.#watchers.length;
  }

  tell(type: PathEventType, stats: PathStats, more: Partial<WatchedEvent> = {}): void {
    const path = { id: stats.id, stats } as unknown as Path;
    for (const watcher of this.#watchers) watcher({ type, time: 0, path, stats, ...more });
  }

  /** Ends it, and waits until this is known. */
  async close(end: CloseInfo | Error): Promise<void> {
    if (end instanceof Error) this.#closed.reject(end);
    else this.#closed.resolve(end);
    for (let i = 0; i < 3; i++) await Promise.resolve();
  }

  get #face(): ObservedFace {
    // deno-lint-ignore no-this-alias -- getters of the face look at what the test says by then
    const made = this;
    return {
      get paths() {
        return made.paths.map((some, id) => {
          const stats = statsOf(some.id ?? id, some);
          return { id: stats.id, stats } as unknown as Path;
        });
      },
      get stats() {
        const counted = { bytesReceived: 0, bytesSent: 0, packetsLost: 0, openStreams: 0 };
        return { ...counted, ...made.totals } as ConnectionStats;
      },
      remoteAddr: { transport: "udp", hostname: "2001:db8::1", port: 443 },
      protocol: "h3",
      serverName: this.serverName,
      closed: this.#closed.promise,
    };
  }
}
