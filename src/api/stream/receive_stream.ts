// The receiving side of a stream, as a web stream.

import { StreamError } from "../../error/quic_error.ts";
import type { ReceiveHalf } from "../../stream/receive_half.ts";
import { codeOf } from "./stream_code.ts";

/** The largest chunk that is handed to a reader. */
const CHUNK_SIZE = 65_536;

/**
 * The receiving half of a stream.
 *
 * The peer may send on only as far as we read. `cancel(new StreamError(code, message))` asks the
 * peer to stop with that code; when the peer resets the stream, reading fails with a `StreamError`
 * that has its code.
 *
 * @example Read to the end
 * ```ts ignore
 * for await (const chunk of stream) console.log(chunk.length);
 * ```
 *
 * @category Streams and datagrams
 */
export interface ReceiveStream extends ReadableStream<Uint8Array<ArrayBuffer>> {
  /** The stream's ID, unique within the connection. */
  readonly id: bigint;
  /**
   * Whether data came before the handshake was complete (0-RTT). An attacker may have recorded and
   * replayed them, so nothing that must not happen twice may follow from them.
   */
  readonly early: boolean;
}

/** A `ReceiveStream` over the core's receiving half. */
export class ApiReceiveStream extends ReadableStream<Uint8Array<ArrayBuffer>>
  implements ReceiveStream {
  readonly #half: ReceiveHalf;

  constructor(half: ReceiveHalf, source: ReceiveSource) {
    // What waits, waits in the core, where it counts against the peer's credit.
    super(source, { highWaterMark: 0 });
    this.#half = half;
  }

  get id(): bigint {
    return BigInt(this.#half.id);
  }

  get early(): boolean {
    return this.#half.early;
  }

  /** Bytes of the whole stream; -1 while that is not known. */
  get finalSize(): number {
    return this.#half.finalSize;
  }
}

/** Carries what arrived from the core to a reader. */
export class ReceiveSource implements UnderlyingDefaultSource<Uint8Array<ArrayBuffer>> {
  readonly #half: ReceiveHalf;
  readonly #wake: () => void;
  #controller: ReadableStreamDefaultController<Uint8Array<ArrayBuffer>> | undefined = undefined;
  /** Resolves when something arrived; set while a reader waits. */
  #arrival: PromiseWithResolvers<void> | undefined;
  #failure: Error | undefined;
  #isOver = false;

  /** @param wake Says that there is something to send, such as credit. */
  constructor(half: ReceiveHalf, wake: () => void) {
    this.#half = half;
    this.#wake = wake;
  }

  start(controller: ReadableStreamDefaultController<Uint8Array<ArrayBuffer>>): void {
    this.#controller = controller;
  }

  pull(): void | Promise<void> {
    if (this.#deliver()) return;
    this.#arrival = Promise.withResolvers<void>();
    return this.#arrival.promise;
  }

  cancel(reason: unknown): void {
    this.#isOver = true;
    this.#half.stop(codeOf(reason));
    this.#wake();
  }

  /** Data, the end, or a reset has arrived. */
  onReadable(): void {
    if (this.#half.resetCode >= 0) this.#deliver();
    else if (!this.#arrival || !this.#deliver()) return;
    this.#arrival?.resolve();
    this.#arrival = undefined;
  }

  /** Nothing can arrive any more: the connection is gone. What has arrived can still be read. */
  fail(error: Error): void {
    this.#failure ??= error;
    if (this.#isOver || this.#half.isReadable) return;
    this.#deliver();
  }

  /** Gives the reader what there is; says whether that was anything. */
  #deliver(): boolean {
    if (this.#isOver) return true;
    const half = this.#half;
    const data = half.read(CHUNK_SIZE);
    if (data) {
      this.#controller?.enqueue(data);
      this.#wake();
    }
    if (half.resetCode >= 0) this.#end(this.#resetError());
    else if (half.isFinished) this.#end(undefined);
    else if (this.#failure && !half.isReadable) this.#end(this.#failure);
    return data !== undefined || this.#isOver;
  }

  #end(error: Error | undefined): void {
    if (this.#isOver) return;
    this.#isOver = true;
    if (error) this.#controller?.error(error);
    else this.#controller?.close();
    this.#arrival?.resolve();
    this.#arrival = undefined;
  }

  #resetError(): StreamError {
    const { id, resetCode } = this.#half;
    return new StreamError(resetCode, `Cannot read stream ${id}: the peer reset it`);
  }
}
