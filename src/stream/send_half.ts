// The sending half of a stream.

import { StreamError } from "../error/quic_error.ts";
import { RESET_STREAM, RESET_STREAM_AT } from "../frame/stream_control.ts";
import {
  STREAM_DATA_BLOCKED,
  streamLimitSize,
  writeStreamDataBlocked,
} from "../frame/flow_control.ts";
import type { FrameOwner, FrameSink, SentFrame } from "../frame/sent_frame.ts";
import { STREAM, streamDataRoom, writeStreamHeader } from "../frame/stream.ts";
import type { BufferMemory } from "./buffer_memory.ts";
import type { ControlWriter, SendObserver } from "./half_observer.ts";
import { Fin, FIN_KIND, FinBit } from "./fin_bit.ts";
import { SendBuffer } from "./send_buffer.ts";
import { SendLimit } from "./send_limit.ts";
import { SendState } from "./send_state.ts";
import { StreamRank } from "./stream_rank.ts";
import { StreamReset } from "./stream_reset.ts";
import { WriteAhead, WriteRoom } from "./write_ahead.ts";

/** Bytes; shorter STREAM frames are not written just because a packet is nearly full. */
const SMALLEST_FRAGMENT = 32;

/** The sending half of a stream: takes bytes from the application and writes STREAM frames. */
export class SendHalf extends StreamRank implements FrameOwner, ControlWriter {
  /** @internal */ readonly id: number;
  /** Credit the peer gave to this stream. */
  readonly limit: SendLimit;
  /** How far the application may write ahead. */
  readonly room: WriteRoom;
  /** The peer's STOP_SENDING code; -1 if there was none. */
  stopCode: number = -1;
  readonly #buffer: SendBuffer;
  readonly #observer: SendObserver<SendHalf>;
  #state: SendState = SendState.Ready;
  readonly #fin = new FinBit();
  readonly #reset = new StreamReset();

