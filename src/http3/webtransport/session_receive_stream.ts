// The half of a stream of a session that is read.

import type { FrameReader } from "../wire/frame_reader.ts";
import type { H3ReceiveStream } from "../transport.ts";
import type { SessionCredit } from "./session_credit.ts";
import { sessionGone } from "./session_send_stream.ts";
import { resetFor, streamFailure } from "./web_transport_error.ts";

/** Carries what comes on a stream of the connection to an application. */
class SessionSource implements UnderlyingDefaultSource<Uint8Array<ArrayBuffer>> {
  readonly #frames: FrameReader;
  readonly #stream: H3ReceiveStream;
  readonly #credit: SessionCredit | undefined;
  readonly #onDone: () => void;
  #counted: number;
  #controller: ReadableStreamDefaultController<Uint8Array<ArrayBuffer>> | undefined;
  #isOver = false;

  constructor(
    frames: FrameReader,
    stream: H3ReceiveStream,
    credit: SessionCredit | undefined,
    onDone: () => void,
  ) {
    this.#frames = frames;
    this.#stream = stream;
    this.#credit = credit;
    this.#counted = frames.headerSize;
    this.#onDone = onDone;
  }

  start(controller: ReadableStreamDefaultController<Uint8Array<ArrayBuffer>>): void {
    this.#controller = controller;
  }

  async pull(): Promise<void> {
    try {
      const piece = await this.#frames.raw();
      if (this.#isOver) return;
      if (piece) {
        this.#counted += piece.length;
        this.#credit?.onData(piece.length);
        return this.#controller?.enqueue(piece);
      }
      this.#controller?.close();
    } catch (error) {
      if (this.#isOver) return;
      this.#controller?.error(streamFailure(error));
    }
    this.#finish();
  }

  cancel(reason: unknown): void {
    this.#frames.cancel(resetFor(reason));
    this.#finish();
  }

  /** The session has ended. */
  end(reason: unknown): void {
    if (this.#isOver) return;
    this.#frames.cancel(sessionGone(), reason);
    this.#controller?.error(reason);
    this.#finish();
  }

  #finish(): void {
    this.#isOver = true;
    this.#credit?.settle(() => this.#stream.finalSize, this.#counted);
    this.#onDone();
  }
}

/** A `WebTransportReceiveStream` over a stream of the connection whose header has been read. */
export class SessionReceiveStream extends ReadableStream<Uint8Array<ArrayBuffer>> {
  readonly #source: SessionSource;

  private constructor(source: SessionSource) {
    super(source, { highWaterMark: 0 });
    this.#source = source;
  }

  /**
   * Makes the receiving half of a stream.
   *
   * @param onDone Called when nothing more will be read.
   */
  static over(
    frames: FrameReader,
    stream: H3ReceiveStream,
    credit: SessionCredit | undefined,
    onDone: () => void,
  ): SessionReceiveStream {
    return new SessionReceiveStream(new SessionSource(frames, stream, credit, onDone));
  }

  /** The session has ended. */
  end(reason: unknown): void {
    this.#source.end(reason);
  }
}
