// Turns the reason why a connection was closed into an error for the application.

import type { CloseReason } from "../connection/closing.ts";
import { ErrorCode, errorCodeName } from "../error/error_code.ts";
import { ApplicationError, TransportError } from "../error/quic_error.ts";
import type { CloseInfo } from "./options/options.ts";

/** Whether the connection was closed on purpose, rather than by a failure. */
export function isOrderly(reason: CloseReason): boolean {
  if (reason.by === "timeout" || reason.by === "reset") return false;
  return reason.application || reason.code === 0;
}

/** What `closed` resolves with. */
export function closeInfo(reason: CloseReason): CloseInfo {
  return { closeCode: reason.code, reason: reason.reason };
}

/**
 * Of the failures of two ways to one server, the one that says more: an answer of the server rather
 * than silence, and silence rather than that there is no way to one of its addresses.
 */
export function moreTelling(first: unknown, second: unknown): unknown {
  return first === undefined || worth(second) > worth(first) ? second : first;
}

function worth(failure: unknown): number {
  const isNoWay = failure instanceof TransportError && failure.code === ErrorCode.NoViablePath;
  if (isNoWay) return 0;
  return (failure as Error | undefined)?.name === "TimeoutError" ? 1 : 2;
}

/** The error for calls that still wait when the connection is closed. */
export function closeError(reason: CloseReason): Error {
  const { by, code, application, cause } = reason;
  const options = cause === undefined ? undefined : { cause };
  if (by === "timeout") {
    const why = reason.reason || "the peer has not been heard for too long";
    const error = new DOMException(`Cannot go on: ${why}`, "TimeoutError");
    return options === undefined ? error : Object.defineProperty(error, "cause", { value: cause });
  }
  if (by === "reset") return new TransportError(0, "Cannot go on: the peer forgot the connection");
  const who = by === "peer" ? "the peer" : "this end";
  const said = reason.reason === "" ? "" : `, "${reason.reason}"`;
  if (application) {
    const message = `Cannot go on: ${who} closed the connection with code ${code}${said}`;
    return new ApplicationError(code, message, options);
  }
  const message = `Cannot go on: ${who} closed the connection, ${errorCodeName(code)}${said}`;
  return new TransportError(code, message, options);
}
