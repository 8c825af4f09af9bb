// The error codes of streams that applications abort or cancel.

import { StreamError } from "../../error/quic_error.ts";

/** The code that goes with the reason of an abort or cancel: that of a `StreamError`, else 0. */
export function codeOf(reason: unknown): number {
  if (!(reason instanceof StreamError)) return 0;
  const { code } = reason;
  return Number.isSafeInteger(code) && code >= 0 ? code : 0;
}
