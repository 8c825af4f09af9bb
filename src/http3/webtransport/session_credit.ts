// Flow control of one session of WebTransport, in both directions.

import { StreamError } from "../../error/quic_error.ts";
import { SESSION_STREAMS, SESSION_WINDOW } from "../../limits/limits.ts";
import { later } from "../timer.ts";
import { varints } from "../wire/frame.ts";
import type { WebTransportSettings } from "../wire/settings.ts";
import { WtCapsule, WtErrorCode } from "../wire/web_transport.ts";
import { malformed } from "./close_info.ts";

/** Kinds of streams. */
export type StreamKind = "bidirectional" | "unidirectional";

/** What flow control says to the peer, and of it. */
export interface CreditEvents {
  /** Sends a capsule. */
  say(type: number, value: Uint8Array): void;
  /** The peer sent more than it may. */
  onExcess(error: StreamError): void;
}

/** More streams than this there cannot be. */
const MOST_STREAMS = 2 ** 60;
/** Milliseconds until the final size of a stream that was given up is looked for; they double. */
const FIRST_LOOK = 50;
const LAST_LOOK = 1_000;

/** What one limit of the peer allows us, and the callers that wait for more. */
class Allowance {
  #most: number;
  #used = 0;
  #hasGrown = false;
  #change = Promise.withResolvers<void>();

  constructor(most: number) {
    this.#most = most;
    this.#change.promise.catch(ignore);
  }

  get room(): number {
    return this.#most - this.#used;
  }

  get most(): number {
    return this.#most;
  }

  use(amount: number): void {
    this.#used += amount;
    if (amount < 0) this.#wake();
  }

  /** WebTransport, Sections 5.6.2 and 5.6.4: each limit is above the one before. */
  raise(most: number): void {
    const isMore = most > this.#most || most === this.#most && !this.#hasGrown;
    if (!isMore) throw flowControlError(`Cannot accept a limit of ${most} behind ${this.#most}`);
    this.#hasGrown = true;
    this.#most = most;
    this.#wake();
  }

  /** Resolves when there may be more; rejects when the session ends. */
  get changed(): Promise<void> {
    return this.#change.promise;
  }

  end(reason: unknown): void {
    this.#change.reject(reason);
  }

  #wake(): void {
    this.#change.resolve();
    this.#change = Promise.withResolvers();
    this.#change.promise.catch(ignore);
  }
}

/** What we allow the peer: a window that moves on with what was used up. */
class Grant {
  readonly #window: number;
  #most: number;
  #spent = 0;
  #freed = 0;

  constructor(window: number) {
    this.#window = window;
    this.#most = window;
  }

  /** The peer has used so much; whether it may. */
  spend(amount: number): boolean {
    this.#spent += amount;
    return this.#spent <= this.#most;
  }

  /** So much of it can be used again: a new limit, if it is worth while to say one. */
  free(amount: number): number | undefined {
    this.#freed += amount;
    if (this.#freed + this.#window - this.#most < this.#window / 2) return undefined;
    return this.#most = this.#freed + this.#window;
  }
}

/**
 * Credit for the data and the streams of a session (WebTransport, Section 5), so that none of those
 * that share a connection holds all there is (WebTransport, Section 8).
 */
export class SessionCredit {
  readonly #events: CreditEvents;
  readonly #data: Allowance;
  readonly #streams: Readonly<Record<StreamKind, Allowance>>;
  readonly #dataGrant = new Grant(SESSION_WINDOW);
  readonly #streamGrants = {
    bidirectional: new Grant(SESSION_STREAMS),
    unidirectional: new Grant(SESSION_STREAMS),
  };
  /** Streams that were given up before all of their data came: what they have used is not known. */
  readonly #unsettled = new Set<() => boolean>();
  #stopLooking: (() => void) | undefined;
  #isOver = false;

