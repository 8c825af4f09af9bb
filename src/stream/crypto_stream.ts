// The handshake messages of one encryption level, in CRYPTO frames.

import { ErrorCode } from "../error/error_code.ts";
import { TransportError } from "../error/quic_error.ts";
import { CRYPTO, cryptoDataRoom, writeCryptoHeader } from "../frame/crypto.ts";
import type { FrameOwner, FrameSink, SentFrame } from "../frame/sent_frame.ts";
import type { BufferMemory } from "./buffer_memory.ts";
import { ReceiveBuffer } from "./receive_buffer.ts";
import { SendBuffer } from "./send_buffer.ts";
import { CRYPTO_WINDOW, MAX_CRYPTO_RANGES } from "../limits/limits.ts";

/** Bytes; shorter CRYPTO frames are not written just because a packet is nearly full. */
const SMALLEST_FRAGMENT = 16;

/**
 * The handshake messages of one encryption level, in both directions. Buffers exist only while they
 * hold something.
 */
export class CryptoStream implements FrameOwner {
  readonly #memory: BufferMemory | undefined;
  #outgoing: SendBuffer | undefined;
  #incoming: ReceiveBuffer | undefined;

  /** @param memory Where the connection counts what is allocated. */
  constructor(memory?: BufferMemory) {
    this.#memory = memory;
  }

  /** Whether there is something to send, or to send again. */
  get hasPending(): boolean {
    const outgoing = this.#outgoing;
    return outgoing !== undefined && (outgoing.bytesLost > 0 || outgoing.bytesQueued > 0);
  }

  /** Bytes written in all. */
  get bytesWritten(): number {
    return this.#outgoing?.end ?? 0;
  }

  /** Memory taken, in bytes. */
  get bytesHeld(): number {
    return (this.#outgoing?.bytesHeld ?? 0) + (this.#incoming?.bytesHeld ?? 0);
  }

  /** A CRYPTO frame arrived; `data` is copied. */
  receive(offset: number, data: Uint8Array): void {
    const incoming = this.#incoming ??= new ReceiveBuffer(
      this.#memory,
      MAX_CRYPTO_RANGES,
      ErrorCode.CryptoBufferExceeded,
    );
    // RFC 9000, Section 7.5 asks for 4096 bytes at least.
    if (offset + data.length > incoming.offset + CRYPTO_WINDOW) {
      throw new TransportError(
        ErrorCode.CryptoBufferExceeded,
        `Cannot buffer handshake data: ${offset + data.length} is beyond the window`,
      );
    }
    incoming.write(offset, data);
  }

  /** Bytes that are next in order, to be called until there are none: `undefined`. */
  read(): Uint8Array<ArrayBuffer> | undefined {
    return this.#incoming?.read(CRYPTO_WINDOW);
  }

  /** Takes a copy of `data` to send. */
  write(data: Uint8Array): void {
    this.#outgoing ??= new SendBuffer();
    this.#outgoing.write(data);
  }

  /**
   * Writes CRYPTO frames: what was lost first, then what is new.
   *
   * @returns Whether anything was written.
   */
  writeFrames(sink: FrameSink): boolean {
    const before = sink.writer.offset;
    const buffer = this.#outgoing;
    if (buffer === undefined) return false;
    while (buffer.bytesLost > 0) {
      const start = buffer.lostStart;
      const length = this.#writeFrame(sink, start, buffer.lostEnd - start);
      if (length === 0) return sink.writer.offset > before;
      buffer.onSentAgain(start, start + length);
    }
    if (buffer.bytesQueued > 0) {
      buffer.onSent(this.#writeFrame(sink, buffer.sentEnd, buffer.bytesQueued));
    }
    return sink.writer.offset > before;
  }

  /** Makes all that is in flight lost, for a probe or when the handshake starts over (Retry). */
  resend(): void {
    const outgoing = this.#outgoing;
    outgoing?.markLost(outgoing.acknowledgedTo, outgoing.sentEnd);
  }

  /** Drops everything: the keys of this level are gone. */
  discard(): void {
    this.#incoming?.discard();
    this.#outgoing = this.#incoming = undefined;
  }

  onFrameAcked(frame: SentFrame): void {
    this.#outgoing?.acknowledge(frame.start, frame.end);
    this.#outgoing?.rest();
  }

  onFrameLost(frame: SentFrame): void {
    this.#outgoing?.markLost(frame.start, frame.end);
  }

  #writeFrame(sink: FrameSink, start: number, wanted: number): number {
    const length = Math.min(wanted, cryptoDataRoom(start, sink.room));
    if (length <= 0 || length < wanted && length < SMALLEST_FRAGMENT) return 0;
    const { writer } = sink;
    writeCryptoHeader(writer, start, length);
    this.#outgoing!.copyInto(writer.bytes, writer.reserve(length), start, length);
    sink.record(this, CRYPTO, start, start + length);
    return length;
  }
}
