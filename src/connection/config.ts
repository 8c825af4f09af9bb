// What a connection is configured with, and the defaults.

import type { CongestionControl } from "../congestion/controller.ts";
import { cubic } from "../congestion/cubic.ts";
import type { KeyPhasesOptions } from "../crypto/key_phases.ts";
import type { Address } from "../path/address/address.ts";
import type { QlogFactory } from "../qlog/qlog.ts";
import { earliestCompletion } from "../scheduler/earliest_completion.ts";
import type { ReinjectionPolicy } from "../scheduler/reinjection.ts";
import { stragglerCopies } from "../scheduler/straggler_copies.ts";
import type { Scheduler, SchedulerFactory } from "../scheduler/scheduler.ts";
import { roundRobinOrder, type StreamOrder } from "../scheduler/stream_order.ts";

/** The preferred addresses of a server: one of each family, or of one. */
export interface PreferredAddresses {
  /** Of IPv4. */
  readonly ipv4?: Address | undefined;
  /** Of IPv6. */
  readonly ipv6?: Address | undefined;
}

/** What both roles may choose; {@linkcode DEFAULTS} fills the gaps. Times in ms, sizes in bytes. */
export interface TransportConfig {
  /** Silence after which the connection is given up; 0 for never. */
  readonly maxIdleTimeout: number;
  /** Time a handshake may take. */
  readonly handshakeTimeout: number;
  /** Silence of one path, while others answer, after which a client abandons it. */
  readonly pathIdleTimeout: number;
  /** Silence after which a PING is sent; 0 for never. */
  readonly keepAliveInterval: number;
  /** Initial limit of unread bytes of all streams. */
  readonly connectionWindow: number;
  /** Upper bound when that limit grows by itself. */
  readonly maxConnectionWindow: number;
  /** Initial limit of unread bytes of one stream. */
  readonly streamWindow: number;
  /** Upper bound when that limit grows by itself. */
  readonly maxStreamWindow: number;
  /** Bidirectional streams the peer may have open at once. */
  readonly maxBidirectionalStreams: number;
  /** Unidirectional streams the peer may have open at once. */
  readonly maxUnidirectionalStreams: number;
  /** Paths that may be open at once; 1 turns multipath off. */
  readonly maxConcurrentPaths: number;
  /** The largest DATAGRAM frame taken; 0 for none. */
  readonly maxDatagramFrameSize: number;
  /** The largest UDP payload to try; it is only used once it was seen to arrive. */
  readonly maxDatagramSize: number;
  /** Connection IDs of the peer that are kept, for each path. */
  readonly activeIdLimit: number;
  /** How long an acknowledgement may be held back. */
  readonly maxAckDelay: number;
  /** By how many milliseconds timers fire late where the connection lives; 0 in virtual time. */
  readonly timerLateness: number;
  /** Ack-eliciting packets that bring about an acknowledgement at once. */
  readonly ackThreshold: number;
  /** Packets that one acknowledgement of the peer is wanted for; 0 leaves it to the peer. */
  readonly ackFrequency: number;
  /** Datagrams that may leave before the first acknowledgement. */
  readonly initialCongestionWindow: number;
  /** The round-trip time assumed before one was measured. */
  readonly initialRtt: number;
  /** Whether those on the way may measure round trips (RFC 9000, Section 17.4). */
  readonly spinBit: boolean;
  /** Makes the congestion controller of each network path. */
  readonly congestionControl: CongestionControl;
  /** Chooses the path of each datagram with application data. */
  readonly scheduler: Scheduler | SchedulerFactory;
  /** Whether DATAGRAM frames are dropped that have come by another path before. */
  readonly dropDuplicateDatagrams?: boolean | undefined;
  /** Decides which packets in flight are sent once more. */
  readonly reinjection: ReinjectionPolicy;
  /** Which stream goes first. */
  readonly streamOrder: StreamOrder;
  /** How much one key may protect; what RFC 9001 says if left out. */
  readonly keyLimits?: KeyPhasesOptions | undefined;
  /** A server: asks clients to stay where they are, and to open no path to where they met us. */
  readonly disableActiveMigration?: boolean | undefined;
  /** A server: where else clients should go after the handshake (RFC 9000, Section 9.6). */
  readonly preferredAddress?: PreferredAddresses | undefined;
  /** Gives connections their logs. */
  readonly qlog?: QlogFactory | undefined;
}

/** What applies to a server where an option was left out. */
export const DEFAULTS: TransportConfig = {
  maxIdleTimeout: 30_000,
  handshakeTimeout: 10_000,
  pathIdleTimeout: 15_000,
  keepAliveInterval: 0,
  connectionWindow: 1_572_864,
  maxConnectionWindow: 25_165_824,
  streamWindow: 1_048_576,
  maxStreamWindow: 16_777_216,
  maxBidirectionalStreams: 100,
  maxUnidirectionalStreams: 100,
  maxConcurrentPaths: 4,
  maxDatagramFrameSize: 65_535,
  maxDatagramSize: 8_952,
  activeIdLimit: 4,
  maxAckDelay: 25,
  timerLateness: 0,
  ackThreshold: 2,
  ackFrequency: 0,
  initialCongestionWindow: 10,
  initialRtt: 333,
  spinBit: false,
  congestionControl: cubic,
  scheduler: earliestCompletion,
  reinjection: stragglerCopies,
  streamOrder: roundRobinOrder,
};

/**
 * The same for a client. The client itself asks for the data that may lie unread, and a hundred
 * responses may begin before it reads the first. Several paths use up a window while its head is
 * still under way on the slowest of them, so windows are wide at once.
 */
export const CLIENT_DEFAULTS: TransportConfig = {
  ...DEFAULTS,
  connectionWindow: 6_291_456,
  maxConnectionWindow: 134_217_728,
  streamWindow: 4_194_304,
};
