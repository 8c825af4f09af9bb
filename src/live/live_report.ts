// What a thread tells of its connections, several times a second.

import type { Role } from "../error/role.ts";

/** What does not change in a connection. */
export interface ConnectionFacts {
  readonly role: Role;
  /** Where the peer is, such as `192.0.2.1:443`. */
  readonly peer: string;
  /** The name that the client has asked for. */
  readonly serverName: string | undefined;
  /** The protocol of the application. */
  readonly protocol: string | undefined;
  /** Milliseconds since 1970. */
  readonly beganAt: number;
}

/** What is known of a path, apart from what is plotted. */
export interface PathFacts {
  readonly id: number;
  /** The interface, or the address if that is not known. */
  readonly name: string;
  readonly local: string;
  readonly remote: string;
  readonly status: "available" | "backup";
  readonly health: "ok" | "suspect" | "failed";
  /** The shortest round-trip time in milliseconds; undefined until one was measured. */
  readonly minRtt: number | undefined;
  /** The largest UDP payload in use; undefined with TCP. */
  readonly size: number | undefined;
  /** Why it carries nothing any more; undefined while it is open. */
  readonly end: string | undefined;
}

/**
 * What is plotted of a path. Bytes and packets are counted from its beginning; times in ms. Null
 * stands for what is not known.
 */
export type PathSample = readonly [
  id: number,
  received: number,
  sent: number,
  rtt: number | null,
  window: number | null,
  inFlight: number | null,
  lost: number | null,
];

/** How an event is shown. */
export type EventTone = "good" | "bad" | "plain";

/** Something that happened. */
export interface LiveEvent {
  /** Milliseconds since 1970. */
  readonly time: number;
  /** The path; undefined if it is about the connection. */
  readonly path: number | undefined;
  readonly tone: EventTone;
  /** A sentence. */
  readonly text: string;
}

/** What is told of a connection. */
export interface ConnectionReport {
  /** Never used twice by a thread. */
  readonly number: number;
  readonly facts: ConnectionFacts;
  readonly paths: readonly PathFacts[];
  /** Paths that are not among them, because there are too many. */
  readonly morePaths: number;
  readonly sample: readonly PathSample[];
  /** Of all paths, those too that are closed. */
  readonly received: number;
  readonly sent: number;
  /** Undefined if it is not known, as with TCP. */
  readonly lost: number | undefined;
  readonly streams: number;
  /** What happened since the report before. */
  readonly events: readonly LiveEvent[];
  /** Why it is over; undefined while it is not. */
  readonly end: string | undefined;
  /** Whether it was over by a failure, not because an application closed it. */
  readonly hasFailed: boolean;
}

/** What is told of all connections of a thread. */
export interface ThreadReport {
  /** Milliseconds since 1970. */
  readonly time: number;
  readonly connections: readonly ConnectionReport[];
  /** Open connections that are not among them, because there are too many. */
  readonly hidden: number;
}
