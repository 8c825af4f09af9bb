// CONNECTION_CLOSE frames.

import type { Reader } from "../bytes/reader.ts";
import { varintSize } from "../bytes/varint.ts";
import type { Writer } from "../bytes/writer.ts";

/** The transport closes the connection (RFC 9000, Section 19.19). */
export const CONNECTION_CLOSE = 0x1c;
/** The application closes the connection (RFC 9000, Section 19.19). */
export const APPLICATION_CLOSE = 0x1d;

/** Hears that the peer closes. */
export interface CloseHandler {
  /** The transport closes; `frameType` is 0 when the peer did not name one. */
  onConnectionClose(code: number, frameType: number, reason: Uint8Array): void;
  /** The application closes. */
  onApplicationClose(code: number, reason: Uint8Array): void;
}

// Codes and frame types may have any value of 62 bits; unknown ones only end up in a log.

/** Reads CONNECTION_CLOSE of the transport from behind its type. */
export function readConnectionClose(reader: Reader, handler: CloseHandler): void {
  const code = reader.varintClamped();
  const frameType = reader.varintClamped();
  handler.onConnectionClose(code, frameType, reader.take(reader.varint()));
}

/** Reads CONNECTION_CLOSE of the application from behind its type. */
export function readApplicationClose(reader: Reader, handler: CloseHandler): void {
  const code = reader.varintClamped();
  handler.onApplicationClose(code, reader.take(reader.varint()));
}

/** Bytes of the shortest CONNECTION_CLOSE of the transport: one without a reason. */
export function connectionCloseSize(code: number, frameType: number): number {
  return 2 + varintSize(code) + varintSize(frameType);
}

/** Bytes of the shortest CONNECTION_CLOSE of the application: one without a reason. */
export function applicationCloseSize(code: number): number {
  return 2 + varintSize(code);
}

/**
 * Writes CONNECTION_CLOSE of the transport; a reason too long for the packet is cut.
 *
 * @param frameType The type of the frame at fault, 0 if unknown.
 * @param reason UTF-8.
 */
export function writeConnectionClose(
  writer: Writer,
  code: number,
  frameType: number,
  reason: Uint8Array,
): void {
  writer.uint8(CONNECTION_CLOSE);
  writer.varint(code);
  writer.varint(frameType);
  writeReason(writer, reason);
}

/** Writes CONNECTION_CLOSE of the application; a reason too long for the packet is cut. */
export function writeApplicationClose(writer: Writer, code: number, reason: Uint8Array): void {
  writer.uint8(APPLICATION_CLOSE);
  writer.varint(code);
  writeReason(writer, reason);
}

function writeReason(writer: Writer, reason: Uint8Array): void {
  let length = Math.max(0, Math.min(reason.length, writer.room - varintSize(reason.length)));
  // Never through the middle of a character: its later bytes begin with the bits 10.
  if (length < reason.length) { while (length > 0 && (reason[length]! & 0xc0) === 0x80) length--; }
  writer.varint(length);
  writer.put(reason.subarray(0, length));
}
