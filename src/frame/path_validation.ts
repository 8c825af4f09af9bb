import type { Writer } from "../bytes/writer.ts";
import { FrameType } from "./frame_type.ts";

/** Bytes of PATH_CHALLENGE and of PATH_RESPONSE. */
export const PATH_CHALLENGE_SIZE = 9;

/** Writes PATH_CHALLENGE with its 8 bytes (RFC 9000, Section 19.17). */
export function writePathChallenge(writer: Writer, data: Uint8Array): void {
  writer.uint8(FrameType.PathChallenge);
  writer.put(data);
}

/** Writes PATH_RESPONSE with the 8 bytes of the challenge (RFC 9000, Section 19.18). */
export function writePathResponse(writer: Writer, data: Uint8Array): void {
  writer.uint8(FrameType.PathResponse);
  writer.put(data);
}
