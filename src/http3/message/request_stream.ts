// One request stream of either end: its messages, and what becomes of them.

import { ApplicationError, StreamError } from "../../error/quic_error.ts";
import { CallerError } from "./caller_error.ts";
import { H3ErrorCode } from "../wire/code_point.ts";
import { FrameReader } from "../wire/frame_reader.ts";
import type { H3Connection } from "./h3_connection.ts";
import type { RequestDatagrams } from "../handler.ts";
import { type H3Log, REQUEST } from "./h3_log.ts";
import { MessageReader } from "./message_reader.ts";
import { MessageWriter } from "./message_writer.ts";
import type { H3BidirectionalStream } from "../transport.ts";

/** What is done with the content of a message. */
export interface BodyListener {
  /** The application begins to read the content. */
  onWanted?(): void;
  /** The application does not want the rest of the content. */
  onCancel(reason: unknown): void;
  /** No more of it will come, for whatever reason. */
  onEnd(): void;
}

/** Hears of waiting for the peer. */
export interface Waiter {
  /** Waiting begins. */
  begin(): void;
  /** Waiting is over, and has brought so many bytes. */
  end(bytes: number): void;
}

/** One request and its response: a message each way over one stream. */
export class RequestStream {
  /** The ID of the stream. */
  readonly id: number;
  readonly incoming: MessageReader;
  readonly outgoing: MessageWriter;
  /** Datagrams of the request, if the connection has any. */
  readonly datagrams: RequestDatagrams | undefined;
  readonly #connection: H3Connection;
  /** The piece of content that is being read. */
  #reading: Promise<unknown> | undefined;
  /** Ends the application's reading. */
  #endReading: ((reason: unknown) => void) | undefined;
  #hasFailed = false;

  /** @param frames What reads the stream, if it was looked at already. */
  constructor(
    connection: H3Connection,
    stream: H3BidirectionalStream,
    frames: FrameReader = new FrameReader(stream.readable),
  ) {
    this.#connection = connection;
    this.id = Number(stream.writable.id);
    const initiator = connection.role === "client" ? "local" : "remote";
    connection.log?.streamTypeSet(initiator, this.id, REQUEST);
    this.incoming = new MessageReader(connection, this.id, frames);
    this.outgoing = new MessageWriter(connection, this.id, stream.writable);
    this.datagrams = connection.datagrams?.open(this.id);
  }

  /** What is told of the connection, if anything is. */
  get log(): H3Log | undefined {
    return this.#connection.log;
  }

  /** Asks the server to send the response sooner or later than it was told. */
  updatePriority(priority: string): Promise<void> {
    return this.#connection.updatePriority(this.id, priority);
  }

  /** What lies behind an error, if it is but what the connection was closed with. */
  originOf(error: unknown): unknown {
    return this.#connection.originOf(error);
  }

  /** Nothing more will come of the request. */
  release(): void {
    this.#connection.datagrams?.close(this.id);
  }

  /**
   * Ends both directions because of `error`; one that concerns the connection ends that. The first
   * error counts: later ones may be what the application was told, or said itself.
   *
   * @param reason What a reader of the incoming message, and the content of the other, shall see.
   */
  fail(error: unknown, reason: unknown = error): void {
    if (this.#hasFailed) return;
    this.#hasFailed = true;
    if (error instanceof ApplicationError) this.#connection.fail(error);
    const code = error instanceof CallerError ? error.code : H3ErrorCode.InternalError;
    const cause = error instanceof StreamError
      ? error
      : new StreamError(code, "Cannot go on with this request", { cause: error });
    this.incoming.cancel(cause, reason);
    this.outgoing.abort(cause, reason);
  }

  /**
   * The incoming content as a stream that reads no further than it is read.
   *
   * @param waiter Is told whenever a caller waits for the content.
   */
  body(
    { onCancel, onEnd, onWanted }: BodyListener,
    waiter?: Waiter,
  ): ReadableStream<Uint8Array<ArrayBuffer>> {
    let isWanted = false;
    return new ReadableStream<Uint8Array<ArrayBuffer>>({
      start: (controller) => {
        // The stream is the application's: this must not keep it from being collected.
        const weak = new WeakRef(controller);
        this.#endReading = (reason) => {
          weak.deref()?.error(reason);
          onEnd();
        };
      },
      pull: async (controller) => {
        try {
          if (!isWanted) onWanted?.();
          isWanted = true;
          const reading = this.#reading = this.#piece(waiter);
          const piece = await reading;
          if (this.#endReading === undefined) return;
          if (piece) return controller.enqueue(piece);
          controller.close();
          onEnd();
        } catch (error) {
          if (this.#endReading === undefined) return;
          this.fail(error);
          controller.error(this.originOf(error));
          onEnd();
        }
      },
      cancel: (reason) => {
        this.#endReading = undefined;
        onCancel(reason);
        onEnd();
      },
    }, { highWaterMark: 0 });
  }

  /**
   * Takes the incoming content away from the application.
   *
   * @param reason What the application's reader sees, if it still reads.
   * @returns Resolves when `incoming` can be read by the caller.
   */
  async takeBack(reason: unknown): Promise<void> {
    const end = this.#endReading;
    this.#endReading = undefined;
    end?.(reason);
    await this.#reading?.catch(ignore);
  }

  async #piece(waiter: Waiter | undefined): Promise<Uint8Array<ArrayBuffer> | undefined> {
    let length = 0;
    waiter?.begin();
    try {
      const piece = await this.incoming.data();
      length = piece?.length ?? 0;
      return piece;
    } finally {
      waiter?.end(length);
    }
  }
}

function ignore(): void {}
