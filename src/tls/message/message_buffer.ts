// Puts handshake messages together from CRYPTO bytes.

import { NO_BYTES } from "../../bytes/bytes.ts";
import { ErrorCode } from "../../error/error_code.ts";
import { TransportError } from "../../error/quic_error.ts";

/** Bytes to begin with. */
const SMALLEST = 1_024;

/** Puts handshake messages together from bytes that come in any cut. */
export class MessageBuffer {
  #bytes: Uint8Array<ArrayBuffer> = NO_BYTES;
  #start = 0;
  #end = 0;

  /** Whether no part of a message is waiting. */
  get isEmpty(): boolean {
    return this.#start === this.#end;
  }

  /** The first byte that waits, -1 if there is none. */
  get firstByte(): number {
    return this.isEmpty ? -1 : this.#bytes[this.#start]!;
  }

  /** Adds bytes behind those that wait. */
  append(data: Uint8Array): void {
    const needed = this.#end - this.#start + data.length;
    if (this.#end + data.length > this.#bytes.length) this.#makeRoom(needed);
    this.#bytes.set(data, this.#end);
    this.#end += data.length;
  }

  /**
   * Takes the next whole message with its header. The view is good until the next `append`.
   *
   * @param limit The longest message to wait for.
   */
  next(limit: number): Uint8Array | undefined {
    const available = this.#end - this.#start;
    if (available < 4) return undefined;
    const bytes = this.#bytes;
    const at = this.#start;
    const length = 4 + ((bytes[at + 1]! << 16) | (bytes[at + 2]! << 8) | bytes[at + 3]!);
    if (length > limit) {
      throw new TransportError(
        ErrorCode.CryptoBufferExceeded,
        `Cannot take a handshake message of ${length} bytes: the limit is ${limit}`,
      );
    }
    if (available < length) return undefined;
    this.#start += length;
    return bytes.subarray(at, at + length);
  }

  /** Lets go of the memory while nothing waits. */
  rest(): void {
    if (!this.isEmpty) return;
    this.#bytes = NO_BYTES;
    this.#start = this.#end = 0;
  }

  #makeRoom(needed: number): void {
    // Doubling, so that a message that comes byte by byte is not copied once per byte.
    const size = needed > this.#bytes.length ? Math.max(2 * needed, SMALLEST) : this.#bytes.length;
    const bytes = new Uint8Array(size);
    bytes.set(this.#bytes.subarray(this.#start, this.#end));
    this.#end -= this.#start;
    this.#start = 0;
    this.#bytes = bytes;
  }
}
