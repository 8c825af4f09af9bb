// What goes wrong with sessions of WebTransport and their streams.

import { StreamError } from "../../error/quic_error.ts";
import { MAX_APPLICATION_CODE, toApplicationCode, toHttpCode } from "../wire/web_transport.ts";

/**
 * A session of WebTransport could not be opened or has broken, or one of its streams was reset.
 *
 * A stream is aborted, or its reading cancelled, with such an error to tell the peer a code.
 *
 * @example Give a stream up with a code of your own
 * ```ts
 * import { WebTransportError } from "@mpquic/mpquic";
 *
 * const error = new WebTransportError("Too late", { streamErrorCode: 7 });
 * console.log(error.source === "stream" && error.streamErrorCode === 7); // true
 * ```
 *
 * @category WebTransport
 */
export class WebTransportError extends Error {
  /** Of this class. */
  override readonly name = "WebTransportError";
  /** Whether it is about a stream, or the whole session. */
  readonly source: "stream" | "session";
  /**
   * The code that the application of the other end gave, from 0 to 2^32 - 1; null if it gave none,
   * as when the session has ended.
   */
  readonly streamErrorCode: number | null;
  /** The status of the response of a server that refuses the session, if it is that. */
  readonly status: number | undefined;

  /**
   * Makes an error.
   *
   * @param message What could not be done, and why.
   * @param options What it is about, its code, and its `cause`.
   */
  constructor(message: string, options: WebTransportErrorOptions = {}) {
    const { source = "stream", streamErrorCode = null, status, cause } = options;
    super(message, cause === undefined ? undefined : { cause });
    this.source = source;
    this.streamErrorCode = streamErrorCode;
    this.status = status;
  }
}

/**
 * What an error of WebTransport tells beside its message.
 *
 * @category WebTransport
 */
export interface WebTransportErrorOptions extends ErrorOptions {
  /**
   * Whether it is about a stream, or the whole session.
   *
   * @default {"stream"}
   */
  source?: "stream" | "session";
  /** The code for the peer, from 0 to 2^32 - 1. */
  streamErrorCode?: number | null;
  /** The status of a response that refuses a session. */
  status?: number;
}

/** What resets a stream, or stops the peer, for a reason of the application. */
export function resetFor(reason: unknown): StreamError {
  const code = codeOf(reason);
  return new StreamError(toHttpCode(code), "Given up by the application", { cause: reason });
}

/** The error that an application sees when its stream breaks (WebTransport, Section 4.4). */
export function streamFailure(error: unknown): unknown {
  if (!(error instanceof StreamError)) return error;
  return new WebTransportError(error.message, {
    streamErrorCode: toApplicationCode(error.code) ?? null,
    cause: error,
  });
}

/** The code in an error of ours, of the platform's own class, or of streams; else 0. */
function codeOf(reason: unknown): number {
  if (typeof reason !== "object" || reason === null) return 0;
  const { streamErrorCode, code } = reason as { streamErrorCode?: unknown; code?: unknown };
  const given = reason instanceof StreamError ? code : streamErrorCode;
  const isCode = Number.isSafeInteger(given) && given as number >= 0 &&
    given as number <= MAX_APPLICATION_CODE;
  return isCode ? given as number : 0;
}
