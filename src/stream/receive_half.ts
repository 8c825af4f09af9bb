// The receiving half of a stream.

import { ErrorCode } from "../error/error_code.ts";
import { TransportError } from "../error/quic_error.ts";
import { MAX_STREAM_DATA, streamLimitSize, writeMaxStreamData } from "../frame/flow_control.ts";
import type { FrameOwner, FrameSink, SentFrame } from "../frame/sent_frame.ts";
import { STOP_SENDING, stopSendingSize, writeStopSending } from "../frame/stream_control.ts";
import type { BufferMemory } from "./buffer_memory.ts";
import type { ControlWriter, ReceiveObserver } from "./half_observer.ts";
import { ReceiveBuffer } from "./receive_buffer.ts";
import { ReceiveLimit, type ReceiveLimitOptions } from "./receive_limit.ts";

/**
 * States of the receiving part of a stream (RFC 9000, Section 3.2).
 *
 * @internal
 */
export const ReceiveState = {
  Receive: 0,
  SizeKnown: 1,
  DataReceived: 2,
  DataRead: 3,
  ResetReceived: 4,
  ResetRead: 5,
} as const;
/**
 * One of the values of {@linkcode ReceiveState}.
 *
 * @internal
 */
export type ReceiveState = (typeof ReceiveState)[keyof typeof ReceiveState];

/** The receiving half of a stream: takes STREAM frames and hands bytes to the application. */
export class ReceiveHalf implements FrameOwner, ControlWriter {
  /** The ID of its stream. */
  readonly id: number;
  /** Credit we give to this stream. */
  readonly limit: ReceiveLimit;
  /** The code the peer reset with; -1 if it did not. */
  resetCode: number = -1;
  /** The code we asked the peer to stop with; -1 if we did not. */
  stopCode: number = -1;
  #isEarly = false;
  /** Where the stream ends; -1 while unknown. */
  finalSize: number = -1;
  readonly #buffer: ReceiveBuffer;
  readonly #connection: ReceiveLimit;
  readonly #observer: ReceiveObserver<ReceiveHalf>;
  #state: ReceiveState = ReceiveState.Receive;
  #isStopPending = false;
  /** The code of a reset that waits until `#reliableSize` bytes were read; -1 if there is none. */
  #announcedCode = -1;
  #reliableSize = Infinity;
  /** Whether the application is told when there is something: it took all there was. */
  #isArmed = true;

  /** @internal */
  constructor(
    id: number,
    limit: ReceiveLimitOptions,
    connection: ReceiveLimit,
    observer: ReceiveObserver<ReceiveHalf>,
    memory?: BufferMemory,
  ) {
    this.id = id;
    this.#buffer = new ReceiveBuffer(memory);
    this.limit = new ReceiveLimit(limit);
    this.#connection = connection;
    this.#observer = observer;
  }

  /**
   * Whether bytes came as 0-RTT data, which an attacker may have replayed (RFC 9001, Section 9.2).
   */
  get early(): boolean {
    return this.#isEarly;
  }

  /** Bytes came as 0-RTT data. */
  onEarly(): void {
    this.#isEarly = true;
  }

  /** Where the half stands. */
  get state(): ReceiveState {
    return this.#state;
  }

  /** Whether the application has taken all there will be: the data, or the reset. */
  get isFinished(): boolean {
    return this.#state === ReceiveState.DataRead || this.#state === ReceiveState.ResetRead;
  }

  /** Whether `read()` has something to give. */
  get isReadable(): boolean {
    return this.#buffer.readable > 0;
  }

  /** Bytes that `read()` could give now. */
  get bytesReadable(): number {
    return this.#buffer.readable;
  }

  /** Where bytes are missing before others, counted from 1; 0 if none are. */
  get gapMark(): number {
    return this.#buffer.rangesAhead > 0 ? this.#buffer.contiguousEnd + 1 : 0;
  }

  /** Memory taken, in bytes. */
  get bytesHeld(): number {
    return this.#buffer.bytesHeld;
  }

