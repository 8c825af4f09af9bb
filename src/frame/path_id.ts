// Reads and checks path IDs (MPQUIC, Section 2.1).

import type { Reader } from "../bytes/reader.ts";
import { ErrorCode } from "../error/error_code.ts";
import { TransportError } from "../error/quic_error.ts";

/** The largest path ID: the nonce has 32 bits for it (MPQUIC, Section 2.1). */
export const LARGEST_PATH_ID = 0xffff_ffff;

/** Reads a path ID or a limit of path IDs, of which no larger one can have been announced. */
export function readPathId(reader: Reader): number {
  const id = reader.varintClamped();
  if (id <= LARGEST_PATH_ID) return id;
  throw new TransportError(
    ErrorCode.ProtocolViolation,
    "Cannot accept a path ID above 2^32 - 1",
  );
}
