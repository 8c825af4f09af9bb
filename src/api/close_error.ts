import type { CloseReason } from "../connection/closing.ts";
import { errorCodeName } from "../error/error_code.ts";
import { ApplicationError, TransportError } from "../error/quic_error.ts";
import type { CloseInfo } from "./options.ts";

/** Whether the end is one that applications agree on, rather than a failure. */
export function isOrderly(reason: CloseReason): boolean {
  if (reason.by === "timeout" || reason.by === "reset") return false;
  return reason.application || reason.code === 0;
}

/** What `closed` resolves with. */
export function closeInfo(reason: CloseReason): CloseInfo {
  return { closeCode: reason.code, reason: reason.reason };
}

/** The failure that tells more, of two ways to one server: what somebody said, rather than silence. */
export function moreTelling(first: unknown, second: unknown): unknown {
  const isSilence = (error: unknown) => (error as Error | undefined)?.name === "TimeoutError";
  return first === undefined || (isSilence(first) && !isSilence(second)) ? second : first;
}

/** What fails whoever still wanted something of the connection. */
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
