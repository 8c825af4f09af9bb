// Records of a trace that wait to be written.

import type { QlogSink } from "./writer.ts";
import { MAX_LOG_WAITING } from "../limits/limits.ts";

/** Records that wait to be written, up to a limit. Their writer takes them all at once. */
export class RecordQueue implements QlogSink {
  /** Whether no record follows those that wait. */
  isClosed = false;
  readonly #onReady: () => void;
  readonly #limit: number;
  #records: string[] = [];
  #length = 0;

  /**
   * @param onReady Called when there is something to do: the first record came, or the last.
   * @param limit Characters that may wait.
   */
  constructor(onReady: () => void, limit: number = MAX_LOG_WAITING) {
    this.#onReady = onReady;
    this.#limit = limit;
  }

  /** Characters that wait. */
  get length(): number {
    return this.#length;
  }

  write(record: string): boolean {
    if (this.isClosed || this.#length + record.length > this.#limit) return false;
    this.#records.push(record);
    this.#length += record.length;
    if (this.#records.length === 1) this.#onReady();
    return true;
  }

  close(): void {
    if (this.isClosed) return;
    this.isClosed = true;
    this.#onReady();
  }

  /** All that waits, as one text; empty if nothing does. */
  take(): string {
    const text = this.#records.join("");
    this.#records = [];
    this.#length = 0;
    return text;
  }
}
