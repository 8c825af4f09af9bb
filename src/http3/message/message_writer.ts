// Writes one message to a stream: header sections, content, trailers.

import { StreamError } from "../../error/quic_error.ts";
import type { FieldLine } from "../../qpack/field_line.ts";
import { BodySource } from "./body_source.ts";
import { CallerError, callerFailed } from "./caller_error.ts";
import { H3ErrorCode, H3FrameType } from "../wire/code_point.ts";
import { trailerLines } from "../wire/fields.ts";
import { frame, frameHeader } from "../wire/frame.ts";
import type { H3Connection } from "./h3_connection.ts";
import { loggedData, loggedHeaders } from "./logged_frame.ts";
import type { TrailerSource } from "../handler.ts";
import type { Patience } from "./patience.ts";
import type { H3SendStream } from "../transport.ts";

/** Up to here a copy costs less than a second write. */
const COPY_LIMIT = 2048;
/** Larger chunks are written in pieces of this size. */
const PIECE_SIZE = 262_144;

/** Writes one message: header sections, data, and trailers (RFC 9114, Section 4.1). */
export class MessageWriter {
  /** Rejects when the peer no longer wants the message, or the stream breaks. */
  readonly closed: Promise<void>;
  readonly #connection: H3Connection;
  readonly #id: number;
  readonly #stream: H3SendStream;
  readonly #writer: WritableStreamDefaultWriter<Uint8Array<ArrayBufferLike>>;
  #source: BodySource | undefined;
  #isAborted = false;
  /** Bytes written since it was last ready for more. */
  #written = 0;

  constructor(connection: H3Connection, id: number, stream: H3SendStream) {
    this.#connection = connection;
    this.#id = id;
    this.#stream = stream;
    this.#writer = stream.getWriter();
    this.closed = this.#writer.closed;
    this.closed.catch((error) => this.#source?.cancel(error).catch(ignore));
  }

  /** Sends a header section. */
  headers(lines: readonly FieldLine[]): void {
    const section = this.#connection.encode(this.#id, lines);
    const bytes = frame(H3FrameType.Headers, section);
    const headerSize = bytes.length - section.length;
    this.#connection.log?.frameCreated(
      this.#id,
      loggedHeaders(lines, headerSize, section.length),
    );
    this.#write(bytes);
  }

  /**
   * Sends a body as fast as the peer takes it; the body is not asked for bytes before there is
   * room. Errors of the body itself are thrown as `CallerError`.
   *
   * @param length Bytes the headers announced; -1 for none.
   * @param patience How long to wait for the peer; without a limit if left out.
   */
  async body(
    stream: ReadableStream<Uint8Array>,
    length: number,
    patience?: Patience,
  ): Promise<void> {
    const source = new BodySource(stream);
    this.#source = source;
    // A known length makes one DATA frame of the whole body: no header per chunk, no copies.
    if (length > 0) {
      this.#dataHeader(length);
      if ("bytesToCome" in this.#stream) this.#stream.bytesToCome = length;
    }
    let sent = 0;
    try {
      for (;;) {
        await this.#ready(patience);
        const room = this.#stream.reserve?.(source.wanted) ?? source.wanted;
        const value = await source.read(Math.max(1, room));
        if (!value) break;
        sent += value.length;
        if (length >= 0 && sent > length) throw wrongLength(length);
        if (value.length <= PIECE_SIZE) this.#data(value, length >= 0);
        else await this.#pieces(value, length >= 0, patience);
        // A wait for the peer holds no memory: bytes that had room were copied.
        if (length >= 0 && value.length <= room && this.#stream.reserve) source.release();
      }
      // A peer that wants no more ends the source as well, which is no lack of content then.
      await this.#ready(patience);
      if (length >= 0 && sent < length) throw wrongLength(length);
    } catch (error) {
      source.cancel(error).catch(ignore);
      throw error;
    } finally {
      this.#source = undefined;
    }
  }

  /**
   * Sends trailers, if there are any, and ends the message; resolves when the peer has it. Trailers
   * that cannot be made are thrown as a `CallerError`.
   */
  async end(trailers: TrailerSource | undefined, patience?: Patience): Promise<void> {
    const headers = typeof trailers === "function" ? await made(trailers) : trailers;
    if (headers) this.headers(trailerLines(headers));
    try {
      patience?.begin();
      await this.#writer.close();
      patience?.end(0);
    } catch (error) {
      await this.closed; // a broken stream does not say why when it is closed, but here
      throw error;
    }
  }

  /** Ends the message early: the peer gets the code of the error, and the body the reason. */
  abort(error: StreamError, reason: unknown = error): void {
    if (this.#isAborted) return;
    this.#isAborted = true;
    this.#writer.abort(error).catch(ignore);
    this.#source?.cancel(reason).catch(ignore);
  }

  #data(chunk: Uint8Array, isFramed: boolean): void {
    if (chunk.length === 0) return;
    if (isFramed) {
      this.#write(chunk);
    } else if (chunk.length <= COPY_LIMIT) {
      const bytes = frame(H3FrameType.Data, chunk);
      this.#logData(bytes.length - chunk.length, chunk.length);
      this.#write(bytes);
    } else {
      this.#dataHeader(chunk.length);
      this.#write(chunk);
    }
  }

  /** A large chunk goes step by step, so that slow progress is seen to be progress. */
  async #pieces(chunk: Uint8Array, isFramed: boolean, patience?: Patience): Promise<void> {
    if (!isFramed) this.#dataHeader(chunk.length);
    const { length } = chunk;
    for (let at = 0; at < length; at += PIECE_SIZE) {
      await this.#ready(patience);
      // The length of the frame has been sent already.
      if (chunk.length !== length) callerFailed(new TypeError("Cannot send a chunk that changed"));
      this.#write(chunk.subarray(at, at + PIECE_SIZE));
    }
  }

  #dataHeader(length: number): void {
    const bytes = frameHeader(H3FrameType.Data, length);
    this.#logData(bytes.length, length);
    this.#write(bytes);
  }

  #logData(headerSize: number, length: number): void {
    this.#connection.log?.frameCreated(this.#id, loggedData(headerSize, length));
  }

  /** Waits until more can be written, which is when the peer has taken what was. */
  async #ready(patience: Patience | undefined): Promise<void> {
    patience?.begin();
    await this.#writer.ready;
    patience?.end(this.#written);
    this.#written = 0;
  }

  /** Failures are told by `ready`, `closed` and `close()`. */
  #write(data: Uint8Array): void {
    this.#written += data.length;
    this.#writer.write(data).catch(ignore);
  }
}

async function made(trailers: () => Headers | Promise<Headers>): Promise<Headers> {
  try {
    return await trailers();
  } catch (error) {
    return callerFailed(error);
  }
}

function wrongLength(length: number): CallerError {
  return new CallerError(
    new StreamError(
      H3ErrorCode.InternalError,
      `Cannot send content that differs from its announced ${length} bytes`,
    ),
  );
}

function ignore(): void {}
