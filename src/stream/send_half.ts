import { StreamError } from "../error/quic_error.ts";
import { FrameType } from "../frame/frame_type.ts";
import { streamLimitSize, writeStreamDataBlocked } from "../frame/flow_control.ts";
import type { FrameOwner, FrameSink, SentFrame } from "../frame/sent_frame.ts";
import { streamDataRoom, writeStreamHeader } from "../frame/stream.ts";
import { resetStreamSize, writeResetStream } from "../frame/stream_control.ts";
import type { StreamView } from "../scheduler/stream_order.ts";
import type { ControlWriter, HalfObserver } from "./half_observer.ts";
import { SendBuffer } from "./send_buffer.ts";
import { SendLimit } from "./send_limit.ts";

/** States of the sending part of a stream (RFC 9000, Section 3.1). */
export const SendState = {
  Ready: 0,
  Send: 1,
  DataSent: 2,
  DataReceived: 3,
  ResetSent: 4,
  ResetReceived: 5,
} as const;
/** One of the values of {@linkcode SendState}. */
export type SendState = (typeof SendState)[keyof typeof SendState];

/** How much may wait unsent before the application is asked to pause. */
const WRITE_AHEAD = 262_144;
/** Who has that much waiting unsent writes faster than we send, and goes on unless he ends. */
const GROWING = WRITE_AHEAD / 2;
/** Data are not cut into frames smaller than this just because a packet is nearly full. */
const SMALLEST_FRAGMENT = 32;

/** What happened to the FIN bit. */
const Fin = { None: 0, Pending: 1, InFlight: 2, Acknowledged: 3 } as const;
type Fin = (typeof Fin)[keyof typeof Fin];

/** The sending half of a stream: takes bytes from the application and writes STREAM frames. */
export class SendHalf implements FrameOwner, StreamView, ControlWriter {
  readonly id: number;
  /** Credit the peer gave to this stream. */
  readonly limit: SendLimit;
  /** See {@linkcode StreamView.turn}; the send queue sets it. */
  turn = -1;
  /** The peer's STOP_SENDING code; -1 if there was none. */
  stopCode = -1;
  /** The code we reset with; -1 if we did not. */
  resetCode = -1;
  readonly #buffer = new SendBuffer();
  readonly #observer: HalfObserver;
  #state: SendState = SendState.Ready;
  #fin: Fin = Fin.None;
  /** Copies of the FIN under way beyond the first. */
  #finCopies = 0;
  #resetPending = false;
  /** Whether the application waits until `isWritable`. */
  #awaited = false;
  #sendOrder = 0;
  #urgency = 3;
  #incremental = false;

  constructor(id: number, limit: number, observer: HalfObserver) {
    this.id = id;
    this.limit = new SendLimit(limit);
    this.#observer = observer;
  }

  /** Where the half stands. */
  get state(): SendState {
    return this.#state;
  }

  /** Whether everything was acknowledged, FIN included, or else our reset was. */
  get isDone(): boolean {
    return this.#state === SendState.DataReceived || this.#state === SendState.ResetReceived;
  }

  /** Whether the application should write on: little is waiting. */
  get isWritable(): boolean {
    return this.#state <= SendState.Send && this.#fin === Fin.None &&
      this.#buffer.bytesQueued < WRITE_AHEAD;
  }

  get bytesQueued(): number {
    return this.#buffer.bytesQueued;
  }

  get bytesLost(): number {
    return this.#buffer.bytesLost;
  }

  get credit(): number {
    return this.limit.room;
  }

  get growing(): boolean {
    return this.#fin === Fin.None && this.#buffer.bytesQueued >= GROWING;
  }

  /** Bytes written in all. */
  get bytesWritten(): number {
    return this.#buffer.end;
  }

  /** Everything before this offset was acknowledged. */
  get acknowledgedTo(): number {
    return this.#buffer.acknowledgedTo;
  }

  /** Memory taken, in bytes. */
  get bytesHeld(): number {
    return this.#buffer.bytesHeld;
  }

  get sendOrder(): number {
    return this.#sendOrder;
  }

  set sendOrder(value: number) {
    this.#sendOrder = value;
    this.#observer.onOrderChanged(this);
  }

  get urgency(): number {
    return this.#urgency;
  }

  set urgency(value: number) {
    this.#urgency = value;
    this.#observer.onOrderChanged(this);
  }

  get incremental(): boolean {
    return this.#incremental;
  }

  set incremental(value: boolean) {
    this.#incremental = value;
    this.#observer.onOrderChanged(this);
  }

