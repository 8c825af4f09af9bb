// An error of the application while a message was read or written for it.

import { StreamError } from "../../error/quic_error.ts";
import { H3ErrorCode } from "../wire/code_point.ts";

/**
 * The application failed while we worked for it: a body, or a function it gave us. Its error is the
 * `cause`; whatever that is, it says nothing about this connection. It may be another one's.
 */
export class CallerError extends Error {
  override readonly name = "CallerError";

  /** @param cause What the application threw. */
  constructor(cause: unknown) {
    super("Cannot go on: the application failed", { cause });
  }

  /** What the peer is told: the application's own code, if it has one. */
  get code(): number {
    const { cause } = this;
    // RFC 9114, Section 4.1.1: a request that was handed to the application was processed.
    return cause instanceof StreamError && cause.code !== H3ErrorCode.RequestRejected
      ? cause.code
      : H3ErrorCode.InternalError;
  }
}

/** Passes on what the application threw, marked as such. */
export function callerFailed(error: unknown): never {
  throw new CallerError(error);
}

/** What was thrown in the first place. */
export function originOf(error: unknown): unknown {
  return error instanceof CallerError ? error.cause : error;
}
