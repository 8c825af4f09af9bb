/** Writes handshake messages into a buffer that grows; lengths are filled in when a part is closed. */
export class MessageWriter {
  #bytes = new Uint8Array(512);
  #length = 0;

  uint8(value: number): void {
    const at = this.#advance(1); // which may make other bytes of them
    this.#bytes[at] = value;
  }

  uint16(value: number): void {
    const at = this.#advance(2);
    this.#bytes[at] = value >>> 8;
    this.#bytes[at + 1] = value;
  }

  uint32(value: number): void {
    this.uint16(value >>> 16);
    this.uint16(value & 0xffff);
  }

  /** Copies `data` behind what is there. */
  put(data: Uint8Array): void {
    const at = this.#advance(data.length);
    this.#bytes.set(data, at);
  }

  /** Writes `data` behind its length, which takes `size` bytes. */
  vector(size: number, data: Uint8Array): void {
    const part = this.open(size);
    this.put(data);
    this.close(part, size);
  }

  /** Begins a part whose length, of `size` bytes, is not known yet. */
  open(size: number): number {
    this.#advance(size);
    return this.#length;
  }

  /** Ends the part that `open` began and writes its length before it. */
  close(part: number, size: number): void {
    let length = this.#length - part;
    if (length >= 2 ** (8 * size)) throw new RangeError(`Cannot write a vector of ${length} bytes`);
    for (let at = part - 1; at >= part - size; at--) {
      this.#bytes[at] = length & 0xff;
      length >>>= 8;
    }
  }

  /** Begins a handshake message or, with `open(2)` after a `uint16`, an extension. */
  openMessage(type: number): number {
    this.uint8(type);
    return this.open(3);
  }

  /** Ends a handshake message. */
  closeMessage(part: number): void {
    this.close(part, 3);
  }

  /** Begins an extension. */
  openExtension(type: number): number {
    this.uint16(type);
    return this.open(2);
  }

  /** A copy of what was written. */
  bytes(): Uint8Array<ArrayBuffer> {
    return this.#bytes.slice(0, this.#length);
  }

  #advance(length: number): number {
    const at = this.#length;
    if (at + length > this.#bytes.length) {
      const bytes = new Uint8Array(2 * (at + length));
      bytes.set(this.#bytes);
      this.#bytes = bytes;
    }
    this.#length = at + length;
    return at;
  }
}
