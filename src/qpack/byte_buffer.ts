/** Bytes that grow at the end and are taken away whole or from the front. */
export class ByteBuffer {
  /** What has been gathered; only the first `length` bytes count. */
  bytes: Uint8Array<ArrayBuffer>;
  /** How many bytes have been gathered. */
  length = 0;

  /** @param size Room to begin with. */
  constructor(size = 256) {
    this.bytes = new Uint8Array(size);
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

  /** Hands out a copy of everything and begins anew. */
  take(): Uint8Array<ArrayBuffer> {
    const taken = this.bytes.slice(0, this.length);
    this.length = 0;
    return taken;
  }

  /** Drops `count` bytes from the front. */
  drop(count: number): void {
    this.bytes.copyWithin(0, count, this.length);
    this.length -= count;
  }

  #grow(count: number): void {
    const grown = new Uint8Array(Math.max(2 * this.bytes.length, this.length + count));
    grown.set(this.bytes.subarray(0, this.length));
    this.bytes = grown;
  }
}
