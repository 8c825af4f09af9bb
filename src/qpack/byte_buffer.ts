// Bytes that grow at the end and are taken from the front.

import { NO_BYTES } from "../bytes/bytes.ts";

/** Bytes that grow at the end and are taken away whole or from the front. */
export class ByteBuffer {
  /** What has been gathered; only the first `length` bytes count. */
  bytes: Uint8Array<ArrayBuffer> = NO_BYTES;
  /** How many bytes have been gathered. */
  length = 0;
  readonly #size: number;

  /** @param size Room to begin with, once there is something to gather. */
  constructor(size = 256) {
    this.#size = size;
  }

  /** Adds one byte. */
  push(byte: number): void {
    if (this.length === this.bytes.length) this.#grow(1);
    this.bytes[this.length++] = byte;
  }

  /** Adds a copy of `data`. */
  append(data: Uint8Array): void {
    const at = this.extend(data.length); // which may make other bytes of them
    this.bytes.set(data, at);
  }

  /** Makes the buffer longer by `count` bytes and returns where they begin. */
  extend(count: number): number {
    if (count > this.bytes.length - this.length) this.#grow(count);
    const at = this.length;
    this.length += count;
    return at;
  }

  /** Empties the buffer and keeps its memory. */
  clear(): void {
    this.length = 0;
  }

  /** Returns all bytes and empties the buffer, without keeping memory. */
  take(): Uint8Array<ArrayBuffer> {
    const taken = this.bytes.subarray(0, this.length);
    this.bytes = NO_BYTES;
    this.length = 0;
    return taken;
  }

  /** Drops `count` bytes from the front; with the last of them goes the memory. */
  drop(count: number): void {
    this.length -= count;
    if (this.length === 0) this.bytes = NO_BYTES;
    else this.bytes.copyWithin(0, count, count + this.length);
  }

  #grow(count: number): void {
    const size = Math.max(this.#size, 2 * this.bytes.length, this.length + count);
    const grown = new Uint8Array(size);
    grown.set(this.bytes.subarray(0, this.length));
    this.bytes = grown;
  }
}
