import { Writer } from "../../src/bytes/writer.ts";
import { Reader } from "../../src/bytes/reader.ts";
import { type FrameHandler, frameRow } from "../../src/frame/frame_table.ts";
import { type FrameOwner, type FrameSink, SentFrame } from "../../src/frame/sent_frame.ts";
import type { ReceiveObserver, SendObserver } from "../../src/stream/half_observer.ts";
import type { ReceiveHalf } from "../../src/stream/receive_half.ts";
import type { SendHalf } from "../../src/stream/send_half.ts";

/** A packet being built, without header and encryption. */
export class TestSink implements FrameSink {
  readonly writer: Writer;
  frames: SentFrame[] = [];

  constructor(size = 1200) {
    this.writer = new Writer(new Uint8Array(size));
  }

  get room(): number {
    return this.writer.room;
  }

  get bytes(): Uint8Array {
    return this.writer.written();
  }

  record(owner: FrameOwner, kind: number, start: number, end: number): void {
    this.frames.push(new SentFrame(owner, kind, start, end));
  }

  acked(): void {
    for (const frame of this.frames) frame.owner.onFrameAcked(frame);
  }

  lost(): void {
    for (const frame of this.frames) frame.owner.onFrameLost(frame);
  }
}

/** Reads the stream frames of a packet into `target`, which may be a part of a handler. */
export function deliver(bytes: Uint8Array, target: Partial<FrameHandler>): void {
  const reader = new Reader(bytes);
  const handler = target as FrameHandler;
  while (reader.remaining > 0) {
    const type = reader.uint8();
    frameRow(type)!.read(reader, handler, type);
  }
}

/** Counts what halves say. */
export class TestObserver implements SendObserver<SendHalf>, ReceiveObserver<ReceiveHalf> {
  takesResetAt = true;
  readonly calls: string[] = [];
  onSendChanged(): void {}
  onOrderChanged(): void {}
  onControlPending(): void {
    this.calls.push("control");
  }
  onWritable(): void {
    this.calls.push("writable");
  }
  onReadable(): void {
    this.calls.push("readable");
  }
  onHalfDone(): void {
    this.calls.push("done");
  }
}

/** The byte at `offset` of a test's stream `id`. */
export function byteAt(id: number, offset: number): number {
  return (offset * 31 + (offset >>> 8) * 7 + id) & 0xff;
}

/** `length` bytes of a test's stream from `offset` on. */
export function pattern(id: number, offset: number, length: number): Uint8Array<ArrayBuffer> {
  const data = new Uint8Array(length);
  for (let i = 0; i < length; i++) data[i] = byteAt(id, offset + i);
  return data;
}
