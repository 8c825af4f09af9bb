// STREAM frames.

import type { Reader } from "../bytes/reader.ts";
import { MAX_SAFE_VARINT, varintSize } from "../bytes/varint.ts";
import type { Writer } from "../bytes/writer.ts";
import { ErrorCode } from "../error/error_code.ts";
import { TransportError } from "../error/quic_error.ts";
import { dataRoom } from "./crypto.ts";

/**
 * Bytes of a stream (RFC 9000, Section 19.8). The types go up to 0x0f: three low bits say whether
 * offset, length and the end of the stream are present.
 */
export const STREAM = 0x08;

/** Hears of bytes of streams. */
export interface StreamHandler {
  onStream(id: number, offset: number, data: Uint8Array, fin: boolean): void;
}

const FIN = 0x01;
const LENGTH = 0x02;
const OFFSET = 0x04;

/** Reads STREAM from behind its type (RFC 9000, Section 19.8). */
export function readStream(reader: Reader, handler: StreamHandler, type: number): void {
  const id = readStreamId(reader);
  const offset = (type & OFFSET) === 0 ? 0 : reader.varintClamped();
  const data = reader.take((type & LENGTH) === 0 ? reader.remaining : reader.varint());
  // RFC 9000, Section 19.8 ends streams at 2^62 - 1 and lets us name it flow control; the credit
  // we grant ends far below 2^53, so numbers that cannot be held are beyond it in any case.
  if (offset + data.length > MAX_SAFE_VARINT) {
    throw new TransportError(
      ErrorCode.FlowControlError,
      `Cannot accept stream ${id}: its offset is beyond any credit`,
    );
  }
  handler.onStream(id, offset, data, (type & FIN) !== 0);
}

/**
 * Reads a stream ID. We never allow as many streams as would need IDs above 2^53, so those are
 * beyond the limit (RFC 9000, Section 4.6).
 */
export function readStreamId(reader: Reader): number {
  const id = reader.varintClamped();
  if (id === MAX_SAFE_VARINT) {
    throw new TransportError(
      ErrorCode.StreamLimitError,
      "Cannot accept a stream: its ID is beyond any limit",
    );
  }
  return id;
}

/**
 * Bytes of a STREAM frame without its data.
 *
 * @param length How many data follow; -1 if the frame reaches to the end of the packet.
 */
export function streamHeaderSize(id: number, offset: number, length: number): number {
  const offsetSize = offset === 0 ? 0 : varintSize(offset);
  return 1 + varintSize(id) + offsetSize + (length < 0 ? 0 : varintSize(length));
}

/**
 * How many bytes of data a STREAM frame with a length can carry in `room` bytes; negative if not
 * even an empty one fits.
 */
export function streamDataRoom(id: number, offset: number, room: number): number {
  const left = room - streamHeaderSize(id, offset, -1);
  return left < 1 ? -1 : dataRoom(left);
}

/**
 * Writes the part of STREAM before its data, which the caller puts behind it.
 *
 * @param length How many data follow; -1 if they reach to the end of the packet.
 */
export function writeStreamHeader(
  writer: Writer,
  id: number,
  offset: number,
  length: number,
  fin: boolean,
): void {
  const flags = (offset === 0 ? 0 : OFFSET) | (length < 0 ? 0 : LENGTH) | (fin ? FIN : 0);
  writer.uint8(STREAM | flags);
  writer.varint(id);
  if (offset !== 0) writer.varint(offset);
  if (length >= 0) writer.varint(length);
}
