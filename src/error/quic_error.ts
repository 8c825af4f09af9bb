/**
 * What every error of this module has in common: a code that travels on the wire.
 *
 * @example
 * ```ts
 * import { QuicError, TransportError } from "@mpquic/mpquic";
 *
 * const error: QuicError = new TransportError(0x0a, "Cannot accept this frame here");
 * console.log(error.code === 0x0a); // true
 * ```
 *
 * @category Errors
 */
export class QuicError extends Error {
  /** The name of the class, as errors have it. */
  override readonly name: string = "QuicError";
  /** The code as it is sent to, or came from, the peer. */
  readonly code: number;

  /**
   * Makes an error with a code.
   *
   * @param code The code on the wire.
   * @param message What could not be done, and why.
   * @param options The `cause`, if another error led here.
   */
  constructor(code: number, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

/**
 * The connection broke a rule of the transport, TLS included (RFC 9000, Section 20.1).
 *
 * @category Errors
 */
export class TransportError extends QuicError {
  /** The name of the class, as errors have it. */
  override readonly name = "TransportError";
}

/**
 * An application closed the connection with a code of its own (RFC 9000, Section 20.2).
 *
 * @category Errors
 */
export class ApplicationError extends QuicError {
  /** The name of the class, as errors have it. */
  override readonly name = "ApplicationError";
}

/**
 * A stream was reset or is no longer wanted (RFC 9000, Sections 19.4 and 19.5).
 *
 * @category Errors
 */
export class StreamError extends QuicError {
  /** The name of the class, as errors have it. */
  override readonly name = "StreamError";
}

/**
 * A path could not be opened or was abandoned (MPQUIC, Section 4.2).
 *
 * @category Errors
 */
export class PathError extends QuicError {
  /** The name of the class, as errors have it. */
  override readonly name = "PathError";
}
