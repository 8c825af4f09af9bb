// The capsules that an end of a session sends, as the body of its message.

import { concatBytes } from "../../bytes/bytes.ts";
import type { StreamError } from "../../error/quic_error.ts";
import { encodeCapsule } from "../wire/capsule.ts";

/**
 * What is still to be said on the stream of a session. A capsule takes the place of one of its type
 * that waits: a peer that takes nothing makes no more than one of each wait.
 */
export class CapsuleSender {
  /** What goes to the peer. */
  readonly body: ReadableStream<Uint8Array<ArrayBuffer>>;
  readonly #waiting = new Map<number, Uint8Array<ArrayBuffer>>();
  #controller: ReadableStreamDefaultController<Uint8Array<ArrayBuffer>> | undefined;
  #wanted: (() => void) | undefined;
  #isEnding = false;
  #isOver = false;

  #onCancel: (() => void) | undefined;

  constructor() {
    this.body = new ReadableStream({
      start: (controller) => {
        this.#controller = controller;
      },
      pull: () => this.#pull(),
      cancel: () => {
        this.#isOver = true;
        this.#onCancel?.();
      },
    }, { highWaterMark: 0 });
  }

  /** @param onCancel Called when the peer wants no more, or the message has failed. */
  watch(onCancel: () => void): void {
    this.#onCancel = onCancel;
  }

  /** Sends a capsule as soon as the peer takes more. */
  send(type: number, value: Uint8Array): void {
    if (this.#isEnding) return;
    this.#waiting.set(type, encodeCapsule(type, value));
    this.#wake();
  }

  /** Nothing follows what was sent. */
  end(): void {
    this.#isEnding = true;
    this.#wake();
  }

  /** Resets the stream of the session. */
  fail(error: StreamError): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#controller?.error(error);
    this.#wake();
  }

  #wake(): void {
    this.#wanted?.();
    this.#wanted = undefined;
  }

  async #pull(): Promise<void> {
    while (this.#waiting.size === 0 && !this.#isEnding && !this.#isOver) {
      await new Promise<void>((resolve) => this.#wanted = resolve);
    }
    if (this.#isOver) return;
    if (this.#waiting.size > 0) {
      this.#controller?.enqueue(concatBytes(...this.#waiting.values()));
      this.#waiting.clear();
    } else {
      this.#isOver = true;
      this.#controller?.close();
    }
  }
}
