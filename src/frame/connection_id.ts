// NEW_CONNECTION_ID and RETIRE_CONNECTION_ID frames, and those of the multipath extension.

import type { Reader } from "../bytes/reader.ts";
import type { Writer } from "../bytes/writer.ts";
import { ErrorCode } from "../error/error_code.ts";
import { TransportError } from "../error/quic_error.ts";
import { readPathId } from "./path_id.ts";

/** A connection ID for path 0 (RFC 9000, Section 19.15). */
export const NEW_CONNECTION_ID = 0x18;
/** A connection ID of path 0 is no longer used (RFC 9000, Section 19.16). */
export const RETIRE_CONNECTION_ID = 0x19;
/** A connection ID for a path (MPQUIC, Section 4.4). */
export const PATH_NEW_CONNECTION_ID = 0x3e78;
/** A connection ID of a path is no longer used (MPQUIC, Section 4.5). */
export const PATH_RETIRE_CONNECTION_ID = 0x3e79;

/** Hears of connection IDs. `resetToken` is 16 bytes. */
export interface ConnectionIdHandler {
  onNewConnectionId(
    sequence: number,
    retirePriorTo: number,
    id: Uint8Array,
    resetToken: Uint8Array,
  ): void;
  onRetireConnectionId(sequence: number): void;
  onPathNewConnectionId(
    pathId: number,
    sequence: number,
    retirePriorTo: number,
    id: Uint8Array,
    resetToken: Uint8Array,
  ): void;
  onPathRetireConnectionId(pathId: number, sequence: number): void;
}

// Sequence numbers of IDs we were given count up from 0 by one, so those above 2^53 - 1 are
// refused. Those of IDs we issued are held back instead: the owner knows that none was that high.

/** Reads NEW_CONNECTION_ID from behind its type (RFC 9000, Section 19.15). */
export function readNewConnectionId(reader: Reader, handler: ConnectionIdHandler): void {
  const sequence = reader.varint();
  const retirePriorTo = readRetirePriorTo(reader, sequence);
  const id = readId(reader);
  handler.onNewConnectionId(sequence, retirePriorTo, id, reader.take(16));
}

/** Reads PATH_NEW_CONNECTION_ID from behind its type (MPQUIC, Section 4.4). */
export function readPathNewConnectionId(reader: Reader, handler: ConnectionIdHandler): void {
  const pathId = readPathId(reader);
  const sequence = reader.varint();
  const retirePriorTo = readRetirePriorTo(reader, sequence);
  const id = readId(reader);
  handler.onPathNewConnectionId(pathId, sequence, retirePriorTo, id, reader.take(16));
}

/** Reads RETIRE_CONNECTION_ID from behind its type (RFC 9000, Section 19.16). */
export function readRetireConnectionId(reader: Reader, handler: ConnectionIdHandler): void {
  handler.onRetireConnectionId(reader.varintClamped());
}

/** Reads PATH_RETIRE_CONNECTION_ID from behind its type (MPQUIC, Section 4.5). */
export function readPathRetireConnectionId(reader: Reader, handler: ConnectionIdHandler): void {
  const pathId = readPathId(reader);
  handler.onPathRetireConnectionId(pathId, reader.varintClamped());
}

/**
 * Writes NEW_CONNECTION_ID, or PATH_NEW_CONNECTION_ID if `pathId` is not -1.
 *
 * @param resetToken 16 bytes.
 */
export function writeNewConnectionId(
  writer: Writer,
  pathId: number,
  sequence: number,
  retirePriorTo: number,
  id: Uint8Array,
  resetToken: Uint8Array,
): void {
  writer.varint(pathId < 0 ? NEW_CONNECTION_ID : PATH_NEW_CONNECTION_ID);
  if (pathId >= 0) writer.varint(pathId);
  writer.varint(sequence);
  writer.varint(retirePriorTo);
  writer.uint8(id.length);
  writer.put(id);
  writer.put(resetToken);
}

/** Writes RETIRE_CONNECTION_ID, or PATH_RETIRE_CONNECTION_ID if `pathId` is not -1. */
export function writeRetireConnectionId(writer: Writer, pathId: number, sequence: number): void {
  writer.varint(pathId < 0 ? RETIRE_CONNECTION_ID : PATH_RETIRE_CONNECTION_ID);
  if (pathId >= 0) writer.varint(pathId);
  writer.varint(sequence);
}

function readRetirePriorTo(reader: Reader, sequence: number): number {
  const retirePriorTo = reader.varintClamped();
  if (retirePriorTo <= sequence) return retirePriorTo;
  throw new TransportError(
    ErrorCode.FrameEncodingError,
    `Cannot accept connection ID ${sequence}: it retires IDs up to ${retirePriorTo}`,
  );
}

function readId(reader: Reader): Uint8Array {
  const length = reader.uint8();
  if (length >= 1 && length <= 20) return reader.take(length);
  throw new TransportError(
    ErrorCode.FrameEncodingError,
    `Cannot accept a connection ID of ${length} bytes`,
  );
}
