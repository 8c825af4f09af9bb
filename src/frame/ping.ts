// PADDING and PING frames.

import type { Reader } from "../bytes/reader.ts";
import type { Writer } from "../bytes/writer.ts";

/** A byte that says nothing (RFC 9000, Section 19.1). */
export const PADDING = 0x00;
/** Asks for an acknowledgement (RFC 9000, Section 19.2). */
export const PING = 0x01;

/** Hears of frames that only ask for an answer. */
export interface PingHandler {
  onPing(): void;
}

/** Passes over all PADDING that follows one. */
export function skipPadding(reader: Reader): void {
  const { bytes, end } = reader;
  let at = reader.offset;
  while (at < end && bytes[at] === 0) at++;
  reader.seek(at);
}

/** Reads PING, which is its type alone. */
export function readPing(_reader: Reader, handler: PingHandler): void {
  handler.onPing();
}

/** Writes PING: one byte. */
export function writePing(writer: Writer): void {
  writer.uint8(PING);
}
