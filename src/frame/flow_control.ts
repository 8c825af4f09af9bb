// Frames of flow control: MAX_DATA, MAX_STREAMS, DATA_BLOCKED and the like.

import type { Reader } from "../bytes/reader.ts";
import { varintSize } from "../bytes/varint.ts";
import type { Writer } from "../bytes/writer.ts";
import { ErrorCode } from "../error/error_code.ts";
import { TransportError } from "../error/quic_error.ts";
import { readStreamId } from "./stream.ts";

/** Credit of the connection (RFC 9000, Section 19.9). */
export const MAX_DATA = 0x10;
/** Credit of a stream (RFC 9000, Section 19.10). */
export const MAX_STREAM_DATA = 0x11;
/** How many bidirectional streams may be opened (RFC 9000, Section 19.11). */
export const MAX_STREAMS_BIDI = 0x12;
/** How many unidirectional streams may be opened (RFC 9000, Section 19.11). */
export const MAX_STREAMS_UNI = 0x13;
/** The connection's credit is used up (RFC 9000, Section 19.12). */
export const DATA_BLOCKED = 0x14;
/** A stream's credit is used up (RFC 9000, Section 19.13). */
export const STREAM_DATA_BLOCKED = 0x15;
/** No more bidirectional streams may be opened (RFC 9000, Section 19.14). */
export const STREAMS_BLOCKED_BIDI = 0x16;
/** No more unidirectional streams may be opened (RFC 9000, Section 19.14). */
export const STREAMS_BLOCKED_UNI = 0x17;

/** Callbacks for credit, and for the lack of it. */
export interface FlowControlHandler {
  onMaxData(limit: number): void;
  onMaxStreamData(id: number, limit: number): void;
  onMaxStreams(bidirectional: boolean, limit: number): void;
  onDataBlocked(limit: number): void;
  onStreamDataBlocked(id: number, limit: number): void;
  onStreamsBlocked(bidirectional: boolean, limit: number): void;
}

/** More streams than this cannot be told apart by numbers: their IDs would pass 2^53. */
export const MAX_STREAM_COUNT: number = 2 ** 51;

/** Reads MAX_DATA from behind its type. */
export function readMaxData(reader: Reader, handler: FlowControlHandler): void {
  handler.onMaxData(reader.varintClamped());
}

/** Reads MAX_STREAM_DATA from behind its type. */
export function readMaxStreamData(reader: Reader, handler: FlowControlHandler): void {
  const id = readStreamId(reader);
  handler.onMaxStreamData(id, reader.varintClamped());
}

/** Reads MAX_STREAMS of either kind from behind its type. */
export function readMaxStreams(reader: Reader, handler: FlowControlHandler, type: number): void {
  const limit = countOfFrame(reader, type);
  handler.onMaxStreams(type === MAX_STREAMS_BIDI, limit);
}

/** Reads DATA_BLOCKED from behind its type. */
export function readDataBlocked(reader: Reader, handler: FlowControlHandler): void {
  handler.onDataBlocked(reader.varintClamped());
}

/** Reads STREAM_DATA_BLOCKED from behind its type. */
export function readStreamDataBlocked(reader: Reader, handler: FlowControlHandler): void {
  const id = readStreamId(reader);
  handler.onStreamDataBlocked(id, reader.varintClamped());
}

/** Reads STREAMS_BLOCKED of either kind from behind its type. */
export function readStreamsBlocked(
  reader: Reader,
  handler: FlowControlHandler,
  type: number,
): void {
  const limit = countOfFrame(reader, type);
  handler.onStreamsBlocked(type === STREAMS_BLOCKED_BIDI, limit);
}

/**
 * Reads a number of streams, held back to `MAX_STREAM_COUNT`.
 *
 * @returns The number, or -1 if it is above 2^60 and so could not be (RFC 9000, Section 4.6).
 */
export function readStreamCount(reader: Reader): number {
  const { bytes, offset } = reader;
  const count = reader.varintClamped();
  if (count === Number.MAX_SAFE_INTEGER) {
    // 2^60 is the byte 0xd0 (0xc0 for the length, 0x10 of the number) and seven zeros.
    if (bytes[offset]! > 0xd0) return -1;
    if (bytes[offset] === 0xd0) {
      for (let i = 1; i < 8; i++) if (bytes[offset + i] !== 0) return -1;
    }
  }
  return Math.min(count, MAX_STREAM_COUNT);
}

/** Bytes of MAX_DATA, MAX_STREAMS, DATA_BLOCKED or STREAMS_BLOCKED. */
export function limitSize(limit: number): number {
  return 1 + varintSize(limit);
}

/** Bytes of MAX_STREAM_DATA or STREAM_DATA_BLOCKED. */
export function streamLimitSize(id: number, limit: number): number {
  return 1 + varintSize(id) + varintSize(limit);
}

/** Writes MAX_DATA. */
export function writeMaxData(writer: Writer, limit: number): void {
  writeLimit(writer, MAX_DATA, limit);
}

/** Writes MAX_STREAM_DATA. */
export function writeMaxStreamData(writer: Writer, id: number, limit: number): void {
  writeStreamLimit(writer, MAX_STREAM_DATA, id, limit);
}

/** Writes MAX_STREAMS for streams of both directions or of one. */
export function writeMaxStreams(writer: Writer, bidirectional: boolean, limit: number): void {
  writeLimit(writer, bidirectional ? MAX_STREAMS_BIDI : MAX_STREAMS_UNI, limit);
}

/** Writes DATA_BLOCKED. */
export function writeDataBlocked(writer: Writer, limit: number): void {
  writeLimit(writer, DATA_BLOCKED, limit);
}

/** Writes STREAM_DATA_BLOCKED. */
export function writeStreamDataBlocked(writer: Writer, id: number, limit: number): void {
  writeStreamLimit(writer, STREAM_DATA_BLOCKED, id, limit);
}

/** Writes STREAMS_BLOCKED for streams of both directions or of one. */
export function writeStreamsBlocked(writer: Writer, bidirectional: boolean, limit: number): void {
  const type = bidirectional ? STREAMS_BLOCKED_BIDI : STREAMS_BLOCKED_UNI;
  writeLimit(writer, type, limit);
}

function writeLimit(writer: Writer, type: number, limit: number): void {
  writer.uint8(type);
  writer.varint(limit);
}

function writeStreamLimit(writer: Writer, type: number, id: number, limit: number): void {
  writer.uint8(type);
  writer.varint(id);
  writer.varint(limit);
}

function countOfFrame(reader: Reader, type: number): number {
  const count = readStreamCount(reader);
  if (count >= 0) return count;
  throw new TransportError(
    ErrorCode.FrameEncodingError,
    `Cannot accept frame 0x${type.toString(16)}: there are no more than 2^60 streams`,
  );
}
