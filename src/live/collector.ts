// Watches the connections of a thread, and reports of them.

import { observeConnections, type ObservedConnection } from "../api/connection_observers.ts";
import { InterfaceNames } from "./interface_names.ts";
import type { ThreadReport } from "./live_report.ts";
import { WatchedConnection } from "./watched_connection.ts";

/** Connections of a thread that are watched at once; the others are counted. */
const MOST_WATCHED = 32;
/** Connections that wait for a place among them. */
const MOST_WAITING = 4_096;
/** Milliseconds without traffic after which a connection gives its place to one that waits. */
const IDLE = 10_000;

/** Watches connections from when it is made. */
export class Collector {
  readonly #clock: () => number;
  readonly #names = new InterfaceNames();
  readonly #watched = new Map<WatchedConnection, ObservedConnection>();
  readonly #waiting = new Set<ObservedConnection>();
  readonly #stopObserving: () => void;
  #count = 0;

  /** @param clock Milliseconds since 1970. */
  constructor(clock: () => number) {
    this.#clock = clock;
    this.#stopObserving = observeConnections((connection) => this.#take(connection));
  }

  /** What has happened since the report before. */
  report(): ThreadReport {
    const connections = Array.from(this.#watched.keys(), (one) => {
      const { isOver } = one;
      const report = one.report();
      if (isOver) this.#drop(one);
      return report;
    });
    if (this.#waiting.size > 0) this.#giveWay();
    return { time: this.#clock(), connections, hidden: this.#waiting.size };
  }

  /** Looks at no connection any more. */
  stop(): void {
    this.#stopObserving();
    for (const one of this.#watched.keys()) one.stop();
    this.#watched.clear();
    this.#waiting.clear();
  }

  #take(connection: ObservedConnection): void {
    if (this.#watched.size < MOST_WATCHED) return this.#watch(connection);
    if (this.#waiting.size >= MOST_WAITING) return;
    this.#waiting.add(connection);
    const forget = () => this.#waiting.delete(connection);
    connection.face.closed.then(forget, forget);
  }

  #watch(connection: ObservedConnection): void {
    const one = new WatchedConnection(this.#count++, connection, this.#names, this.#clock);
    this.#watched.set(one, connection);
  }

  /** One that is idle waits in place of one that may not be: the busy ones are found in time. */
  #giveWay(): void {
    const now = this.#clock();
    const idle = this.#watched.keys().find(({ activeAt, isOver }) =>
      !isOver && now - activeAt >= IDLE
    );
    if (idle === undefined) return;
    const connection = this.#watched.get(idle)!;
    this.#drop(idle);
    this.#take(connection);
  }

  #drop(one: WatchedConnection): void {
    one.stop();
    this.#watched.delete(one);
    const [next] = this.#waiting;
    if (next === undefined) return;
    this.#waiting.delete(next);
    this.#watch(next);
  }
}