  /** A STREAM frame arrived; `data` is copied. */
  onData(offset: number, data: Uint8Array, fin: boolean): void {
    const end = offset + data.length;
    this.#checkSize(end, fin);
    if (this.#state >= ReceiveState.DataReceived) return;
    this.#charge(end);
    if (fin && this.finalSize < 0) {
      this.finalSize = end;
      this.#state = ReceiveState.SizeKnown;
      this.limit.close(); // RFC 9000, Section 3.2: no more credit is needed
    }
    if (this.stopCode >= 0) {
      this.#skipTo(this.limit.received);
      if (this.finalSize >= 0) this.#end(ReceiveState.DataRead);
      return;
    }
    this.#buffer.write(offset, data);
    this.#noteComplete();
    if (this.#buffer.readable > 0 || this.#state === ReceiveState.DataReceived) this.#notify();
  }

  /**
   * A RESET_STREAM frame arrived, or RESET_STREAM_AT.
   *
   * @param reliableSize Bytes that are delivered all the same; a second frame may lower it.
   */
  onReset(code: number, finalSize: number, reliableSize = 0): void {
    this.#checkSize(finalSize, true);
    // RFC 9000, Section 3.2: a reset after all data arrived may be ignored.
    if (this.#state >= ReceiveState.DataReceived) return;
    this.#charge(finalSize);
    this.finalSize = finalSize;
    this.#state = ReceiveState.SizeKnown;
    this.limit.close();
    this.#isStopPending = false;
    if (this.#announcedCode < 0) this.#announcedCode = code;
    this.#reliableSize = Math.min(this.#reliableSize, reliableSize);
    this.#resetIfDue();
  }

  /** The reset counts as soon as the application has taken what it was promised. */
  #resetIfDue(): void {
    if (this.#announcedCode < 0 || this.#state >= ReceiveState.DataReceived) return;
    if (this.#buffer.offset < this.#reliableSize && this.stopCode < 0) return;
    this.resetCode = this.#announcedCode;
    this.#skipTo(this.finalSize);
    this.#buffer.discard();
    if (this.stopCode >= 0) {
      this.#end(ReceiveState.ResetRead);
      return;
    }
    this.#state = ReceiveState.ResetReceived;
    this.#isArmed = true; // the application hears of a reset even if it has not read for a while
    this.#notify();
  }

  /** The peer reports that our limit blocks it. */
  onBlocked(limit: number): void {
    if (this.#state !== ReceiveState.Receive || this.stopCode >= 0) return;
    if (this.limit.onBlocked(limit)) this.#observer.onControlPending(this);
  }

  /**
   * Gives the next bytes in their order (RFC 9000, Section 2.2), at most `maxBytes`, in an array
   * of their own.
   *
   * @returns `undefined` if there are none now, or no more (`isFinished`), or the peer reset the
   * stream (`resetCode`).
   */
  read(maxBytes: number): Uint8Array<ArrayBuffer> | undefined {
    const data = this.#buffer.read(Math.min(maxBytes, this.#reliableSize - this.#buffer.offset));
    if (data) this.#consume(data.length);
    this.#resetIfDue();
    if (this.#state === ReceiveState.ResetReceived) {
      this.#end(ReceiveState.ResetRead);
    } else if (
      this.#state === ReceiveState.DataReceived && this.#buffer.offset === this.finalSize
    ) {
      this.#end(ReceiveState.DataRead);
    }
    this.#isArmed = this.#buffer.readable === 0;
    return data;
  }

  /** Asks the peer to stop sending; what has arrived or will arrive is thrown away. */
  stop(code: number): void {
    if (this.stopCode >= 0 || this.isFinished) return;
    this.stopCode = code;
    this.limit.close();
    this.#skipTo(this.limit.received);
    this.#buffer.discard();
    if (this.#state === ReceiveState.ResetReceived) return this.#end(ReceiveState.ResetRead);
    // RFC 9000, Section 4.4: credit is counted on until the final size is known. Then all of it
    // is settled: what is missing may come or not.
    if (this.finalSize >= 0) return this.#end(ReceiveState.DataRead);
    this.#isStopPending = true;
    this.#observer.onControlPending(this);
  }

  writeControlFrames(sink: FrameSink, now: number, rtt: number): boolean {
    const { id, stopCode } = this;
    if (this.#isStopPending) {
      if (sink.room < stopSendingSize(id, stopCode)) return false;
      writeStopSending(sink.writer, id, stopCode);
      sink.record(this, STOP_SENDING, 0, 0);
      this.#isStopPending = false;
    }
    if (this.limit.pending) {
      if (sink.room < streamLimitSize(id, Number.MAX_SAFE_INTEGER)) return false;
      const limit = this.limit.raise(now, rtt);
      writeMaxStreamData(sink.writer, id, limit);
      sink.record(this, MAX_STREAM_DATA, limit, 0);
      // One stream alone must be able to use its whole window, with room left for other streams.
      this.#connection.widen(1.5 * this.limit.window);
    }
    return true;
  }

  onFrameAcked(_frame: SentFrame): void {
    // Nothing waits for it: the peer's answers are STREAM and RESET_STREAM frames.
  }

  onFrameLost(frame: SentFrame): void {
    if (this.#state >= ReceiveState.DataReceived) return;
    if (frame.kind === STOP_SENDING) {
      this.#isStopPending = true;
      this.#observer.onControlPending(this);
    } else if (this.#state === ReceiveState.Receive && this.stopCode < 0) {
      if (this.limit.onLost(frame.start)) this.#observer.onControlPending(this);
    }
  }

  /** Compares the end of a frame with the final size (RFC 9000, Section 4.5). */
  #checkSize(end: number, final: boolean): void {
    const { finalSize, limit } = this;
    const wrong = finalSize >= 0
      ? end > finalSize || (final && end !== finalSize)
      : final && end < limit.received;
    if (!wrong) return;
    const size = finalSize >= 0 ? `the final size ${finalSize}` : `${limit.received} received`;
    throw new TransportError(
      ErrorCode.FinalSizeError,
      `Cannot accept stream ${this.id}: an end at ${end} contradicts ${size}`,
    );
  }

  /** Counts new bytes up to `end` against both limits (RFC 9000, Section 4.1). */
  #charge(end: number): void {
    const fresh = end - this.limit.received;
    if (fresh <= 0) return;
    const { limit } = this.limit;
    if (end > limit) throw this.#beyond(`${end} bytes exceed the limit of ${limit}`);
    if (!this.#connection.receive(fresh)) {
      throw this.#beyond(`all data exceed the connection's limit of ${this.#connection.limit}`);
    }
    this.limit.receive(fresh);
  }

  #beyond(reason: string): TransportError {
    return new TransportError(
      ErrorCode.FlowControlError,
      `Cannot accept stream ${this.id}: ${reason}`,
    );
  }

  /** Gives back the credit of bytes that the application took. */
  #consume(length: number): void {
    this.#connection.consume(length);
    if (this.#state !== ReceiveState.Receive) this.limit.skip(length);
    else if (this.limit.consume(length, this.#buffer.readable)) {
      this.#observer.onControlPending(this);
    }
  }

  /** Gives back the credit of bytes up to `offset` that the application will not read. */
  #skipTo(offset: number): void {
    const skipped = offset - this.limit.consumed;
    this.limit.skip(skipped);
    this.#connection.consume(skipped);
  }

  #noteComplete(): void {
    if (this.#announcedCode >= 0) return;
    if (this.#state === ReceiveState.SizeKnown && this.#buffer.contiguousEnd === this.finalSize) {
      this.#state = ReceiveState.DataReceived;
    }
  }

  #notify(): void {
    if (!this.#isArmed) return;
    this.#isArmed = false;
    this.#observer.onReadable(this);
  }

  #end(state: ReceiveState): void {
    this.#state = state;
    this.#isStopPending = false;
    this.limit.close();
    this.#buffer.discard();
    this.#observer.onHalfDone(this.id);
  }
}
