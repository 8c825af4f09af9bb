// The connection IDs that the peer issued for one path ID.

import { ErrorCode } from "../../error/error_code.ts";
import { TransportError } from "../../error/quic_error.ts";
import { RETIRE_CONNECTION_ID, writeRetireConnectionId } from "../../frame/connection_id.ts";
import type { FrameOwner, FrameSink, SentFrame } from "../../frame/sent_frame.ts";
import { MAX_RETIRED_REMEMBERED } from "../../limits/limits.ts";
import { ConnectionId } from "../../packet/connection_id.ts";
import { ResetToken } from "../../packet/reset_token.ts";

/** Hears which reset tokens of the peer count (RFC 9000, Section 10.3.1). */
export interface ResetWatch {
  /** An ID with this token is in use. */
  watch(token: ResetToken): void;
  /** The ID is gone, if it was ever in use. */
  unwatch(token: ResetToken): void;
}

/** An ID the peer issued. */
interface Entry {
  readonly sequence: number;
  readonly id: ConnectionId;
  /** Undefined where the peer gave none, as a client for its first ID. */
  resetToken: ResetToken | undefined;
}

/**
 * The connection IDs the peer issued for one path ID, by which we reach it. MPQUIC, Section 3.2.2:
 * a path changes among its own only.
 */
export class RemoteIds implements FrameOwner {
  /** Whether there is an ID to use. */
  usable = false;
  /** Whether frames wait. */
  pending = false;
  readonly #pathId: number;
  /** How many IDs we promised to keep (our active_connection_id_limit). */
  readonly #limit: number;
  readonly #resets: ResetWatch;
  /** A new array at every change: an array that grows takes room for sixteen. */
  #entries: readonly Entry[] = [];
  /** Sequence numbers whose retirement must be told. */
  readonly #retiring: number[] = [];
  /** How many retirements are told or to be told, and not acknowledged. */
  #unacknowledged = 0;
  /** All numbers below are retired. */
  #retiredBelow = 0;
  /** Numbers seen, for duplicates of what was retired one by one. */
  #retired: Set<number> | undefined;
  #current: Entry | undefined;
  /** Its bytes, once they have been asked for. */
  #currentBytes: Uint8Array | undefined;
  /** Set aside for a 4-tuple that is being tried. */
  #reserved: Entry | undefined;
  /** The one before, for the 4-tuple before. */
  #former: Entry | undefined;
  #isClosed = false;
  /** Whether packets leave with its IDs: a path is open on the path ID. */
  #isInUse = false;
  /** The path ID that frames carry, -1 while multipath is not agreed on. */
  #wireId = -1;

  constructor(pathId: number, limit: number, resets: ResetWatch) {
    this.#pathId = pathId;
    this.#limit = limit;
    this.#resets = resets;
  }

  /** A path is open on the path ID, and packets leave with its IDs. */
  begin(): void {
    this.#isInUse = true;
    this.#watch(this.#current);
  }

  /** From now on frames carry the path ID. */
  namePath(): void {
    this.#wireId = this.#pathId;
  }

  /** Whether there is, or was when the path was closed, an ID to put into packets. */
  get known(): boolean {
    return this.#current !== undefined;
  }

  /** The ID to put into packets. It stays the last one used when the path is closed. */
  get current(): Uint8Array {
    return this.#currentBytes ??= this.#current!.id.bytes;
  }

  /** Whether there is an ID not used before, for moving to another address. */
  get hasSpare(): boolean {
    return this.#spare() !== undefined;
  }

  /** The sequence number after the highest the peer issued. */
  get nextSequence(): number {
    return this.#highest + 1;
  }

  #highest = -1;

  /** Takes the ID the peer chose for itself in the handshake as number 0. */
  adopt(id: Uint8Array): void {
    const entry: Entry = { sequence: 0, id: new ConnectionId(id), resetToken: undefined };
    this.#entries = [entry];
    this.#highest = 0;
    this.#use(entry);
  }

  /** The server's token for number 0 comes with its transport parameters. */
  setResetToken(token: Uint8Array): void {
    const first = this.#entries.find((entry) => entry.sequence === 0);
    if (first === undefined) return;
    first.resetToken = new ResetToken(token);
    this.#watch(first);
  }

