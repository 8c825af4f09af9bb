// Sums up a simulation in one number.

import type { Address } from "../path/address/address.ts";

/** Sums up a run in one number, so that two runs can be compared datagram by datagram. */
export class TraceHash {
  #hash = 0x811c_9dc5;
  #count = 0;
  readonly #time = new Float64Array(1);
  readonly #timeWords = new Uint32Array(this.#time.buffer);

  /** How many datagrams were added. */
  get count(): number {
    return this.#count;
  }

  /** Eight hexadecimal digits that depend on every datagram, its time and its order. */
  get digest(): string {
    return (this.#hash >>> 0).toString(16).padStart(8, "0");
  }

  /** Adds a datagram. */
  add(time: number, from: Address, to: Address, data: Uint8Array): void {
    this.#count++;
    this.#time[0] = time;
    this.#mix(this.#timeWords[0]!);
    this.#mix(this.#timeWords[1]!);
    this.#mix(from.port);
    this.#mix(to.port);
    this.addText(from.hostname);
    this.addText(to.hostname);
    this.#mix(data.length);
    // Sealed packets end in a tag that depends on all of them: both ends are enough.
    const middle = Math.min(48, data.length);
    for (let i = 0; i < middle; i++) this.#mix(data[i]!);
    for (let i = Math.max(middle, data.length - 16); i < data.length; i++) this.#mix(data[i]!);
  }

  /** Adds words of another trace, such as a record of qlog. */
  addText(text: string): void {
    for (let i = 0; i < text.length; i++) this.#mix(text.charCodeAt(i));
  }

  #mix(value: number): void {
    this.#hash = Math.imul(this.#hash ^ value, 0x0100_0193);
    this.#hash ^= this.#hash >>> 15;
  }
}
