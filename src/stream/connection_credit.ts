// The flow control of a connection as a whole, in both directions: data and numbers of streams.

import {
  DATA_BLOCKED,
  limitSize,
  MAX_DATA,
  MAX_STREAMS_BIDI,
  MAX_STREAMS_UNI,
  STREAMS_BLOCKED_BIDI,
  writeDataBlocked,
  writeMaxData,
  writeMaxStreams,
  writeStreamsBlocked,
} from "../frame/flow_control.ts";
import type { FrameOwner, FrameSink, SentFrame } from "../frame/sent_frame.ts";
import { MAX_UNREAD } from "../limits/limits.ts";
import { ReceiveLimit } from "./receive_limit.ts";
import { SendLimit } from "./send_limit.ts";
import { isUnidirectional } from "./stream_id.ts";

/** Kinds of streams, used as indices: both directions, or one. */
export const Kind = { Bidirectional: 0, Unidirectional: 1 } as const;
/** One of the values of {@linkcode Kind}. */
export type Kind = (typeof Kind)[keyof typeof Kind];

/** The kind of a stream. */
export function kindOf(id: number): Kind {
  return isUnidirectional(id) ? Kind.Unidirectional : Kind.Bidirectional;
}

/**
 * The share of the streams allowed at once that ends until the peer may open as many more. Each such
 * word asks for an acknowledgement: told one by one, they double the packets of small requests.
 */
const STREAM_PATIENCE = 1 / 16;

/** The credit that a connection gives to its peer, initially and at most. */
export interface CreditOptions {
  /** Streams with both directions that the peer may have open at once. */
  readonly maxBidirectionalStreams: number;
  /** Streams with one direction that the peer may have open at once. */
  readonly maxUnidirectionalStreams: number;
  /** Initial limit of unread bytes of all streams. */
  readonly connectionWindow: number;
  /** Upper bound of that limit when it grows by itself. */
  readonly maxConnectionWindow: number;
  /** The memory that is left for data of the peer. */
  readonly memory?: { readonly room: number };
}

/**
 * Limits of the connection as a whole, for each direction: data, and streams of both kinds.
 *
 * @internal
 */
export class ConnectionCredit implements FrameOwner {
  /** Credit for the data that we send. */
  readonly send: SendLimit = new SendLimit();
  /** Credit for the data that we receive. */
  readonly receive: ReceiveLimit;
  /** Credit for the streams that we open, by kind. */
  readonly sendStreams: readonly [SendLimit, SendLimit] = [new SendLimit(), new SendLimit()];
  /** Credit for the streams that the peer opens, by kind. */
  readonly receiveStreams: readonly [ReceiveLimit, ReceiveLimit];

  constructor(options: CreditOptions) {
    this.receive = new ReceiveLimit({
      window: options.connectionWindow,
      maxWindow: options.maxConnectionWindow,
      reserve: options.connectionWindow / 4,
      memory: options.memory,
      maxUnread: Math.max(options.connectionWindow, MAX_UNREAD),
    });
    const { maxBidirectionalStreams, maxUnidirectionalStreams } = options;
    this.receiveStreams = [
      new ReceiveLimit({ window: maxBidirectionalStreams, patience: STREAM_PATIENCE }),
      new ReceiveLimit({ window: maxUnidirectionalStreams, patience: STREAM_PATIENCE }),
    ];
  }

  /** Whether frames are waiting to be written. */
  get hasPending(): boolean {
    return this.receive.pending || this.send.blockedPending ||
      this.receiveStreams[0].pending || this.receiveStreams[1].pending ||
      this.sendStreams[0].blockedPending || this.sendStreams[1].blockedPending;
  }

  /** Writes the frames that are pending; returns whether none is left. */
  writeControlFrames(sink: FrameSink, now: number, rtt: number): boolean {
    if (!this.hasPending) return true;
    if (this.receive.pending) {
      if (!fits(sink)) return false;
      const limit = this.receive.raise(now, rtt);
      writeMaxData(sink.writer, limit);
      sink.record(this, MAX_DATA, limit, 0);
    }
    for (const kind of [Kind.Bidirectional, Kind.Unidirectional]) {
      if (!this.#writeMaxStreams(sink, kind, now)) return false;
      if (!this.#writeStreamsBlocked(sink, kind)) return false;
    }
    if (this.send.blockedPending) {
      if (!fits(sink)) return false;
      writeDataBlocked(sink.writer, this.send.limit);
      sink.record(this, DATA_BLOCKED, this.send.limit, 0);
      this.send.onBlockedTold();
    }
    return true;
  }

  onFrameAcked(_frame: SentFrame): void {
    // A limit that has arrived is not repeated.
  }

  onFrameLost(frame: SentFrame): void {
    switch (frame.kind) {
      case MAX_DATA:
        this.receive.onLost(frame.start);
        break;
      case MAX_STREAMS_BIDI:
      case MAX_STREAMS_UNI:
        this.receiveStreams[kindOfFrame(frame.kind)].onLost(frame.start);
        break;
      case DATA_BLOCKED:
        this.send.onBlockedLost(frame.start);
        break;
      default:
        this.sendStreams[kindOfFrame(frame.kind)].onBlockedLost(frame.start);
    }
  }

  #writeMaxStreams(sink: FrameSink, kind: Kind, now: number): boolean {
    const streams = this.receiveStreams[kind];
    if (!streams.pending) return true;
    if (!fits(sink)) return false;
    const limit = streams.raise(now, 0);
    writeMaxStreams(sink.writer, kind === Kind.Bidirectional, limit);
    sink.record(this, MAX_STREAMS_BIDI + kind, limit, 0);
    return true;
  }

  #writeStreamsBlocked(sink: FrameSink, kind: Kind): boolean {
    const streams = this.sendStreams[kind];
    if (!streams.blockedPending) return true;
    if (!fits(sink)) return false;
    writeStreamsBlocked(sink.writer, kind === Kind.Bidirectional, streams.limit);
    sink.record(this, STREAMS_BLOCKED_BIDI + kind, streams.limit, 0);
    streams.onBlockedTold();
    return true;
  }
}

function fits(sink: FrameSink): boolean {
  return sink.room >= limitSize(Number.MAX_SAFE_INTEGER);
}

function kindOfFrame(type: number): Kind {
  return type === MAX_STREAMS_BIDI || type === STREAMS_BLOCKED_BIDI
    ? Kind.Bidirectional
    : Kind.Unidirectional;
}
