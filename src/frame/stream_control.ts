// RESET_STREAM, RESET_STREAM_AT and STOP_SENDING frames.

import type { Reader } from "../bytes/reader.ts";
import { varintSize } from "../bytes/varint.ts";
import type { Writer } from "../bytes/writer.ts";
import { ErrorCode } from "../error/error_code.ts";
import { TransportError } from "../error/quic_error.ts";
import { readStreamId } from "./stream.ts";

/** The sender gives a stream up (RFC 9000, Section 19.4). */
export const RESET_STREAM = 0x04;
/** The receiver gives a stream up (RFC 9000, Section 19.5). */
export const STOP_SENDING = 0x05;
/** The sender gives up all but the beginning of a stream (reliable stream reset, Section 4). */
export const RESET_STREAM_AT = 0x24;

/** Hears of streams that are given up. */
export interface StreamControlHandler {
  onResetStream(id: number, code: number, finalSize: number): void;
  onStopSending(id: number, code: number): void;
  onResetStreamAt(id: number, code: number, finalSize: number, reliableSize: number): void;
}

// Codes are the application's and may use all 62 bits (HTTP/3 greases them); those that cannot be
// held mean "some unknown code" alike. A final size that cannot be held is beyond any credit.

/** Reads RESET_STREAM from behind its type (RFC 9000, Section 19.4). */
export function readResetStream(reader: Reader, handler: StreamControlHandler): void {
  const id = readStreamId(reader);
  const code = reader.varintClamped();
  handler.onResetStream(id, code, reader.varintClamped());
}

/** Reads RESET_STREAM_AT from behind its type (reliable stream reset, Section 4). */
export function readResetStreamAt(reader: Reader, handler: StreamControlHandler): void {
  const id = readStreamId(reader);
  const code = reader.varintClamped();
  const finalSize = reader.varintClamped();
  const reliableSize = reader.varintClamped();
  if (reliableSize > finalSize) {
    throw new TransportError(
      ErrorCode.FrameEncodingError,
      `Cannot accept RESET_STREAM_AT: ${reliableSize} bytes of only ${finalSize} are promised`,
    );
  }
  handler.onResetStreamAt(id, code, finalSize, reliableSize);
}

/** Reads STOP_SENDING from behind its type (RFC 9000, Section 19.5). */
export function readStopSending(reader: Reader, handler: StreamControlHandler): void {
  const id = readStreamId(reader);
  handler.onStopSending(id, reader.varintClamped());
}

/** Bytes of a RESET_STREAM frame. */
export function resetStreamSize(id: number, code: number, finalSize: number): number {
  return 1 + varintSize(id) + varintSize(code) + varintSize(finalSize);
}

/** Writes RESET_STREAM. */
export function writeResetStream(
  writer: Writer,
  id: number,
  code: number,
  finalSize: number,
): void {
  writer.uint8(RESET_STREAM);
  writer.varint(id);
  writer.varint(code);
  writer.varint(finalSize);
}

/** Bytes of a RESET_STREAM_AT frame. */
export function resetStreamAtSize(
  id: number,
  code: number,
  finalSize: number,
  reliableSize: number,
): number {
  return resetStreamSize(id, code, finalSize) + varintSize(reliableSize);
}

/** Writes RESET_STREAM_AT. */
export function writeResetStreamAt(
  writer: Writer,
  id: number,
  code: number,
  finalSize: number,
  reliableSize: number,
): void {
  writer.uint8(RESET_STREAM_AT);
  writer.varint(id);
  writer.varint(code);
  writer.varint(finalSize);
  writer.varint(reliableSize);
}

/** Bytes of a STOP_SENDING frame. */
export function stopSendingSize(id: number, code: number): number {
  return 1 + varintSize(id) + varintSize(code);
}

/** Writes STOP_SENDING. */
export function writeStopSending(writer: Writer, id: number, code: number): void {
  writer.uint8(STOP_SENDING);
  writer.varint(id);
  writer.varint(code);
}
