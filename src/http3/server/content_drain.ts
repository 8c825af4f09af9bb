// Reads and drops the unwanted content of a request, within limits.

import type { StreamError } from "../../error/quic_error.ts";
import { Patience } from "../message/patience.ts";
import type { RequestStream } from "../message/request_stream.ts";
import { later } from "../timer.ts";
import { DRAIN_SILENCE, DRAIN_TIME, MAX_DRAINED_CONTENT } from "../../limits/limits.ts";

/** How the reading of unwanted content ended. */
export type DrainEnd =
  /** The client sent all of it. */
  | "complete"
  /** The client sent nothing for a while. */
  | "silent"
  /** The client sent more than is read for nothing, or took too long. */
  | "overrun";

/**
 * Reads the content of a request that the handler does not want, and drops it, within bounds.
 *
 * RFC 9114, Section 4.1 lets a server that has answered ask the client to stop sending. Chromium
 * does not show the answer then, but waits without end. So the server reads on for a while, as
 * servers of HTTP/1.1 do; the content takes no memory.
 *
 * @param stream The request; the application can no longer read its content.
 * @param refusal What the application sees if it still reads.
 * @returns How it ended; after "silent" and "overrun" the rest is the caller's to refuse.
 * @throws {QuicError} If the client resets the stream, or breaks a rule of HTTP/3.
 */
export async function drainContent(
  stream: RequestStream,
  refusal: StreamError,
): Promise<DrainEnd> {
  const expired = Promise.withResolvers<DrainEnd>();
  const stop = later(DRAIN_TIME, () => expired.resolve("overrun"));
  const patience = new Patience(
    { timeout: DRAIN_SILENCE, rate: 0 },
    () => expired.resolve("silent"),
  );
  try {
    return await Promise.race([dropAll(stream, refusal, patience), expired.promise]);
  } finally {
    stop();
    patience.stop();
  }
}

async function dropAll(
  stream: RequestStream,
  refusal: StreamError,
  patience: Patience,
): Promise<DrainEnd> {
  patience.begin();
  await stream.takeBack(refusal);
  for (let total = 0; total <= MAX_DRAINED_CONTENT;) {
    patience.begin();
    const piece = await stream.incoming.data();
    if (!piece) return "complete";
    patience.end(piece.length);
    total += piece.length;
  }
  return "overrun";
}
