// Reads one message from a stream: header sections, content, trailers.

import { concatBytes } from "../../bytes/bytes.ts";
import { ApplicationError, StreamError } from "../../error/quic_error.ts";
import type { FieldLine } from "../../qpack/field_line.ts";
import { H3ErrorCode, H3FrameType, isForbiddenFrame } from "../wire/code_point.ts";
import { checkSignal, unexpectedFrame } from "./control_stream.ts";
import { readTrailers } from "../wire/fields.ts";
import type { FrameReader } from "../wire/frame_reader.ts";
import type { H3Connection } from "./h3_connection.ts";
import { loggedData, loggedHeaders, loggedUnknown } from "./logged_frame.ts";
import type { Patience } from "./patience.ts";

/** Pieces from this size on are handed on as they are. */
const LARGE = 1_024;

/** Reads one message: header sections, data, and trailers (RFC 9114, Section 4.1). */
export class MessageReader {
  /** Trailers, once `data()` has returned undefined. */
  trailers: Headers | undefined;
  /** Whether the message has come to its end. */
  isFinished = false;
  #isTunnel = false;
  readonly #connection: H3Connection;
  readonly #id: number;
  readonly #frames: FrameReader;
  #contentLength = -1;
  #received = 0;
  #isCancelled = false;
  /** Whether the frame at hand holds trailers that were not looked at. */
  #hasTrailersAhead = false;

  constructor(connection: H3Connection, id: number, frames: FrameReader) {
    this.#connection = connection;
    this.#id = id;
    this.#frames = frames;
  }

  /** Whether nothing but data may come: the stream has become a tunnel. */
  get isTunnel(): boolean {
    return this.#isTunnel;
  }

  /** The stream becomes a tunnel, in which nothing but data may come. */
  becomeTunnel(): void {
    this.#isTunnel = true;
  }

  /** Holds the data to an announced length; -1 for none. */
  expect(contentLength: number): void {
    this.#contentLength = contentLength;
  }

  /** The next header section. */
  async headers(): Promise<FieldLine[]> {
    const frames = this.#frames;
    while (frames.nextAtHand() || await frames.next()) {
      const { type } = frames;
      if (type === H3FrameType.Headers) return await this.#section();
      if (type === H3FrameType.Data) throw unexpectedFrame(type);
      this.#checkOther(type);
    }
    this.isFinished = true;
    throw this.#connection.role === "server"
      ? new StreamError(H3ErrorCode.RequestIncomplete, "Cannot serve a request without fields")
      : new StreamError(H3ErrorCode.MessageError, "Cannot accept a response without fields");
  }

