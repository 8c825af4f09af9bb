// A connection that is watched: what it does is turned into reports.

import type { ObservedConnection, ObservedPathStats } from "../api/connection_observers.ts";
import { endText, type WatchedEvent } from "./event_text.ts";
import type { InterfaceNames } from "./interface_names.ts";
import type {
  ConnectionFacts,
  ConnectionReport,
  LiveEvent,
  PathFacts,
  PathSample,
} from "./live_report.ts";
import { PathNews } from "./path_news.ts";
import { placeText, plainText } from "./plain_text.ts";

/** Open paths that are told of; a peer may open many. */
const MOST_PATHS = 16;
/** Closed paths that are told of. */
const MOST_CLOSED = 8;
/** Events between two reports that are told; a peer may cause any number. */
const MOST_EVENTS = 32;

/** Watches a connection until it is over. */
export class WatchedConnection {
  readonly #number: number;
  readonly #connection: ObservedConnection;
  readonly #names: InterfaceNames;
  readonly #clock: () => number;
  readonly #facts: ConnectionFacts;
  readonly #closed: PathFacts[] = [];
  readonly #stopWatching: () => void;
  readonly #news = new PathNews();
  #end: LiveEvent | undefined;
  #hasFailed = false;
  #bytes = -1;
  #activeAt: number;

  /**
   * @param number What it is called in reports.
   * @param clock Milliseconds since 1970.
   */
  constructor(
    number: number,
    connection: ObservedConnection,
    names: InterfaceNames,
    clock: () => number,
  ) {
    this.#number = number;
    this.#connection = connection;
    this.#names = names;
    this.#clock = clock;
    this.#activeAt = clock();
    const { face, role } = connection;
    this.#facts = {
      role,
      peer: placeText(face.remoteAddr),
      serverName: face.serverName === undefined ? undefined : plainText(face.serverName),
      protocol: face.protocol === undefined ? undefined : plainText(face.protocol),
      beganAt: clock(),
    };
    this.#stopWatching = connection.watchPaths((event) => this.#onPath(event));
    face.closed.then(
      (info) => this.#onEnd(endText(info), false),
      (error) => this.#onEnd(endText(error), true),
    );
  }

  /** Whether it is over, and the next report is the last. */
  get isOver(): boolean {
    return this.#end !== undefined;
  }

  /** When it was last seen to carry something, in milliseconds since 1970. */
  get activeAt(): number {
    return this.#activeAt;
  }

  /** Looks no more at the connection. */
  stop(): void {
    this.#stopWatching();
  }

  /** What there is to tell since the last time. */
  report(): ConnectionReport {
    const { paths, stats } = this.#connection.face;
    const shown = paths.slice(0, MOST_PATHS).map((path) => path.stats);
    const { bytesReceived: received, bytesSent: sent, packetsLost: lost, openStreams } = stats;
    if (received + sent !== this.#bytes) this.#activeAt = this.#clock();
    this.#bytes = received + sent;
    return {
      number: this.#number,
      facts: this.#facts,
      paths: [...shown.map((one) => this.#factsOf(one, undefined)), ...this.#closed],
      morePaths: paths.length - shown.length,
      sample: shown.map(sampleOf),
      received,
      sent,
      lost,
      streams: openStreams,
      events: this.#takeEvents(),
      end: this.#end?.text,
      hasFailed: this.#hasFailed,
    };
  }

  #onPath(event: WatchedEvent): void {
    const { stats, type } = event;
    const now = this.#clock();
    const end = this.#news.endOf(event, now);
    this.#news.onEvent(event, this.#nameOf(stats), now);
    if (type !== "closed" && type !== "failed") return;
    this.#closed.push(this.#factsOf(stats, end));
    if (this.#closed.length > MOST_CLOSED) this.#closed.shift();
  }

  #onEnd(text: string, hasFailed: boolean): void {
    const tone = hasFailed ? "bad" : "plain";
    this.#end = { time: this.#clock(), path: undefined, tone, text };
    this.#hasFailed = hasFailed;
  }

  #takeEvents(): readonly LiveEvent[] {
    const now = this.#clock();
    const all = this.#news.take(now);
    const events = all.slice(0, MOST_EVENTS);
    const untold = all.length - events.length;
    if (untold > 0) {
      events.push({ time: now, path: undefined, tone: "plain", text: `${untold} more events` });
    }
    const end = this.#end && { ...this.#end, text: `The connection is over: ${this.#end.text}` };
    return end === undefined ? events : [...events, end];
  }

  #nameOf({ localAddr, remoteAddr }: ObservedPathStats): string {
    return this.#names.of(localAddr, remoteAddr);
  }

  #factsOf(stats: ObservedPathStats, end: string | undefined): PathFacts {
    return {
      id: stats.id,
      name: this.#nameOf(stats),
      local: placeText(stats.localAddr),
      remote: placeText(stats.remoteAddr),
      status: stats.status,
      health: stats.health,
      minRtt: Number.isFinite(stats.minRtt) ? rounded(stats.minRtt) : undefined,
      size: stats.maxDatagramSize,
      end,
    };
  }
}

function sampleOf(stats: ObservedPathStats): PathSample {
  return [
    stats.id,
    stats.bytesReceived,
    stats.bytesSent,
    // Until a round trip was measured, there is a guess only; of a silent path it is long ago.
    stats.latestRtt > 0 && stats.health === "ok" ? rounded(stats.smoothedRtt) : null,
    stats.congestionWindow === undefined ? null : Math.round(stats.congestionWindow),
    stats.bytesInFlight ?? null,
    stats.packetsLost ?? null,
  ];
}

/** To hundredths. */
function rounded(milliseconds: number): number {
  return Math.round(milliseconds * 100) / 100;
}