  /**
   * The peer issued an ID (RFC 9000, Section 19.15; MPQUIC, Section 4.4).
   *
   * @returns Whether it is new.
   * @throws {TransportError} If it contradicts another, or there are too many.
   */
  onNew(sequence: number, retirePriorTo: number, id: Uint8Array, token: Uint8Array): boolean {
    if (this.#isClosed) return false;
    if (this.#current?.id.length === 0) {
      // RFC 9000, Section 19.15: there can be none but the empty one.
      throw new TransportError(
        ErrorCode.ProtocolViolation,
        `Cannot accept connection ID ${sequence}: the peer's own is empty`,
      );
    }
    const known = this.#entries.find((entry) => entry.sequence === sequence);
    if (known !== undefined && !known.id.matches(id, 0, id.length)) {
      throw new TransportError(
        ErrorCode.ProtocolViolation,
        `Cannot accept connection ID ${sequence} of path ${this.#pathId}: it was issued before`,
      );
    }
    this.#highest = Math.max(this.#highest, sequence);
    // RFC 9000, Section 5.1.2: the old ones go before the new one is added.
    this.#retireBelow(retirePriorTo);
    if (known !== undefined || this.#retired?.has(sequence)) return false;
    if (sequence < this.#retiredBelow) {
      // RFC 9000, Section 19.15: it came too late and is retired at once.
      this.#retire(sequence);
      return false;
    }
    const entry = { sequence, id: new ConnectionId(id), resetToken: new ResetToken(token) };
    this.#entries = this.#entries.concat(entry);
    if (this.#entries.length > this.#limit) throw tooMany(this.#pathId);
    if (this.#current === undefined) this.#use(this.#spare());
    return true;
  }

  #use(entry: Entry | undefined): void {
    this.#current = entry;
    this.#currentBytes = undefined;
    this.usable = entry !== undefined && !this.#isClosed;
    this.#watch(entry);
  }

  #watch(entry: Entry | undefined): void {
    // RFC 9000, Section 10.3.1: no token counts of an ID that was never used.
    if (this.#isInUse && entry?.resetToken !== undefined) this.#resets.watch(entry.resetToken);
  }

  #unwatch(entry: Entry | undefined): void {
    if (entry?.resetToken !== undefined) this.#resets.unwatch(entry.resetToken);
  }

  #retireBelow(limit: number): void {
    if (limit <= this.#retiredBelow) return;
    this.#retiredBelow = limit;
    const entries = this.#entries;
    this.#entries = entries.filter((entry) => entry.sequence >= limit);
    for (const entry of entries.toReversed()) {
      if (entry.sequence >= limit) continue;
      this.#unwatch(entry);
      this.#retire(entry.sequence);
      if (entry === this.#current) this.#use(undefined);
      if (entry === this.#reserved) this.#reserved = undefined;
      if (entry === this.#former) this.#former = undefined;
    }
    const retired = this.#retired;
    for (const sequence of retired ?? []) if (sequence < limit - 64) retired!.delete(sequence);
    if (this.#current === undefined) this.#use(this.#spare());
  }

  #retire(sequence: number): void {
    const retired = this.#retired ??= new Set();
    if (retired.has(sequence)) return;
    retired.add(sequence);
    // Late duplicates of older ones are retired once more, which does no harm.
    if (retired.size > MAX_RETIRED_REMEMBERED) retired.delete(retired.values().next().value!);
    this.#retiring.push(sequence);
    this.pending = true;
    this.#unacknowledged++;
    // A peer that makes us retire without end while it withholds acknowledgements.
    if (this.#unacknowledged > 3 * this.#limit) throw tooMany(this.#pathId);
  }

  /**
   * Changes to an ID not used before, as a change of address demands (RFC 9000, Section 9.5). The
   * present one is retired by {@linkcode dropFormer}, or at once.
   *
   * @param isKept Whether the 4-tuple of the present one may be returned to.
   * @returns Whether there was one.
   */
  rotate(isKept = true): boolean {
    const spare = this.#spare();
    if (spare === undefined) return false;
    this.#changeTo(spare, isKept);
    return true;
  }

  #spare(): Entry | undefined {
    return this.#entries.find((entry) =>
      entry !== this.#current && entry !== this.#reserved && entry !== this.#former
    );
  }

  /** Sets an ID aside for a 4-tuple that is being tried, unless one is; returns whether one is. */
  reserve(): boolean {
    if (this.#reserved === undefined) this.#watch(this.#reserved = this.#spare());
    return this.#reserved !== undefined;
  }

  /** The ID that was set aside. */
  get reserved(): Uint8Array | undefined {
    return this.#reserved?.id.bytes;
  }

  /**
   * The 4-tuple that was tried is in use, and so is its ID.
   *
   * @param isKept Whether the 4-tuple before may be returned to.
   */
  useReserved(isKept = true): boolean {
    const reserved = this.#reserved;
    if (reserved === undefined) return false;
    this.#reserved = undefined;
    this.#changeTo(reserved, isKept);
    return true;
  }

  #changeTo(next: Entry, isKept: boolean): void {
    const before = this.#current;
    // What is returned to is further back, and has the ID from then.
    const isPassed = !isKept && this.#former !== undefined;
    if (!isPassed) {
      this.dropFormer();
      this.#former = before;
    }
    this.#use(next);
    if (isPassed && before !== undefined) this.#remove(before);
  }

  /** The 4-tuple before is in use again, and so is its ID; the one since then is retired. */
  useFormer(): void {
    const former = this.#former;
    if (former === undefined) return;
    const failed = this.#current;
    this.#former = undefined;
    this.#use(former);
    if (failed !== undefined) this.#remove(failed);
  }

  /** The ID that was in use on the 4-tuple before. */
  get former(): Uint8Array | undefined {
    return this.#former?.id.bytes;
  }

  /** The 4-tuple before is of no interest any more: its ID is retired. */
  dropFormer(): void {
    const former = this.#former;
    this.#former = undefined;
    if (former !== undefined) this.#remove(former);
  }

  /** The 4-tuple that was tried is of no use, and so is the ID that was seen there. */
  dropReserved(): void {
    const reserved = this.#reserved;
    this.#reserved = undefined;
    if (reserved !== undefined) this.#remove(reserved);
  }

  #remove(entry: Entry): void {
    this.#entries = this.#entries.filter((other) => other !== entry);
    this.#unwatch(entry);
    this.#retire(entry.sequence);
  }

  /** MPQUIC, Section 3.4: with PATH_ABANDON all count as retired, without a frame for each. */
  close(): void {
    this.#isClosed = true;
    for (const entry of [this.#current, this.#reserved, this.#former]) this.#unwatch(entry);
    this.usable = false;
    this.#reserved = this.#former = undefined;
    this.#entries = [];
    this.#retiring.length = 0;
    this.pending = false;
  }

  /** Whether these bytes are the token of an ID in use (RFC 9000, Section 10.3.1). */
  isResetToken(token: Uint8Array): boolean {
    if (this.#isClosed || !this.#isInUse) return false;
    let found = false;
    // RFC 9000, Section 10.3.1: no token of an ID that was never used, or is retired.
    for (const entry of [this.#current, this.#reserved, this.#former]) {
      if (entry?.resetToken?.matches(token)) found = true;
    }
    return found;
  }

  /** Whether the peer issued these bytes as an ID of this path, and which number they have. */
  sequenceOf(id: Uint8Array): number {
    return this.#entries.find((entry) => entry.id.matches(id, 0, id.length))?.sequence ?? -1;
  }

  /** Writes RETIRE_CONNECTION_ID or PATH_RETIRE_CONNECTION_ID frames, as many as fit. */
  writeFrames(sink: FrameSink): void {
    while (this.#retiring.length > 0 && sink.room >= 4 + 8 + 8) {
      const sequence = this.#retiring.shift()!;
      writeRetireConnectionId(sink.writer, this.#wireId, sequence);
      sink.record(this, RETIRE_CONNECTION_ID, sequence, 0);
    }
    this.pending = this.#retiring.length > 0;
  }

  onFrameAcked(_frame: SentFrame): void {
    if (this.#unacknowledged > 0) this.#unacknowledged--;
  }

  onFrameLost(frame: SentFrame): void {
    if (this.#isClosed || this.#retiring.includes(frame.start)) return;
    this.#retiring.push(frame.start);
    this.pending = true;
  }
}

function tooMany(pathId: number): TransportError {
  return new TransportError(
    ErrorCode.ConnectionIdLimitError,
    `Cannot keep another connection ID of path ${pathId}: the limit is reached`,
  );
}
