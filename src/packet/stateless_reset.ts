// Stateless resets (RFC 9000, Section 10.3).

import type { Writer } from "../bytes/writer.ts";
import type { Random } from "../crypto/random.ts";

/** Bytes of a stateless reset token. */
export const RESET_TOKEN_LENGTH = 16;

/** RFC 9000, Section 10.3: 5 bytes that look like a header, and the token. */
const MIN_SIZE = 5 + RESET_TOKEN_LENGTH;

/** Bytes of the longest stateless reset; a longer one has no advantage. */
const MAX_SIZE = 42;

/**
 * Writes a stateless reset: bytes that look like a packet with a short header and end in the token.
 *
 * @param triggerSize The size of the datagram that belongs to no connection.
 * @returns Whether one was written; not if the trigger is so short that the answer could not be
 * shorter still. Otherwise two endpoints could reset each other without end.
 */
export function writeStatelessReset(
  writer: Writer,
  triggerSize: number,
  token: Uint8Array,
  random: Random,
): boolean {
  // RFC 9000, Section 10.3.3.
  const longest = Math.min(triggerSize - 1, MAX_SIZE, writer.room);
  if (longest < MIN_SIZE) return false;
  // Short triggers leave little choice; otherwise the length tells nothing either.
  const size = Math.max(MIN_SIZE, longest - random.below(4));
  const start = writer.offset;
  writer.put(random.bytes(size - RESET_TOKEN_LENGTH));
  writer.bytes[start] = (writer.bytes[start]! & 0x3f) | 0x40;
  writer.put(token);
  return true;
}

/** Whether a datagram of this size is long enough to be answered by a shorter one. */
export function isResettable(triggerSize: number): boolean {
  return triggerSize > MIN_SIZE;
}

/** Whether a datagram is long enough to be a stateless reset. */
export function maybeStatelessReset(datagram: Uint8Array): boolean {
  // RFC 9000, Section 10.3.1: of any form, as versions to come may let it look otherwise.
  return datagram.length >= MIN_SIZE;
}
