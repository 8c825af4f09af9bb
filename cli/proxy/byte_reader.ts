// Reads the beginning of a connection piece by piece, and hands on the rest.

/** Reads a stream by bytes and lines; what is left can be read in pieces. */
export class ByteReader {
  readonly #reader: ReadableStreamDefaultReader<Uint8Array<ArrayBuffer>>;
  #held = new Uint8Array(0);

  /** @param stream The stream; it stays locked. */
  constructor(stream: ReadableStream<Uint8Array<ArrayBuffer>>) {
    this.#reader = stream.getReader();
  }

  /** The next byte, which stays; undefined at the end. */
  async peek(): Promise<number | undefined> {
    return await this.#has(1) ? this.#held[0] : undefined;
  }

  /** So many bytes; undefined if the stream ends before. */
  async take(count: number): Promise<Uint8Array<ArrayBuffer> | undefined> {
    if (!await this.#has(count)) return undefined;
    const bytes = this.#held.slice(0, count);
    this.#held = this.#held.subarray(count);
    return bytes;
  }

  /**
   * All up to an empty line, as text of one character per byte; undefined if the stream ends before,
   * or if that is more than so many bytes.
   */
  async head(most: number): Promise<string | undefined> {
    for (let from = 0;;) {
      const text = latin1(this.#held);
      const end = text.indexOf("\r\n\r\n", from);
      if (end >= 0 && end + 4 <= most) {
        this.#held = this.#held.subarray(end + 4);
        return text.slice(0, end);
      }
      if (end >= 0 || text.length > most) return undefined;
      from = Math.max(0, text.length - 3);
      if (!await this.#more()) return undefined;
    }
  }

  /** The next piece, as large as it came; undefined at the end. */
  async piece(): Promise<Uint8Array<ArrayBuffer> | undefined> {
    if (this.#held.length === 0 && !await this.#more()) return undefined;
    const piece = this.#held;
    this.#held = new Uint8Array(0);
    return piece;
  }

  /** Gives up reading. */
  async cancel(): Promise<void> {
    await this.#reader.cancel().catch(() => {});
  }

  async #has(count: number): Promise<boolean> {
    while (this.#held.length < count) if (!await this.#more()) return false;
    return true;
  }

  async #more(): Promise<boolean> {
    const { done, value } = await this.#reader.read();
    if (done) return false;
    if (this.#held.length === 0) {
      this.#held = value;
    } else {
      const joined = new Uint8Array(this.#held.length + value.length);
      joined.set(this.#held);
      joined.set(value, this.#held.length);
      this.#held = joined;
    }
    return true;
  }
}

function latin1(bytes: Uint8Array): string {
  let text = "";
  for (const byte of bytes) text += String.fromCharCode(byte);
  return text;
}
