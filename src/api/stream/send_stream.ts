// The sending side of a stream, as a web stream.

import { StreamError } from "../../error/quic_error.ts";
import type { SendHalf } from "../../stream/send_half.ts";
import { SendState } from "../../stream/send_state.ts";
import type { Path as CorePath } from "../../path/path.ts";
import type { Path } from "../path/path.ts";
import { codeOf } from "./stream_code.ts";

/** Bytes; chunks up to this size are accepted at once, larger ones in pieces as there is room. */
const SMALL = 4_096;

/**
 * Settings of a stream that is about to be opened, or of its sending half.
 *
 * @category Streams and datagrams
 */
export interface SendStreamOptions {
  /**
   * Streams with a higher number are sent first.
   *
   * @default {0}
   */
  sendOrder?: number;
  /**
   * Waits until the peer allows one more stream, rather than failing.
   *
   * @default {false}
   */
  waitUntilAvailable?: boolean;
  /**
   * Urgency from 0 (most) to 7, for orders such as `urgencyOrder` (RFC 9218).
   *
   * @default {3}
   */
  urgency?: number;
  /**
   * Whether parts are of use to the peer before the whole is there (RFC 9218).
   *
   * @default {false}
   */
  incremental?: boolean;
  /**
   * A stream of the same connection that goes before this one, for orders such as
   * `strictPriorityOrder`.
   *
   * @default {undefined}
   */
  dependsOn?: SendStream;
  /**
   * The path that the stream's data leave on, even if it is a backup; what the scheduler says does
   * not count then. While the path is suspect, and when it is closed, they go where others go.
   *
   * @default {undefined}
   */
  path?: Path;
}

/**
 * The sending half of a stream.
 *
 * Writing waits while much is queued. `close()` resolves when the peer has acknowledged everything.
 * `abort(new StreamError(code, message))` resets the stream with that code; when the peer does not
 * want more, writing fails with a `StreamError` that has its code.
 *
 * @example Send a line and wait until it has arrived
 * ```ts ignore
 * const stream = await connection.createUnidirectionalStream();
 * const writer = stream.getWriter();
 * await writer.write(new TextEncoder().encode("hello\n"));
 * await writer.close();
 * ```
 *
 * @category Streams and datagrams
 */
export interface SendStream extends WritableStream<Uint8Array<ArrayBufferLike>> {
  /** The stream's ID, unique within the connection. */
  readonly id: bigint;
  /** Streams with a higher number are sent first. */
  sendOrder: number;
  /** Urgency from 0 (most) to 7, for orders such as `urgencyOrder`. */
  urgency: number;
  /** Whether parts are of use to the peer before the whole is there. */
  incremental: boolean;
  /**
   * Bytes that you are still to write, if you know: set it once, and it counts down. Then the
   * scheduler plans for the end of the stream, however much of it waits in your hands. Nothing else
   * depends on its being right. Setting it throws a `RangeError` if the number is negative.
   */
  bytesToCome: number;
  /**
   * The stream that goes before this one, for orders such as `strictPriorityOrder`. When that is
   * done, this one depends on what it depended on. Setting it throws a `RangeError` if that stream
   * depends on this one.
   */
  dependsOn: SendStream | undefined;
  /**
   * The path that the stream's data leave on, as long as it works; undefined to leave that to the
   * scheduler. Setting it throws a `PathError` if the path is closed, or another connection's.
   */
  path: Path | undefined;
  /**
   * Resets the stream, and delivers its first bytes all the same (reliable stream reset). A peer
   * that does not understand this gets an ordinary reset.
   *
   * @param code The code that the peer reads.
   * @param reliableSize Bytes, of those written, that the peer can count on.
   * @throws {RangeError} If one of them is no whole number from 0 to 2^53 - 1.
   * @example Withdraw a file, but not its header
   * ```ts ignore
   * await writer.write(header);
   * await writer.write(part);
   * stream.resetAt(7, header.length);
   * ```
   */
  resetAt(code: number, reliableSize: number): void;
}

