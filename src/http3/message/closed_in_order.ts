// The error of a connection that was closed as it should be.

import { ApplicationError } from "../../error/quic_error.ts";

/** The error for callers that still wait when the transport is closed without a failure. */
export function closedInOrder(info: unknown): ApplicationError {
  const { closeCode = 0, reason = "" } = (info ?? {}) as { closeCode?: number; reason?: string };
  const said = reason === "" ? "" : `, "${reason}"`;
  return new ApplicationError(
    closeCode,
    `Cannot go on: the connection was closed with code ${closeCode}${said}`,
  );
}
