// Reads and writes the reason for which a session is closed (WebTransport, Section 6).

import { StreamError } from "../../error/quic_error.ts";
import { MAX_CLOSE_REASON } from "../../limits/limits.ts";
import { H3ErrorCode } from "../wire/code_point.ts";
import { MAX_APPLICATION_CODE } from "../wire/web_transport.ts";
import type { WebTransportCloseInfo } from "./web_transport_session.ts";

const CODE_SIZE = 4;

/** Bytes of the longest value of a capsule that closes a session. */
export const MAX_CLOSE_VALUE: number = CODE_SIZE + MAX_CLOSE_REASON;

/**
 * The value of the capsule that closes a session; a long reason is cut between two characters.
 *
 * @throws {RangeError} If there is no such code.
 */
export function writeCloseInfo(
  { closeCode, reason }: WebTransportCloseInfo,
): Uint8Array<ArrayBuffer> {
  const isCode = Number.isInteger(closeCode) && closeCode >= 0 && closeCode <= MAX_APPLICATION_CODE;
  if (!isCode) {
    throw new RangeError(`Cannot close with code ${closeCode}: give a number from 0 to 2^32 - 1`);
  }
  const value = new Uint8Array(CODE_SIZE + MAX_CLOSE_REASON);
  new DataView(value.buffer).setUint32(0, closeCode);
  const { written } = new TextEncoder().encodeInto(reason, value.subarray(CODE_SIZE));
  return value.subarray(0, CODE_SIZE + written);
}

/**
 * Reads the value of the capsule that closes a session.
 *
 * @throws {StreamError} H3_MESSAGE_ERROR.
 */
export function readCloseInfo(value: Uint8Array<ArrayBuffer>): WebTransportCloseInfo {
  if (value.length < CODE_SIZE || value.length > MAX_CLOSE_VALUE) {
    throw malformed(`Cannot read ${value.length} bytes as the end of a session`);
  }
  const view = new DataView(value.buffer, value.byteOffset, value.length);
  try {
    const text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
    return { closeCode: view.getUint32(0), reason: text.decode(value.subarray(CODE_SIZE)) };
  } catch {
    throw malformed("Cannot read the reason for the end of a session: it is no UTF-8");
  }
}

/** The error for what has no place on the stream of a session. */
export function malformed(message: string): StreamError {
  return new StreamError(H3ErrorCode.MessageError, message);
}
