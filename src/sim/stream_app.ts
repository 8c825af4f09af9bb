// A simulated application that downloads and uploads, and checks every byte.

import assert from "node:assert/strict";
import { Kind } from "../stream/connection_credit.ts";
import type { Stream } from "../stream/stream.ts";
import type { StreamEvent } from "../stream/stream_event.ts";
import type { StreamSet } from "../stream/stream_set.ts";
import { checkPattern, patternAt } from "./pattern.ts";

const REQUEST_SIZE = 16;

/** Settings of one transfer. */
export interface TransferOptions {
  /** As `SendStream.sendOrder`. */
  readonly sendOrder?: number;
  /** From 0 (first) to 7; 3 if left out. */
  readonly urgency?: number;
  /** Whether parts of the stream are of use. */
  readonly incremental?: boolean;
  /** Called when the last byte was received. */
  readonly onDone?: (transfer: Transfer) => void;
}

/** Bytes asked for or sent, and how far they have come. Times are virtual milliseconds. */
export class Transfer {
  /** Bytes asked for; -1 if unknown. */
  readonly size: number;
  /** When it began, in virtual ms. */
  readonly startedAt: number;
  /** What was asked for. */
  readonly options: TransferOptions;
  /** -1 until the peer allows the stream. */
  id: number = -1;
  /** Bytes that have come. */
  received: number = 0;
  /** When the first byte came. */
  firstByteAt: number = Infinity;
  /** When the last byte came. */
  finishedAt: number = Infinity;

  /** Begins with no byte received. */
  constructor(size: number, startedAt: number, options: TransferOptions) {
    this.size = size;
    this.startedAt = startedAt;
    this.options = options;
  }

  /** Whether all bytes have come. */
  get isDone(): boolean {
    return this.finishedAt < Infinity;
  }

  /** Milliseconds from the request to the last byte. */
  get duration(): number {
    return this.finishedAt - this.startedAt;
  }
}

/**
 * A scripted application at one end of a connection. It asks the other end for bytes
 * (`download`), sends bytes of its own (`upload`), and serves what the other end asks for.
 * Every byte that arrives is compared with what must stand in its place.
 */
export class StreamApp {
  /** What the other end uploaded so far, by stream. */
  readonly uploads: Map<number, Transfer> = new Map();
  /** Streams the peer reset or stopped, with its code. */
  readonly aborted: Map<number, number> = new Map();
  readonly #streams: StreamSet;
  readonly #now: () => number;
  readonly #senders = new Map<number, Sender>();
  readonly #readers = new Map<number, (stream: Stream) => void>();
  readonly #unopened: [Kind, (stream: Stream) => void][] = [];

  /** Makes an application that serves and asks. */
  constructor(streams: StreamSet, now: () => number) {
    this.#streams = streams;
    this.#now = now;
  }

  /** Asks for `size` bytes on a new stream. */
  download(size: number, options: TransferOptions = {}): Transfer {
    const transfer = new Transfer(size, this.#now(), options);
    this.#open(Kind.Bidirectional, (stream) => {
      transfer.id = stream.id;
      const request = new Uint8Array(REQUEST_SIZE);
      const view = new DataView(request.buffer);
      view.setFloat64(0, size);
      view.setInt32(8, options.sendOrder ?? 0);
      view.setUint8(12, options.urgency ?? 3);
      view.setUint8(13, options.incremental ? 1 : 0);
      stream.send!.write(request);
      stream.send!.finish();
      this.#readers.set(stream.id, (stream) => this.#readBody(stream, transfer));
    });
    return transfer;
  }

  /** Sends `size` bytes on a new stream. The receiving `StreamApp` has them in `uploads`. */
  upload(size: number, options: TransferOptions = {}): void {
    this.#open(Kind.Unidirectional, (stream) => {
      stream.send!.sendOrder = options.sendOrder ?? 0;
      stream.send!.urgency = options.urgency ?? 3;
      stream.send!.incremental = options.incremental ?? false;
      this.#send(stream, size);
    });
  }

  /** Takes an event of the connection that is about streams. */
  onEvent(event: StreamEvent): void {
    switch (event.type) {
      case "opened":
        return this.#onOpened(event.stream);
      case "readable":
        return this.#readers.get(event.stream.id)?.(event.stream);
      case "writable":
        return this.#onWritable(event.stream);
      case "streamsAvailable":
        for (const [kind, use] of this.#unopened.splice(0)) this.#open(kind, use);
    }
  }

  #open(kind: Kind, use: (stream: Stream) => void): void {
    const stream = this.#streams.open(kind);
    if (stream) use(stream);
    else this.#unopened.push([kind, use]);
  }

  #onOpened(stream: Stream): void {
    if (stream.send) {
      const request = new Uint8Array(REQUEST_SIZE);
      let length = 0;
      this.#readers.set(stream.id, (stream) => {
        for (let data; (data = stream.receive!.read(65_536));) {
          request.set(data, length);
          length += data.length;
        }
        if (stream.receive!.isFinished) this.#serve(stream, request.subarray(0, length));
      });
    } else {
      const transfer = new Transfer(-1, this.#now(), {});
      transfer.id = stream.id;
      this.uploads.set(stream.id, transfer);
      this.#readers.set(stream.id, (stream) => this.#readBody(stream, transfer));
    }
    this.#readers.get(stream.id)!(stream);
  }

  #serve(stream: Stream, request: Uint8Array): void {
    assert.equal(request.length, REQUEST_SIZE, `the request on stream ${stream.id} is complete`);
    const view = new DataView(request.buffer);
    stream.send!.sendOrder = view.getInt32(8);
    stream.send!.urgency = view.getUint8(12);
    stream.send!.incremental = view.getUint8(13) === 1;
    this.#readers.delete(stream.id);
    this.#send(stream, view.getFloat64(0));
  }

  #send(stream: Stream, size: number): void {
    this.#senders.set(stream.id, { size, written: 0 });
    stream.send!.bytesToCome = size;
    this.#onWritable(stream);
  }

  #onWritable(stream: Stream): void {
    const sender = this.#senders.get(stream.id);
    const half = stream.send!;
    if (half.stopCode >= 0) {
      this.aborted.set(stream.id, half.stopCode);
      this.#senders.delete(stream.id);
      return;
    }
    if (!sender) return;
    while (half.isWritable && sender.written < sender.size) {
      const wanted = Math.min(65_536, sender.size - sender.written);
      const data = patternAt(stream.id, sender.written, wanted);
      half.write(data);
      sender.written += data.length;
    }
    if (sender.written < sender.size) return;
    half.finish();
    this.#senders.delete(stream.id);
  }

  #readBody(stream: Stream, transfer: Transfer): void {
    const half = stream.receive!;
    for (let data; (data = half.read(65_536));) {
      if (transfer.received === 0) transfer.firstByteAt = this.#now();
      checkPattern(stream.id, transfer.received, data);
      transfer.received += data.length;
    }
    if (half.resetCode >= 0) this.aborted.set(stream.id, half.resetCode);
    if (!half.isFinished) return;
    this.#readers.delete(stream.id);
    if (half.resetCode >= 0) return;
    if (transfer.size >= 0) assert.equal(transfer.received, transfer.size, "all bytes arrived");
    transfer.finishedAt = this.#now();
    transfer.options.onDone?.(transfer);
  }
}

interface Sender {
  readonly size: number;
  written: number;
}
