// Datagrams in capsules, as the content of a message: for peers that take none in frames of QUIC.

import { CapsuleType, encodeCapsule } from "../http3/wire/capsule.ts";

/** Bytes that may wait for the peer: what is older than that is late, and datagrams may be lost. */
const MOST_WAITING = 262_144;

/** The capsules that one end of a tunnel sends. */
export class CapsuleOutlet {
  /** What goes to the peer. */
  readonly stream: ReadableStream<Uint8Array<ArrayBuffer>>;
  #controller: ReadableStreamDefaultController<Uint8Array<ArrayBuffer>> | undefined;

  /** @param onCancel Called when the peer wants no more. */
  constructor(onCancel: () => void = () => {}) {
    this.stream = new ReadableStream({
      start: (controller) => {
        this.#controller = controller;
      },
      cancel: () => {
        this.#controller = undefined;
        onCancel();
      },
    }, { highWaterMark: MOST_WAITING, size: ({ length }) => length });
  }

  /** Sends a datagram; false if it is dropped, as too many wait. */
  send(data: Uint8Array): boolean {
    if ((this.#controller?.desiredSize ?? 0) <= 0) return false;
    this.#controller!.enqueue(encodeCapsule(CapsuleType.Datagram, data));
    return true;
  }

  /** Nothing follows. */
  end(): void {
    this.#controller?.close();
    this.#controller = undefined;
  }

  /** Breaks the message off: the peer gets the code of the error. */
  fail(error: unknown): void {
    this.#controller?.error(error);
    this.#controller = undefined;
  }
}