/** What a stream asks of its connection. */
export interface StreamOwner {
  /** Says that there is something to send. */
  wake(): void;
  /** The core's path behind one of the connection's; throws if there is none. */
  corePath(path: Path): CorePath;
  /** The path over the core's one, while it is open. */
  publicPath(core: CorePath): Path | undefined;
}

/** Finds a stream that is not over by its ID. */
export type FindSendStream = (id: number) => SendStream | undefined;

/**
 * A `SendStream` over the core's sending half. No weak map leads from the half to the stream: the
 * collector would keep both, with all that they refer to, until it looks at the whole heap.
 */
export class ApiSendStream extends WritableStream<Uint8Array<ArrayBufferLike>>
  implements SendStream {
  readonly #half: SendHalf;
  readonly #sink: SendSink;
  readonly #owner: StreamOwner;
  readonly #find: FindSendStream;

  /** @param find Finds the other streams of the connection. */
  constructor(half: SendHalf, sink: SendSink, owner: StreamOwner, find: FindSendStream) {
    super(sink, { highWaterMark: 1 });
    this.#half = half;
    this.#sink = sink;
    this.#owner = owner;
    this.#find = find;
  }

  get id(): bigint {
    return BigInt(this.#half.id);
  }

  get sendOrder(): number {
    return this.#half.sendOrder;
  }

  set sendOrder(value: number) {
    this.#half.sendOrder = value;
    this.#owner.wake();
  }

  get urgency(): number {
    return this.#half.urgency;
  }

  set urgency(value: number) {
    this.#half.urgency = value;
    this.#owner.wake();
  }

  get incremental(): boolean {
    return this.#half.incremental;
  }

  set incremental(value: boolean) {
    this.#half.incremental = value;
    this.#owner.wake();
  }

  get bytesToCome(): number {
    return this.#half.bytesToCome;
  }

  set bytesToCome(value: number) {
    if (!(value >= 0)) {
      throw new RangeError(
        `Cannot expect ${value} bytes on stream ${this.id}: it must be 0 or more`,
      );
    }
    this.#half.bytesToCome = value;
  }

  get dependsOn(): SendStream | undefined {
    const other = this.#half.dependsOn;
    return other && this.#find(other.id);
  }

  set dependsOn(other: SendStream | undefined) {
    const half = other && ApiSendStream.halfOf(other, this.#owner);
    // A finished stream no longer precedes any other.
    this.#half.dependsOn = half?.isDone ? undefined : half;
    this.#owner.wake();
  }

  /**
   * The core's sending half behind a stream.
   *
   * @throws {TypeError} If it is not one of this connection.
   */
  static halfOf(stream: SendStream, owner: StreamOwner): SendHalf {
    if (#half in stream && stream.#owner === owner) return stream.#half;
    throw new TypeError("Cannot depend on a stream of another connection");
  }

  /**
   * Keeps room for what is written next, and copied then before `write()` returns.
   *
   * @param most Bytes that would be written.
   * @returns How many may be.
   */
  reserve(most: number): number {
    return this.#half.room.reserve(most);
  }

  /** Bytes that have left, repetitions aside. */
  get bytesSent(): number {
    return this.#half.limit.used;
  }

  get path(): Path | undefined {
    const core = this.#half.bound as CorePath | undefined;
    return core && this.#owner.publicPath(core);
  }

  set path(path: Path | undefined) {
    this.#half.bound = path && this.#owner.corePath(path);
    this.#owner.wake();
  }

  resetAt(code: number, reliableSize: number): void {
    for (const value of [code, reliableSize]) {
      if (Number.isSafeInteger(value) && value >= 0) continue;
      throw new RangeError(
        `Cannot reset stream ${this.id}: ${value} is no whole number from 0 to 2^53 - 1`,
      );
    }
    this.#sink.resetAt(code, reliableSize);
  }
}

/** Carries what is written to the core, and the core's news back. */
export class SendSink implements UnderlyingSink<Uint8Array<ArrayBufferLike>> {
  readonly #half: SendHalf;
  readonly #wake: () => void;
  #controller: WritableStreamDefaultController | undefined = undefined;
  /** Resolves when something changed; there is at most one write or close at a time. */
  #change: PromiseWithResolvers<void> | undefined;
  #error: Error | undefined;
  #hearsAbort = false;

  /** @param wake Says that there is something to send. */
  constructor(half: SendHalf, wake: () => void) {
    this.#half = half;
    this.#wake = wake;
  }

  start(controller: WritableStreamDefaultController): void {
    this.#controller = controller;
  }

  write(chunk: Uint8Array<ArrayBufferLike>): void | Promise<void> {
    this.#checkOpen();
    if (!(chunk instanceof Uint8Array)) throw this.#refuse("only Uint8Array chunks can be sent");
    const most = Math.max(SMALL, this.#half.room.release(), this.#half.room.bytes);
    if (chunk.length > most) return this.#writePieces(chunk);
    this.#half.write(chunk);
    this.#wake();
    if (!this.#half.isWritable) return this.#untilWritable();
  }

  async close(): Promise<void> {
    this.#checkOpen();
    this.#half.finish();
    this.#wake();
    while (!this.#half.isDone) await this.#changed();
    if (this.#half.state !== SendState.DataReceived) throw this.#resetError();
  }

  abort(reason: unknown): void {
    this.#half.reset(codeOf(reason));
    this.#wake();
    this.#signal();
  }

  /** Resets the stream behind its first bytes; nothing more can be written. */
  resetAt(code: number, reliableSize: number): void {
    this.#half.resetAt(code, reliableSize);
    this.#wake();
    if (this.#half.resetCode >= 0) this.fail(this.#resetError());
  }

  /** The half can take more, came to its end, or the peer does not want it any more. */
  onWritable(): void {
    if (this.#half.stopCode >= 0) this.fail(this.#resetError());
    else this.#signal();
  }

  /** Nothing can be sent any more: the peer does not want it, or the connection is gone. */
  fail(error: Error): void {
    if (this.#error || this.#half.state === SendState.DataReceived) return this.#signal();
    this.#error = error;
    this.#controller?.error(error);
    this.#change?.reject(error);
    this.#change = undefined;
  }

  async #writePieces(chunk: Uint8Array<ArrayBufferLike>): Promise<void> {
    const { length } = chunk;
    for (let at = 0; at < length;) {
      if (!this.#half.isWritable) await this.#untilWritable();
      this.#checkOpen();
      if (chunk.length !== length) throw this.#refuse("the chunk changed while it was written");
      const piece = chunk.subarray(at, at + this.#half.room.bytes);
      this.#half.write(piece);
      at += piece.length;
      this.#wake();
    }
    if (!this.#half.isWritable) await this.#untilWritable();
  }

  /** The web stream breaks by a chunk that cannot be sent: the peer is told, and waits no longer. */
  #refuse(why: string): TypeError {
    this.abort(undefined);
    return new TypeError(`Cannot write to a stream: ${why}`);
  }

  async #untilWritable(): Promise<void> {
    while (!this.#half.isWritable) {
      this.#checkOpen();
      await this.#changed();
    }
  }

  #changed(): Promise<void> {
    if (!this.#hearsAbort) this.#hearAbort();
    this.#change ??= Promise.withResolvers<void>();
    return this.#change.promise;
  }

  /** A write that waits ends before `abort` is called: it must not wait for the peer. */
  #hearAbort(): void {
    this.#hearsAbort = true;
    const { signal } = this.#controller!;
    signal.addEventListener("abort", () => this.abort(signal.reason), { once: true });
  }

  #signal(): void {
    this.#change?.resolve();
    this.#change = undefined;
  }

  #checkOpen(): void {
    if (this.#error) throw this.#error;
    if (this.#half.resetCode >= 0) throw this.#resetError();
  }

  #resetError(): StreamError {
    const { id, stopCode, resetCode } = this.#half;
    return stopCode >= 0
      ? new StreamError(stopCode, `Cannot write to stream ${id}: the peer does not want more`)
      : new StreamError(resetCode, `Cannot write to stream ${id}: it was reset`);
  }
}
