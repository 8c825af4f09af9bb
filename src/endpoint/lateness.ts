// Which deadlines may be met some milliseconds late.

import type { Connection } from "../connection/connection.ts";

/**
 * Whether nothing suffers if the next deadline of a connection is met some milliseconds late. One that
 * is over is forgotten then (RFC 9000, Section 10.2: not before three times its probe timeout). An
 * answer that is overdue has been waited for longer than it ever took, and so has a packet that is to
 * be copied to another path; a probe behind the end of a transfer is seldom needed at all. An
 * acknowledgement that is held back reckons with it. What waits for a pacer must be on time.
 */
export function canBeLate({ closing, deadline, dispatcher, paths }: Connection): boolean {
  if (!closing.open || dispatcher.copyDeadline === deadline) return true;
  return paths.paths.some(({ loss, space: { received, tail } }) =>
    loss.lastDeadline === deadline || tail.decidesAt === deadline ||
    (received.deadline === deadline && received.canBeLate)
  );
}
