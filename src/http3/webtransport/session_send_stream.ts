// The half of a stream of a session that is written.

import { StreamError } from "../../error/quic_error.ts";
import { varints } from "../wire/frame.ts";
import { WtErrorCode } from "../wire/web_transport.ts";
import type { H3SendStream } from "../transport.ts";
import type { SessionCredit } from "./session_credit.ts";
import { resetFor, streamFailure } from "./web_transport_error.ts";
import type { WebTransportSendStream } from "./web_transport_session.ts";

/** Carries what an application writes to a stream of the connection. */
class SessionSink implements UnderlyingSink<Uint8Array<ArrayBufferLike>> {
  readonly #stream: H3SendStream;
  readonly #writer: WritableStreamDefaultWriter<Uint8Array<ArrayBufferLike>>;
  readonly #headerSize: number;
  readonly #credit: SessionCredit | undefined;
  readonly #onDone: () => void;
  #controller: WritableStreamDefaultController | undefined;
  #isOver = false;
  #written = 0;

  /** @param onDone Called when nothing more will be sent. */
  constructor(
    stream: H3SendStream,
    header: Uint8Array,
    credit: SessionCredit | undefined,
    onDone: () => void,
  ) {
    this.#credit = credit;
    this.#stream = stream;
    this.#writer = stream.getWriter();
    this.#headerSize = header.length;
    this.#onDone = onDone;
    if (header.length > 0) this.#writer.write(header).catch(ignore);
  }

  start(controller: WritableStreamDefaultController): void {
    this.#controller = controller;
    // A write that waits for the peer must not keep an abort waiting.
    const { signal } = controller;
    signal.addEventListener("abort", () => this.reset(resetFor(signal.reason)), { once: true });
    this.#writer.closed.then(() => this.#finish(), (error) => {
      controller.error(streamFailure(error));
      this.#finish();
    });
  }

  async write(chunk: Uint8Array<ArrayBufferLike>): Promise<void> {
    if (!(chunk instanceof Uint8Array)) throw this.#refuse("only Uint8Array chunks can be sent");
    if (!this.#credit) return await this.#write(chunk);
    const { length: size } = chunk;
    for (let at = 0; at < size;) {
      const length = await this.#credit.takeData(size - at);
      this.#written += length;
      if (this.#isOver) return this.#credit.giveBack(length);
      if (chunk.length !== size) throw this.#refuse("the chunk changed while it was written");
      await this.#write(chunk.subarray(at, at + length));
      at += length;
    }
  }

  async close(): Promise<void> {
    await this.#writer.close().catch(rethrow);
  }

  /** Ends the stream; the peer learns all the same of which session it is. */
  reset(error: StreamError): void {
    if (this.#isOver) return;
    // WebTransport, Section 4.4: at least the header is delivered.
    if (this.#stream.resetAt && this.#headerSize > 0) {
      this.#stream.resetAt(error.code, this.#headerSize);
    } else {
      this.#writer.abort(error).catch(ignore);
    }
    this.#finish();
  }

  /** The web stream breaks by a chunk that cannot be sent: the peer is told, and waits no longer. */
  #refuse(why: string): TypeError {
    this.reset(resetFor(undefined));
    return new TypeError(`Cannot write to a stream: ${why}`);
  }

  async #write(chunk: Uint8Array<ArrayBufferLike>): Promise<void> {
    await this.#writer.write(chunk).catch(rethrow);
  }

  /** The session has ended. */
  end(reason: unknown): void {
    if (this.#isOver) return;
    this.reset(sessionGone());
    this.#controller?.error(reason);
  }

  #finish(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    // WebTransport, Section 5.4: what had not left when the stream was reset is not counted.
    const { bytesSent } = this.#stream;
    if (bytesSent !== undefined) {
      const sent = Math.max(bytesSent, this.#headerSize) - this.#headerSize;
      this.#credit?.giveBack(this.#written - sent);
    }
    this.#onDone();
  }
}

/** A `WebTransportSendStream` over a stream of the connection. */
export class SessionSendStream extends WritableStream<Uint8Array<ArrayBufferLike>>
  implements WebTransportSendStream {
  readonly #stream: H3SendStream;
  readonly #sink: SessionSink;

  private constructor(stream: H3SendStream, sink: SessionSink) {
    super(sink, { highWaterMark: 1 });
    this.#stream = stream;
    this.#sink = sink;
  }

  /**
   * Makes the sending half of a stream.
   *
   * @param header What is sent before all else: nothing if the peer has opened the stream.
   * @param onDone Called when nothing more will be sent.
   */
  static over(
    stream: H3SendStream,
    header: readonly number[],
    credit: SessionCredit | undefined,
    onDone: () => void,
  ): SessionSendStream {
    const sink = new SessionSink(stream, varints(...header), credit, onDone);
    return new SessionSendStream(stream, sink);
  }

  get sendOrder(): number {
    return this.#stream.sendOrder ?? 0;
  }

  set sendOrder(value: number) {
    this.#stream.sendOrder = value;
  }

  /** The session has ended. */
  end(reason: unknown): void {
    this.#sink.end(reason);
  }
}

/** What streams are reset with when their session has ended (WebTransport, Section 6). */
export function sessionGone(): StreamError {
  return new StreamError(WtErrorCode.SessionGone, "The session has ended");
}

function rethrow(error: unknown): never {
  throw streamFailure(error);
}

function ignore(): void {}
