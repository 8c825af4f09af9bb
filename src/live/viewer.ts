// A page that looks at a live view: what it is sent.

import type { LiveStore } from "./live_store.ts";

const encoder = new TextEncoder();

/** What all messages to viewers say. */
export interface ViewFacts {
  readonly title: string;
  /** Milliseconds between two reports. */
  readonly interval: number;
}

/**
 * Tells a viewer what is new, as server-sent events. Nothing is kept for it: a message is made when
 * the one before was taken, and holds all that came meanwhile and is still kept by the store. So a
 * viewer that reads slowly costs no more than one that does not, and blocks no other.
 */
export class Viewer implements UnderlyingDefaultSource<Uint8Array<ArrayBuffer>> {
  readonly #store: LiveStore;
  readonly #facts: ViewFacts;
  readonly #wanted: string | undefined;
  readonly #onLeft: () => void;
  #key: string | undefined;
  #sample = 0;
  #event = 0;
  #count = 0;
  #isEnding = false;
  #hasLeft = false;

  /**
   * @param wanted The connection that it asks for; undefined for the newest.
   * @param onLeft Hears when it has gone.
   */
  constructor(
    store: LiveStore,
    facts: ViewFacts,
    wanted: string | undefined,
    onLeft: () => void,
  ) {
    this.#store = store;
    this.#facts = facts;
    this.#wanted = wanted;
    this.#onLeft = onLeft;
  }

  /** Messages that were made for it. */
  get count(): number {
    return this.#count;
  }

  /** The body of the answer. */
  open(): ReadableStream<Uint8Array<ArrayBuffer>> {
    return new ReadableStream(this, { highWaterMark: 0 });
  }

  /** The program ends: this is told with the next change, and no more. */
  end(): void {
    this.#isEnding = true;
  }

  async pull(controller: ReadableStreamDefaultController<Uint8Array<ArrayBuffer>>): Promise<void> {
    if (this.#count > 0 && !this.#isEnding) await this.#store.changed;
    if (this.#hasLeft) return;
    controller.enqueue(encoder.encode(`event: update\ndata: ${this.#update()}\n\n`));
    if (!this.#isEnding) return;
    controller.enqueue(encoder.encode("event: end\ndata: {}\n\n"));
    controller.close();
    this.#leave();
  }

  cancel(): void {
    this.#leave();
  }

  #update(): string {
    const record = this.#store.choose(this.#wanted, this.#key);
    const isAnother = this.#count === 0 || record?.key !== this.#key;
    if (isAnother) this.#sample = this.#event = 0;
    this.#key = record?.key;
    const shown = record && {
      key: record.key,
      paths: record.last.paths,
      morePaths: record.last.morePaths,
      events: record.eventsFrom(this.#event),
    };
    const samples = record?.samplesFrom(this.#sample) ?? [];
    if (record !== undefined) {
      this.#sample = record.sampleEnd;
      this.#event = record.eventEnd;
    }
    this.#count++;
    const { summaries: connections, hidden } = this.#store;
    const rest = JSON.stringify({ ...this.#facts, isAnother, connections, hidden, shown });
    return `${rest.slice(0, -1)},"samples":[${samples.join()}]}`;
  }

  #leave(): void {
    if (this.#hasLeft) return;
    this.#hasLeft = true;
    this.#onLeft();
  }
}
