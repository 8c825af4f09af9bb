// The end of a connection (RFC 9000, Section 10).

import { ErrorCode } from "../error/error_code.ts";
import { TransportError } from "../error/quic_error.ts";

/** Why a connection ended. */
export interface CloseReason {
  /** The end that closed it: this one, the peer, or neither (silence, a stateless reset). */
  readonly by: "local" | "peer" | "timeout" | "reset";
  /** Whether `code` is the application's. */
  readonly application: boolean;
  /** The error code: of the transport, or of the application. */
  readonly code: number;
  /** What is said about it, for people; often empty. */
  readonly reason: string;
  /** A version that both ends speak, with which another attempt would succeed. */
  readonly mutualVersion?: number | undefined;
  /** What was thrown, when this end closed because of an error. */
  readonly cause?: unknown;
}

/** Stages of the end (RFC 9000, Section 10.2). */
export const CloseStage = {
  Open: 0,
  /** CONNECTION_CLOSE was sent and is repeated if the peer goes on. */
  Closing: 1,
  /** The peer has closed: nothing is sent. */
  Draining: 2,
  /** Nothing is left. */
  Closed: 3,
} as const;
/** One of the values of {@linkcode CloseStage}. */
export type CloseStage = (typeof CloseStage)[keyof typeof CloseStage];

/** The end of a connection: what each end said, and what must still be answered. */
export class Closing {
  stage: CloseStage = CloseStage.Open;
  /** Whether neither end has closed. */
  open = true;
  reason: CloseReason | undefined = undefined;
  /** When the connection can be forgotten. */
  deadline = Infinity;
  /** Whether CONNECTION_CLOSE must go out. */
  pending = false;
  /** What a socket said last that could not send, until the peer is heard again. */
  #sendError: unknown = undefined;
  #received = 0;
  #answerAt = 1;
  /** Bytes that answers may have, and the size of one. */
  #credit = 0;
  #size = 0;

  /** What a socket said last that could not send, until the peer is heard again. */
  get sendError(): unknown {
    return this.#sendError;
  }

  /** A socket could not send. */
  onSendFailed(cause: unknown): void {
    this.#sendError = cause;
  }

  /** A packet of the peer was opened. */
  onHeard(): void {
    this.#sendError = undefined;
  }

  /**
   * This end closes.
   *
   * @param lifetime How long to answer: three probe timeouts.
   * @returns Whether it was open until now.
   */
  close(reason: CloseReason, lifetime: number, now: number): boolean {
    if (!this.open) return false;
    this.#enter(CloseStage.Closing);
    this.reason = this.#explained(reason);
    this.pending = true;
    this.deadline = now + lifetime;
    return true;
  }

  /**
   * This end closes to make room. The peer is told once, and nothing is kept to tell it again.
   *
   * @param application Whether `code` is the application's.
   */
  giveWay(code: number, application: boolean, reason: string, now: number): void {
    this.close({ by: "local", application, code, reason }, 0, now);
    this.deadline = Math.min(this.deadline, now);
  }

  #enter(stage: CloseStage): void {
    this.stage = stage;
    this.open = false;
  }

  /** The peer closed. RFC 9000, Section 10.2.2: one answer is allowed, none is needed. */
  drain(reason: CloseReason, lifetime: number, now: number): boolean {
    const first = this.open;
    if (this.stage >= CloseStage.Draining) return false;
    this.#enter(CloseStage.Draining);
    this.reason ??= reason;
    this.pending = false;
    this.deadline = Math.min(this.deadline, now + lifetime);
    return first;
  }

  /** A stateless reset arrived: the peer has forgotten the connection. */
  onReset(lifetime: number, now: number): void {
    this.drain({ by: "reset", application: false, code: 0, reason: "" }, lifetime, now);
  }

  /** Ends at once, without a word. */
  end(reason: CloseReason): boolean {
    const first = this.open;
    this.#enter(CloseStage.Closed);
    this.reason ??= this.#explained(reason);
    this.pending = false;
    this.deadline = Infinity;
    return first;
  }

  /** Nothing was heard, and here may be why. */
  #explained(reason: CloseReason): CloseReason {
    const isSilence = reason.by === "timeout" && this.#sendError !== undefined;
    return isSilence ? { ...reason, cause: this.#sendError } : reason;
  }

  /** A datagram came though we have closed: it is answered, ever less often. */
  onDatagram(size: number): void {
    if (this.stage !== CloseStage.Closing) return;
    // RFC 9000, Section 10.2.1: the rate of answers has to be limited. Their bytes are limited to
    // three times those received, because senders are no longer verified.
    this.#credit += 3 * size;
    if (++this.#received < this.#answerAt || this.#credit < this.#size) return;
    this.#answerAt *= 2;
    this.pending = true;
  }

  /** Whether no CONNECTION_CLOSE has left yet: those that follow answer a peer that goes on. */
  get isFirst(): boolean {
    return this.#size === 0;
  }

  /** CONNECTION_CLOSE is being written. */
  onWritten(): void {
    this.pending = false;
  }

  /** CONNECTION_CLOSE has left; the first one needs no credit. */
  onSent(size: number): void {
    this.#size = size;
    this.#credit = Math.max(0, this.#credit - size);
  }

  expire(now: number): void {
    if (this.deadline > now) return;
    this.stage = CloseStage.Closed;
    this.pending = false;
    this.deadline = Infinity;
  }
}

/** What the transport says of an application's close before 1-RTT (RFC 9000, Section 10.2.3). */
export const EARLY_APPLICATION_CLOSE: number = ErrorCode.ApplicationError;

/** The reason for closing when something was thrown. */
export function failure(cause: unknown): CloseReason {
  const known = cause instanceof TransportError;
  const code = known ? cause.code : ErrorCode.InternalError;
  const reason = known ? cause.message : "Internal error";
  return { by: "local", application: false, code, reason, cause };
}

/** The reason for closing when something took too long. */
export function timedOut(reason: string): CloseReason {
  return { by: "timeout", application: false, code: ErrorCode.NoError, reason };
}