  /**
   * The next piece of data, as large as it came; undefined when the message is over. Small pieces
   * that came together are one.
   */
  async data(): Promise<Uint8Array<ArrayBuffer> | undefined> {
    const frames = this.#frames;
    if (this.isFinished) return undefined;
    frames.throwIfCancelled();
    try {
      return await this.#nextData();
    } catch (error) {
      if (!this.#isWhole) throw error;
      this.isFinished = true;
      return undefined;
    }
  }

  async #nextData(): Promise<Uint8Array<ArrayBuffer> | undefined> {
    const frames = this.#frames;
    if (this.#hasTrailersAhead) await this.#onTrailers();
    for (;;) {
      if (frames.type === H3FrameType.Data && frames.remaining > 0) {
        return this.#gather((await frames.piece())!);
      }
      if (!frames.nextAtHand() && !(await frames.next())) break;
      if (frames.type === H3FrameType.Data) this.#count(frames.remaining);
      else if (frames.type === H3FrameType.Headers) await this.#onTrailers();
      else this.#checkOther(frames.type);
    }
    this.isFinished = true;
    if (this.#contentLength >= 0 && this.#received !== this.#contentLength) throw this.#mismatch();
    return undefined;
  }

  /**
   * Reads to the end, throwing data away; more than `limit` bytes of it are an error.
   *
   * @param patience How long to wait for it; without a limit if left out.
   */
  async drain(limit: number, patience?: Patience): Promise<void> {
    for (let total = 0;;) {
      patience?.begin();
      const piece = await this.data();
      patience?.end(piece?.length ?? 0);
      if (!piece) return;
      total += piece.length;
      if (total > limit) {
        throw new StreamError(H3ErrorCode.ExcessiveLoad, "Cannot use content here");
      }
    }
  }

  /** Stops reading: the peer gets the code of the error, callers that still read get the reason. */
  cancel(error: StreamError, reason: unknown = error): void {
    if (this.isFinished || this.#isCancelled) return;
    this.#isCancelled = true;
    this.#frames.cancel(error, reason);
    this.#connection.forget(this.#id);
  }

  /**
   * Whether the stream broke behind all the content of a response that the peer had announced: only
   * the end of the stream, or trailers, are missing, and curl takes such a response for complete.
   */
  get #isWhole(): boolean {
    const { isBroken: broken, type, remaining } = this.#frames;
    const isInside = type === H3FrameType.Data && remaining > 0;
    return broken && !isInside && !this.#isCancelled && this.#connection.role === "client" &&
      this.#contentLength === this.#received;
  }

  /** A small piece, and those that are there behind it. */
  #gather(first: Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer> {
    if (first.length >= LARGE) return first;
    const frames = this.#frames;
    const pieces = [first];
    while ((frames.type !== H3FrameType.Data || frames.remaining === 0) && frames.nextAtHand()) {
      const { type } = frames;
      if (type === H3FrameType.Data) {
        this.#count(frames.remaining);
        pieces.push(frames.pieceAtHand());
      } else if (type === H3FrameType.Headers) {
        this.#hasTrailersAhead = true;
        break;
      } else {
        this.#checkOther(type);
      }
    }
    return pieces.length === 1 ? first : concatBytes(...pieces);
  }

  async #section(): Promise<FieldLine[]> {
    const { headerSize } = this.#frames;
    const payload = await this.#frames.payload(this.#connection.maxFieldSectionSize);
    // RFC 9204, Section 2.2.2: nothing is acknowledged of a stream that was cancelled.
    this.#frames.throwIfCancelled();
    const lines = await this.#connection.decode(this.#id, payload);
    const { log } = this.#connection;
    log?.frameParsed(this.#id, loggedHeaders(lines, headerSize, payload.length));
    return lines;
  }

  async #onTrailers(): Promise<void> {
    this.#hasTrailersAhead = false;
    // RFC 9114, Section 4.4: a tunnel has no trailers.
    if (this.trailers || this.#isTunnel) throw unexpectedFrame(H3FrameType.Headers);
    this.trailers = readTrailers(await this.#section());
  }

  /** Counts a DATA frame by its header, so that an excess is seen before a byte is handed on. */
  #count(length: number): void {
    this.#connection.log?.frameParsed(this.#id, loggedData(this.#frames.headerSize, length));
    if (this.trailers) throw unexpectedFrame(H3FrameType.Data);
    this.#received += length;
    if (this.#contentLength >= 0 && this.#received > this.#contentLength) throw this.#mismatch();
  }

  #mismatch(): StreamError {
    return new StreamError(
      H3ErrorCode.MessageError,
      `Cannot accept content that differs from its announced ${this.#contentLength} bytes`,
    );
  }

  #checkOther(type: number): void {
    if (this.#connection.webTransport) checkSignal(type);
    switch (type) {
      case H3FrameType.PushPromise:
        // RFC 9114, Section 7.2.5: servers take none, and we allow none to clients.
        if (this.#connection.role === "server") throw unexpectedFrame(type);
        throw new ApplicationError(
          H3ErrorCode.IdError,
          "Cannot accept a push that was not allowed",
        );
      case H3FrameType.CancelPush:
      case H3FrameType.Settings:
      case H3FrameType.GoAway:
      case H3FrameType.MaxPushId:
      case H3FrameType.PriorityUpdateRequest:
      case H3FrameType.PriorityUpdatePush:
        throw unexpectedFrame(type);
    }
    const { headerSize, remaining } = this.#frames;
    this.#connection.log?.frameParsed(this.#id, loggedUnknown(type, headerSize, remaining));
    // RFC 9114, Section 9: what is not known is passed over.
    if (isForbiddenFrame(type)) throw unexpectedFrame(type);
  }
}
