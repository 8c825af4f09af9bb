// Takes events of an application into the trace of its connection.

import type { EventData } from "../../qlog/event_data.ts";
import type { Qlog } from "../../qlog/qlog.ts";

export type { EventData };

/**
 * Takes events of an application's protocol into the qlog trace of its connection, where they stand
 * among those of QUIC. HTTP/3 writes its own.
 *
 * @example
 * ```ts ignore
 * connection.qlog?.write("chat:message_sent", { room: 7, length: 120 });
 * ```
 *
 * @category Traces
 */
export interface EventLog {
  /**
   * Writes an event with the present time. If the trace takes no more, the event is dropped and
   * counted; the caller never waits.
   *
   * @param name Namespace and event, such as "chat:message_sent".
   * @param data What it says; texts are cut after 256 characters, lists after 256 items, and numbers
   * that are not finite are left out.
   * @throws {TypeError} If the name has another form, or JSON cannot hold the data.
   */
  write(name: string, data: EventData): void;
}

const namePattern = /^[\w-]+:[\w-]+$/;

/** The log of a connection, as those above it see it. */
export class ConnectionEventLog implements EventLog {
  readonly #qlog: Qlog;
  readonly #now: () => number;

  /** @param now The time that the connection lives in. */
  constructor(qlog: Qlog, now: () => number) {
    this.#qlog = qlog;
    this.#now = now;
  }

  write(name: string, data: EventData): void {
    if (!namePattern.test(name)) {
      throw new TypeError(`Cannot log "${name}": name an event as "namespace:event"`);
    }
    this.#qlog.event(this.#now(), name, data);
  }
}
