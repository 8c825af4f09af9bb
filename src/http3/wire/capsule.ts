// Reads and writes capsules (RFC 9297).

import { checkBytes } from "../../bytes/bytes.ts";
import { MAX_CAPSULE } from "../../limits/limits.ts";
import { ApplicationError, StreamError } from "../../error/quic_error.ts";
import { H3ErrorCode } from "./code_point.ts";
import { frame } from "./frame.ts";
import { FrameReader, frugal } from "./frame_reader.ts";

/**
 * Types of capsules (RFC 9297, Section 5.4).
 *
 * @category HTTP/3
 */
export const CapsuleType = {
  /** A datagram on the stream, for peers and proxies without QUIC datagrams. */
  Datagram: 0x00,
} as const;

/**
 * A piece of a stream that follows the capsule protocol (RFC 9297, Section 3.2).
 *
 * @category HTTP/3
 */
export interface Capsule {
  /** What kind it is. */
  readonly type: number;
  /** What it holds. */
  readonly value: Uint8Array<ArrayBuffer>;
}

/**
 * How capsules are read.
 *
 * @category HTTP/3
 */
export interface CapsuleOptions {
  /**
   * Types to hand on; others are passed over without being held.
   *
   * @default {[CapsuleType.Datagram]}
   */
  types?: readonly number[];
  /**
   * Bytes of the largest value to take.
   *
   * @default {65536}
   */
  maxSize?: number;
}

/** Fields that say of what length or form content is, which capsules have no part in. */
const CONTENT_FIELDS = ["content-length", "content-type", "transfer-encoding"];
/** Statuses that say what becomes of content. */
const CONTENT_STATUSES = [204, 205, 206];

/**
 * Whether a message may carry capsules: with others, it is malformed (RFC 9297, Section 3.2).
 *
 * @param status Of a response.
 */
export function mayCarryCapsules(headers: Headers, status = 200): boolean {
  return !CONTENT_STATUSES.includes(status) && !CONTENT_FIELDS.some((name) => headers.has(name));
}

/**
 * Makes a response one that may carry capsules.
 *
 * @param headers Its fields; those that stand against it are removed.
 * @returns The status to be used.
 */
export function prepareForCapsules(headers: Headers, status: number): number {
  for (const name of CONTENT_FIELDS) headers.delete(name);
  return CONTENT_STATUSES.includes(status) ? 200 : status;
}

/** The error for a message that may not carry capsules, and shall. */
export function noCapsules(): StreamError {
  return new StreamError(
    H3ErrorCode.MessageError,
    "Cannot take capsules of a message that describes its content",
  );
}

/**
 * Reads the capsules of a stream, such as the body of an extended CONNECT.
 *
 * @category HTTP/3
 */
export class CapsuleReader {
  readonly #frames: FrameReader;
  readonly #types: ReadonlySet<number>;
  readonly #maxSize: number;

  /**
   * Makes a reader of a stream.
   *
   * @param stream The stream; it stays locked.
   * @param options Which capsules are wanted.
   */
  constructor(stream: ReadableStream<Uint8Array<ArrayBuffer>>, options: CapsuleOptions = {}) {
    this.#frames = new FrameReader(stream);
    this.#types = new Set(options.types ?? [CapsuleType.Datagram]);
    this.#maxSize = options.maxSize ?? MAX_CAPSULE;
  }

  /**
   * The next capsule of a type that was asked for; undefined at the end of the stream.
   *
   * @throws {StreamError} H3_MESSAGE_ERROR if the stream ends within a capsule, H3_EXCESSIVE_LOAD
   * for one that is too large.
   */
  async next(): Promise<Capsule | undefined> {
    const frames = this.#frames;
    try {
      while (frames.nextAtHand() || await frames.next()) {
        const { type } = frames;
        // RFC 9297, Section 3.2: unknown types are silently passed over.
        if (!this.#types.has(type)) continue;
        return { type, value: frugal(await frames.payload(this.#maxSize)) };
      }
      return undefined;
    } catch (error) {
      // RFC 9297, Section 3.3: a capsule cut off makes the message malformed.
      throw error instanceof ApplicationError && error.code === H3ErrorCode.FrameError
        ? new StreamError(H3ErrorCode.MessageError, "Cannot read a capsule that is cut off")
        : error;
    }
  }

  /** Gives up reading; the code goes to the peer. */
  cancel(error: StreamError): void {
    this.#frames.cancel(error);
  }
}

/**
 * A capsule as bytes.
 *
 * @throws {TypeError} If the value is no `Uint8Array`.
 *
 * @category HTTP/3
 */
export function encodeCapsule(type: number, value: Uint8Array): Uint8Array<ArrayBuffer> {
  checkBytes(value, "encode a capsule");
  return frame(type, value);
}
