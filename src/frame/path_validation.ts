// PATH_CHALLENGE and PATH_RESPONSE frames.

import type { Reader } from "../bytes/reader.ts";
import type { Writer } from "../bytes/writer.ts";

/** Asks for an answer along this 4-tuple (RFC 9000, Section 19.17). */
export const PATH_CHALLENGE = 0x1a;
/** The answer to a PATH_CHALLENGE (RFC 9000, Section 19.18). */
export const PATH_RESPONSE = 0x1b;

/** Hears of path validation. `data` are 8 bytes. */
export interface PathValidationHandler {
  onPathChallenge(data: Uint8Array): void;
  onPathResponse(data: Uint8Array): void;
}

/** Reads PATH_CHALLENGE from behind its type. */
export function readPathChallenge(reader: Reader, handler: PathValidationHandler): void {
  handler.onPathChallenge(reader.take(8));
}

/** Reads PATH_RESPONSE from behind its type. */
export function readPathResponse(reader: Reader, handler: PathValidationHandler): void {
  handler.onPathResponse(reader.take(8));
}

/** Writes PATH_CHALLENGE with its 8 bytes (RFC 9000, Section 19.17). */
export function writePathChallenge(writer: Writer, data: Uint8Array): void {
  writer.uint8(PATH_CHALLENGE);
  writer.put(data);
}

/** Writes PATH_RESPONSE with the 8 bytes of the challenge (RFC 9000, Section 19.18). */
export function writePathResponse(writer: Writer, data: Uint8Array): void {
  writer.uint8(PATH_RESPONSE);
  writer.put(data);
}