  /** Whether there is something to send that needs no connection credit. */
  get hasCreditFree(): boolean {
    if (this.#state >= SendState.DataReceived) return false;
    return this.#buffer.bytesLost > 0 ||
      this.#fin === Fin.Pending && this.#buffer.bytesQueued === 0;
  }

  /** Whether there are fresh bytes that the stream's own credit allows. */
  get hasFresh(): boolean {
    return this.#state <= SendState.Send && this.#buffer.bytesQueued > 0 && this.limit.room > 0;
  }

  /**
   * Takes a copy of `data`. Nothing is refused for its size: who cares looks at `isWritable` and
   * waits for the "writable" event.
   */
  write(data: Uint8Array): void {
    if (this.resetCode >= 0) {
      throw new StreamError(this.resetCode, `Cannot write to stream ${this.id}: it was reset`);
    }
    if (this.#fin !== Fin.None) throw new TypeError(`Cannot write to stream ${this.id}: it ended`);
    if (data.length === 0) return;
    this.#buffer.write(data);
    this.#awaited = !this.isWritable;
    if (!this.hasFresh) this.#noteBlocked();
    this.#observer.onSendChanged(this);
  }

  /** Ends the stream behind what was written. */
  finish(): void {
    if (this.#fin !== Fin.None || this.#state > SendState.Send) return;
    this.#fin = Fin.Pending;
    this.#observer.onSendChanged(this);
  }

  /** Ends the stream at once with an application's code; what was not delivered is dropped. */
  reset(code: number): void {
    // RFC 9000, Section 3.1: nothing to reset once everything is known to have arrived.
    if (this.#state >= SendState.DataReceived) return;
    this.resetCode = code;
    this.#state = SendState.ResetSent;
    this.#buffer.discard();
    this.limit.blockedPending = false;
    this.#resetPending = true;
    this.#observer.onSendChanged(this);
    this.#observer.onControlPending(this);
  }

  /** The peer does not want more: RFC 9000, Section 3.5 asks for a reset with its code. */
  onStopSending(code: number): void {
    if (this.stopCode >= 0 || this.#state >= SendState.DataReceived) return;
    this.stopCode = code;
    this.reset(code);
    this.#observer.onWritable(this);
  }

  /** The peer allows this stream `limit` bytes. */
  onMaxStreamData(limit: number): void {
    if (this.limit.raise(limit)) this.#observer.onSendChanged(this);
  }

  /** 0-RTT was rejected: everything is sent again, within the limit the peer gives now. */
  restart(limit: number): void {
    this.limit.restart(limit);
    this.#finCopies = 0;
    if (this.#fin === Fin.InFlight) this.#fin = Fin.Pending;
    if (this.#state === SendState.DataSent) this.#state = SendState.Send;
    if (this.#state === SendState.ResetSent) {
      this.#resetPending = true;
      this.#observer.onControlPending(this);
    } else {
      this.#buffer.restart();
    }
    this.#observer.onSendChanged(this);
  }

  /**
   * Writes STREAM frames: what was lost first, then fresh bytes within both limits.
   *
   * @returns Whether anything was written.
   */
  writeFrames(sink: FrameSink, connection: SendLimit): boolean {
    const before = sink.writer.offset;
    this.writeControlFrames(sink);
    if (this.#state <= SendState.DataSent) {
      while (this.#writeLost(sink));
      if (this.#buffer.bytesLost === 0) this.#writeFresh(sink, connection);
    }
    if (sink.writer.offset === before) return false;
    this.#observer.onSendChanged(this);
    if (this.#awaited && this.isWritable) {
      this.#awaited = false;
      this.#observer.onWritable(this);
    }
    return true;
  }

  /**
   * Writes once more what of `start` to `end` is in flight, for another path.
   *
   * @returns Where the copy ends; `start` if no bytes fit or none of them is in flight.
   */
  writeCopy(sink: FrameSink, start: number, end: number): number {
    if (this.#state > SendState.DataSent) return start;
    let at = start;
    for (;;) {
      const range = at < end ? this.#buffer.nextInFlight(at, end - at) : undefined;
      if (!range || range[0] >= end) break;
      const length = this.#writeStream(sink, range[0], range[1] - range[0]);
      if (length < 0) return at;
      at = range[0] + length;
      this.#buffer.onCopied(range[0], at);
    }
    if (start === end && this.#fin === Fin.InFlight && end === this.#buffer.end) {
      this.#writeStream(sink, end, 0);
    }
    this.#observer.onSendChanged(this); // a FIN may have gone along
    return at;
  }

  /** The first range at or after `offset` that is in flight, for copies; of `limit` bytes at most. */
  nextInFlight(offset: number, limit: number): [start: number, end: number] | undefined {
    return this.#state > SendState.DataSent ? undefined : this.#buffer.nextInFlight(offset, limit);
  }

  writeControlFrames(sink: FrameSink): boolean {
    const { id, resetCode } = this;
    if (this.#resetPending) {
      const finalSize = this.limit.used; // RFC 9000, Section 4.5: the highest offset sent
      if (sink.room < resetStreamSize(id, resetCode, finalSize)) return false;
      writeResetStream(sink.writer, id, resetCode, finalSize);
      sink.record(this, FrameType.ResetStream, finalSize, 0);
      this.#resetPending = false;
    }
    if (this.limit.blockedPending) {
      const { limit } = this.limit;
      if (sink.room < streamLimitSize(id, limit)) return false;
      writeStreamDataBlocked(sink.writer, id, limit);
      sink.record(this, FrameType.StreamDataBlocked, limit, 0);
      this.limit.blockedPending = false;
    }
    return true;
  }

  onFrameAcked(frame: SentFrame): void {
    if (frame.kind === FrameType.ResetStream) {
      if (this.#state === SendState.ResetSent) this.#end(SendState.ResetReceived);
      return;
    }
    if (frame.kind === FrameType.StreamDataBlocked || this.#state > SendState.DataSent) return;
    this.#buffer.acknowledge(frame.start, frame.end);
    if (frame.kind === FIN_KIND) this.#fin = Fin.Acknowledged;
    if (this.#fin === Fin.Acknowledged && this.#buffer.isAllAcknowledged) {
      this.#end(SendState.DataReceived);
    } else {
      this.#observer.onSendChanged(this); // what arrived late is no longer lost
    }
  }

  onFrameLost(frame: SentFrame): void {
    if (frame.kind === FrameType.ResetStream) {
      if (this.#state !== SendState.ResetSent) return;
      this.#resetPending = true;
      this.#observer.onControlPending(this);
    } else if (frame.kind === FrameType.StreamDataBlocked) {
      if (this.#state === SendState.Send && this.limit.onBlockedLost(frame.start)) {
        this.#observer.onControlPending(this);
      }
    } else if (this.#state <= SendState.DataSent) {
      this.#buffer.markLost(frame.start, frame.end);
      if (frame.kind === FIN_KIND && this.#fin === Fin.InFlight) this.#loseFin();
      this.#observer.onSendChanged(this);
    }
  }

  #loseFin(): void {
    if (this.#finCopies > 0) this.#finCopies--;
    else this.#fin = Fin.Pending;
  }

  #end(state: SendState): void {
    this.#state = state;
    this.#buffer.discard();
    this.#observer.onSendChanged(this);
    this.#observer.onWritable(this);
    this.#observer.onHalfDone(this.id);
  }

  #noteBlocked(): void {
    if (this.#buffer.bytesQueued > 0 && this.limit.block()) this.#observer.onControlPending(this);
  }

  /** Writes one frame of the first lost range; returns whether to go on. */
  #writeLost(sink: FrameSink): boolean {
    const start = this.#buffer.lostStart;
    if (start < 0) return false;
    const length = this.#writeStream(sink, start, this.#buffer.lostEnd - start);
    if (length < 0) return false;
    this.#buffer.onSentAgain(start, start + length);
    return true;
  }

  #writeFresh(sink: FrameSink, connection: SendLimit): void {
    const { bytesQueued, sentEnd } = this.#buffer;
    const allowed = Math.min(bytesQueued, this.limit.room, connection.room);
    if (allowed > 0) {
      const length = this.#writeStream(sink, sentEnd, allowed);
      if (length < 0) return;
      this.#buffer.onSent(length);
      this.limit.use(length);
      connection.use(length);
    } else if (bytesQueued === 0 && this.#fin === Fin.Pending) {
      if (this.#writeStream(sink, sentEnd, 0) < 0) return;
    }
    if (this.#buffer.bytesQueued === 0) return;
    this.#noteBlocked();
    connection.block();
  }

  /**
   * Writes a STREAM frame with up to `wanted` bytes from `start` on, and FIN if it reaches the end.
   *
   * @returns How many bytes it carries; -1 if it did not fit.
   */
  #writeStream(sink: FrameSink, start: number, wanted: number): number {
    const { id } = this;
    const length = Math.min(wanted, streamDataRoom(id, start, sink.room));
    if (length < wanted && length < SMALLEST_FRAGMENT) return -1;
    const end = start + length;
    const fin = this.#fin !== Fin.None && end === this.#buffer.end;
    const { writer } = sink;
    writeStreamHeader(writer, id, start, length, fin);
    if (length > 0) this.#buffer.copyInto(writer.bytes, writer.reserve(length), start, length);
    if (this.#state === SendState.Ready) this.#state = SendState.Send;
    if (fin) this.#sendFin();
    sink.record(this, fin ? FIN_KIND : FrameType.Stream, start, end);
    return length;
  }

  #sendFin(): void {
    this.#state = SendState.DataSent; // whatever lies before was sent already
    if (this.#fin === Fin.InFlight) this.#finCopies++;
    else if (this.#fin === Fin.Pending) this.#fin = Fin.InFlight;
  }
}

/** The kind under which frames with FIN are recorded. */
const FIN_KIND = FrameType.Stream | 1;