  /** @param theirs What the peer allows at first. */
  constructor(theirs: WebTransportSettings, events: CreditEvents) {
    this.#events = events;
    this.#data = new Allowance(theirs.maxData);
    this.#streams = {
      bidirectional: new Allowance(theirs.maxStreamsBidi),
      unidirectional: new Allowance(theirs.maxStreamsUni),
    };
  }

  /** Whether both ends want flow control (WebTransport, Section 5.1). */
  static isWanted({ maxData, maxStreamsBidi, maxStreamsUni }: WebTransportSettings): boolean {
    return maxData > 0 || maxStreamsBidi > 0 || maxStreamsUni > 0;
  }

  /**
   * Takes credit for a stream of ours.
   *
   * @param wait Whether to wait for it.
   * @throws {DOMException} QuotaExceededError, if there is none.
   */
  async openStream(kind: StreamKind, wait: boolean): Promise<void> {
    const allowance = this.#streams[kind];
    while (allowance.room < 1) {
      const isBoth = kind === "bidirectional";
      const type = isBoth ? WtCapsule.StreamsBlockedBidi : WtCapsule.StreamsBlockedUni;
      this.#events.say(type, varints(allowance.most));
      if (!wait) {
        throw new DOMException(
          "Cannot open a stream: the peer allows no more now; set waitUntilAvailable to wait",
          "QuotaExceededError",
        );
      }
      await allowance.changed;
    }
    allowance.use(1);
  }

  /** A stream that credit was taken for did not come about. */
  closeUnopened(kind: StreamKind): void {
    this.#streams[kind].use(-1);
  }

  /** Takes credit for data, at least one byte; tells for how many. */
  async takeData(wanted: number): Promise<number> {
    const allowance = this.#data;
    while (allowance.room < 1) {
      this.#events.say(WtCapsule.DataBlocked, varints(allowance.most));
      await allowance.changed;
    }
    const taken = Math.min(wanted, allowance.room);
    allowance.use(taken);
    return taken;
  }

  /** Data that credit was taken for were not sent: their stream was reset. */
  giveBack(bytes: number): void {
    if (bytes > 0) this.#data.use(-bytes);
  }

  /** The peer has opened a stream. */
  onStream(kind: StreamKind): void {
    if (this.#streamGrants[kind].spend(1)) return;
    this.#events.onExcess(flowControlError("Cannot accept more streams than were allowed"));
  }

  /** A stream of the peer's is done with. */
  onStreamDone(kind: StreamKind): void {
    const most = this.#streamGrants[kind].free(1);
    if (most === undefined || this.#isOver) return;
    const isBoth = kind === "bidirectional";
    this.#events.say(isBoth ? WtCapsule.MaxStreamsBidi : WtCapsule.MaxStreamsUni, varints(most));
  }

  /** The application has taken data of the peer's, or the peer has sent them in vain. */
  onData(bytes: number): void {
    if (!this.#dataGrant.spend(bytes)) {
      this.#events.onExcess(flowControlError("Cannot accept more data than were allowed"));
    }
    const most = this.#dataGrant.free(bytes);
    if (most !== undefined && !this.#isOver) this.#events.say(WtCapsule.MaxData, varints(most));
  }

  /**
   * A stream has ended before its data were read; they count all the same (WebTransport, Section
   * 5.4).
   *
   * @param finalSize Bytes of the stream; negative while that is not known.
   * @param counted Those that were counted, header included.
   */
  settle(finalSize: () => number | undefined, counted: number): void {
    const look = () => {
      const size = finalSize();
      if (size === undefined) return true; // the transport cannot tell
      if (size < 0) return false;
      if (size > counted) this.onData(size - counted);
      return true;
    };
    if (this.#isOver || look()) return;
    this.#unsettled.add(look);
    if (this.#unsettled.size === 1) this.#lookLater(FIRST_LOOK);
  }

  /**
   * Takes what the peer says of its limits. That it is blocked brings it nothing: limits are raised
   * as data and streams are used (WebTransport, Sections 5.6.3 and 5.6.5).
   *
   * @throws {StreamError} WT_FLOW_CONTROL_ERROR or H3_MESSAGE_ERROR.
   */
  onCapsule(type: number, value: Uint8Array): void {
    const limit = readLimit(value);
    const isOfStreams = type !== WtCapsule.MaxData && type !== WtCapsule.DataBlocked;
    if (isOfStreams && limit > MOST_STREAMS) {
      throw flowControlError(`Cannot accept a limit of ${limit} streams`);
    }
    if (type === WtCapsule.MaxData) this.#data.raise(limit);
    else if (type === WtCapsule.MaxStreamsBidi) this.#streams.bidirectional.raise(limit);
    else if (type === WtCapsule.MaxStreamsUni) this.#streams.unidirectional.raise(limit);
  }

  /** The session is over. */
  end(reason: unknown): void {
    this.#isOver = true;
    this.#stopLooking?.();
    this.#unsettled.clear();
    for (const allowance of [this.#data, ...Object.values(this.#streams)]) allowance.end(reason);
  }

  #lookLater(delay: number): void {
    this.#stopLooking = later(delay, () => {
      for (const look of this.#unsettled) if (look()) this.#unsettled.delete(look);
      if (this.#unsettled.size > 0) this.#lookLater(Math.min(LAST_LOOK, 2 * delay));
    });
  }
}

/** Types of capsules about credit. */
export const creditCapsules: ReadonlySet<number> = new Set([
  WtCapsule.MaxData,
  WtCapsule.MaxStreamsBidi,
  WtCapsule.MaxStreamsUni,
  WtCapsule.DataBlocked,
  WtCapsule.StreamsBlockedBidi,
  WtCapsule.StreamsBlockedUni,
]);

/** Bytes of the longest value of such a capsule. */
export const MAX_CREDIT_VALUE = 8;

function readLimit(value: Uint8Array): number {
  const [first = 0] = value;
  if (value.length === 0 || value.length !== 1 << (first >>> 6)) {
    throw malformed("Cannot read a limit that is no single number");
  }
  let limit = first & 0x3f;
  for (let i = 1; i < value.length; i++) limit = limit * 256 + value[i]!;
  return limit;
}

function flowControlError(message: string): StreamError {
  return new StreamError(WtErrorCode.FlowControlError, message);
}

function ignore(): void {}