  /** @internal */ constructor(
    id: number,
    limit: number,
    observer: SendObserver<SendHalf>,
    memory?: BufferMemory,
    ahead: WriteAhead = new WriteAhead(memory),
  ) {
    super();
    this.id = id;
    this.#buffer = new SendBuffer(memory);
    this.room = new WriteRoom(ahead, limit);
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

  /** The code we reset with; -1 if we did not. */
  get resetCode(): number {
    return this.#reset.code;
  }

  /** Whether the application should write more: little is waiting. If not, an event follows. */
  get isWritable(): boolean {
    this.room.await(this.#isOpen && !this.room.isEnough);
    return this.#isOpen && !this.room.isAwaited;
  }

  get #isOpen(): boolean {
    return this.#state <= SendState.Send && this.#fin.state === Fin.None && this.#reset.code < 0;
  }

  /** Bytes sent at least once. */
  get bytesSent(): number {
    return this.#buffer.sentEnd;
  }

  /** Bytes that wait to be sent for the first time. */
  get bytesQueued(): number {
    return this.#buffer.bytesQueued;
  }

  /** @internal */ get bytesLost(): number {
    return this.#buffer.bytesLost;
  }

  /** Bytes that the peer still allows. */
  get credit(): number {
    return this.limit.room;
  }

  /** @internal */ get growing(): boolean {
    if (this.isAsAnnounced || this.#fin.state !== Fin.None) return false;
    return this.room.isUsed;
  }

  /** Everything before this offset was acknowledged. */
  get acknowledgedTo(): number {
    return this.#buffer.acknowledgedTo;
  }

  /** Memory taken, in bytes. */
  get bytesHeld(): number {
    return this.#buffer.bytesHeld;
  }

  /** @internal */ protected override onRankChanged(): void {
    this.#observer.onOrderChanged(this);
  }

  /** Whether there is something to send that needs no connection credit. */
  get hasCreditFree(): boolean {
    if (this.#state >= SendState.DataReceived) return false;
    return this.#buffer.bytesLost > 0 ||
      this.#fin.state === Fin.Pending && this.#buffer.bytesQueued === 0;
  }

  /** Whether there are fresh bytes that the stream's own credit allows. */
  get hasFresh(): boolean {
    return this.#state <= SendState.Send && this.#buffer.bytesQueued > 0 && this.limit.room > 0;
  }

  /** Takes a copy of `data`, of any size. An application that waits looks at `isWritable`. */
  write(data: Uint8Array): void {
    if (this.resetCode >= 0) {
      throw new StreamError(this.resetCode, `Cannot write to stream ${this.id}: it was reset`);
    }
    if (this.#fin.state !== Fin.None) {
      throw new TypeError(`Cannot write to stream ${this.id}: it ended`);
    }
    if (data.length === 0) return;
    this.#buffer.write(data);
    this.room.release();
    this.room.update(this.#buffer.bytesQueued, this.limit.room);
    this.room.await(!this.room.isEnough);
    if (!this.hasFresh) this.#noteBlocked();
    this.#changed();
  }

  /** Ends the stream behind what was written. */
  finish(): void {
    const ended = this.#fin.state !== Fin.None || this.resetCode >= 0;
    if (ended || this.#state > SendState.Send) return;
    this.#fin.request();
    this.#changed();
  }

  /**
   * Ends the stream at once with a code of the application (RFC 9000, Section 11.2). Data that were
   * not delivered are dropped.
   */
  reset(code: number): void {
    // RFC 9000, Section 3.1: nothing to reset once everything is known to have arrived.
    if (this.#state >= SendState.DataReceived) return;
    // A reset that was announced already keeps its code, and promises less from now on.
    this.#reset.begin(code, 0);
    this.#state = SendState.ResetSent;
    this.#buffer.discard();
    this.limit.onBlockedTold();
    this.#reset.request();
    this.#changed();
    this.#observer.onControlPending(this);
  }

  /**
   * Ends the stream with a code behind its first bytes, which still arrive (reliable stream reset).
   * A peer that does not understand it gets an ordinary reset.
   */
  resetAt(code: number, reliableSize: number): void {
    if (this.#state >= SendState.DataReceived || this.resetCode >= 0) return;
    const size = Math.min(reliableSize, this.#buffer.end);
    if (size <= this.#buffer.acknowledgedTo || !this.#observer.takesResetAt) {
      return this.reset(code);
    }
    this.#reset.begin(code, size);
    this.#buffer.cut(size);
    this.#fin.cancel();
    this.#announceReset();
    this.#changed();
  }

  /** The final size must be within the peer's limits: all that is promised was sent once. */
  #announceReset(): void {
    if (!this.#reset.isPromise || this.#buffer.bytesQueued > 0) return;
    this.#reset.request();
    this.#observer.onControlPending(this);
  }

  #endReset(): void {
    const isThere = this.#buffer.acknowledgedTo >= this.#reset.reliableSize;
    if (this.#reset.isKnown && isThere) this.#end(SendState.ResetReceived);
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
    if (this.limit.raise(limit)) this.#changed();
  }

  /** 0-RTT was rejected: everything is sent again, within the limit the peer gives now. */
  restart(limit: number): void {
    this.limit.restart(limit);
    this.#fin.restart();
    if (this.#state === SendState.DataSent) this.#state = SendState.Send;
    if (this.#state === SendState.ResetSent) {
      this.#reset.request();
      this.#observer.onControlPending(this);
    } else {
      this.#buffer.restart();
    }
    this.#changed();
  }

  /**
   * Writes STREAM frames: what was lost first, then fresh bytes within both limits.
   *
   * @returns Whether anything was written.
   */
  writeFrames(sink: FrameSink, connection: SendLimit): boolean {
    const before = sink.writer.offset;
    this.writeControlFrames(sink);
    // RFC 9000, Section 3.3: after a reset no data leave any more.
    if (this.#state <= SendState.DataSent) {
      while (this.#writeLost(sink));
      if (this.#buffer.bytesLost === 0) this.#writeFresh(sink, connection);
    }
    if (sink.writer.offset === before) return false;
    if (this.#reset.reliableSize > 0 && this.#state <= SendState.Send) this.#announceReset();
    this.#changed();
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
    if (start === end && this.#fin.state === Fin.InFlight && end === this.#buffer.end) {
      this.#writeStream(sink, end, 0);
    }
    this.#changed(); // a FIN may have gone along
    return at;
  }

  /** Whether something of `start` to `end` is in flight, and nothing of it more often than once. */
  isInFlightOnce(start: number, end: number): boolean {
    return this.#state <= SendState.DataSent && this.#buffer.isInFlightOnce(start, end);
  }

  writeControlFrames(sink: FrameSink): boolean {
    const { id } = this;
    if (this.#reset.pending && !this.#reset.write(sink, this, id, this.limit.used)) return false;
    if (this.limit.blockedPending) {
      const { limit } = this.limit;
      if (sink.room < streamLimitSize(id, limit)) return false;
      writeStreamDataBlocked(sink.writer, id, limit);
      sink.record(this, STREAM_DATA_BLOCKED, limit, 0);
      this.limit.onBlockedTold();
    }
    return true;
  }

  onFrameAcked(frame: SentFrame): void {
    if (frame.kind === RESET_STREAM) {
      if (this.#state === SendState.ResetSent) this.#end(SendState.ResetReceived);
      return;
    }
    if (frame.kind === RESET_STREAM_AT) {
      this.#reset.onKnown();
      if (this.#reset.reliableSize > 0) this.#endReset();
      return;
    }
    if (frame.kind === STREAM_DATA_BLOCKED || this.#state > SendState.DataSent) return;
    this.#buffer.acknowledge(frame.start, frame.end);
    this.room.onTaken(frame.end - frame.start);
    if (frame.kind === FIN_KIND) this.#fin.onAcknowledged();
    if (this.#fin.state === Fin.Acknowledged && this.#buffer.isAllAcknowledged) {
      this.#end(SendState.DataReceived);
    } else {
      this.#changed(); // a late acknowledgement takes data back from the lost ones
      if (this.#reset.isKnown) this.#endReset();
    }
  }

  onFrameLost(frame: SentFrame): void {
    if (frame.kind === RESET_STREAM || frame.kind === RESET_STREAM_AT) {
      const isPlain = frame.kind === RESET_STREAM;
      // What was announced with a reliable size may have become a plain reset since.
      if (isPlain !== (this.#state === SendState.ResetSent) || this.isDone) return;
      this.#reset.request();
      this.#observer.onControlPending(this);
    } else if (frame.kind === STREAM_DATA_BLOCKED) {
      if (this.#state === SendState.Send && this.limit.onBlockedLost(frame.start)) {
        this.#observer.onControlPending(this);
      }
    } else if (this.#state <= SendState.DataSent) {
      const end = this.#reset.reliableSize > 0 ? this.#reset.reliableSize : Infinity;
      this.#buffer.markLost(frame.start, Math.min(frame.end, end));
      if (frame.kind === FIN_KIND) this.#fin.onLost();
      this.#changed();
    }
  }

  #end(state: SendState): void {
    this.#state = state;
    this.#buffer.discard();
    this.leaveRanks();
    this.#changed();
    this.#observer.onWritable(this);
    this.#observer.onHalfDone(this.id);
  }

  /** Tells the send queue that data or credit have changed. */
  #changed(): void {
    this.room.update(this.#buffer.bytesQueued, this.limit.room);
    this.#observer.onSendChanged(this);
    if (!this.#isOpen) this.room.close();
    if (!this.room.isAwaited || !this.isWritable) return;
    this.#observer.onWritable(this);
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
    } else if (bytesQueued === 0 && this.#fin.state === Fin.Pending) {
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
    const { writer } = sink;
    const fin = this.#fin.state !== Fin.None && end === this.#buffer.end;
    writeStreamHeader(writer, id, start, length, fin);
    if (length > 0) this.#buffer.copyInto(writer.bytes, writer.reserve(length), start, length);
    if (this.#state === SendState.Ready) this.#state = SendState.Send;
    if (fin) {
      this.#state = SendState.DataSent; // everything before was sent already
      this.#fin.onSent();
    }
    sink.record(this, fin ? FIN_KIND : STREAM, start, end);
    return length;
  }
}
