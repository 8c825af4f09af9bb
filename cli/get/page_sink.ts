// Keeps the text of a page beside the place where it goes.

import type { Representation } from "../http/representation.ts";
import type { Sink } from "./sink.ts";

/** Pages up to this size are searched for what they load. */
const LARGEST_PAGE = 4 * 1024 * 1024;

/** Passes bytes on to another sink, and keeps them as long as they may be a page. */
export class PageSink implements Sink {
  readonly #inner: Sink;
  #chunks: Uint8Array[] = [];
  #length = 0;

  /** @param inner Where the bytes go. */
  constructor(inner: Sink) {
    this.#inner = inner;
  }

  /** The text that has come since the last beginning; undefined if it is too long. */
  get text(): string | undefined {
    if (this.#length !== this.#inner.length || this.#length > LARGEST_PAGE) return undefined;
    const decoder = new TextDecoder();
    const pieces = this.#chunks.map((chunk) => decoder.decode(chunk, { stream: true }));
    return pieces.join("") + decoder.decode();
  }

  get length(): number {
    return this.#inner.length;
  }

  get known(): Representation | undefined {
    return this.#inner.known;
  }

  tail(count: number): Promise<Uint8Array> {
    return this.#inner.tail(count);
  }

  restart(known: Representation): Promise<void> {
    this.#chunks = [];
    this.#length = 0;
    return this.#inner.restart(known);
  }

  async write(chunk: Uint8Array): Promise<void> {
    this.#length += chunk.length;
    if (this.#length <= LARGEST_PAGE) this.#chunks.push(chunk.slice());
    else this.#chunks = [];
    await this.#inner.write(chunk);
  }

  finish(): Promise<void> {
    return this.#inner.finish();
  }

  close(): void {
    this.#inner.close();
  }
}
