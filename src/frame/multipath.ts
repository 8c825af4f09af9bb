import type { Reader } from "../bytes/reader.ts";
import { varintSize } from "../bytes/varint.ts";
import type { Writer } from "../bytes/writer.ts";
import { readPathNewConnectionId, readPathRetireConnectionId } from "./connection_id.ts";
import type { FrameHandler } from "./frame_handler.ts";
import { FrameType } from "./frame_type.ts";
import { readPathId } from "./path_id.ts";

/** Reads one of the frames 0x3e75 to 0x3e7c from behind its type (MPQUIC, Section 4). */
export function readMultipath(reader: Reader, type: number, handler: FrameHandler): void {
  switch (type) {
    case FrameType.PathAbandon: {
      const pathId = readPathId(reader);
      return handler.onPathAbandon(pathId, reader.varintClamped());
    }
    case FrameType.PathStatusBackup:
    case FrameType.PathStatusAvailable: {
      const pathId = readPathId(reader);
      // Held back, a second number that large counts as a repetition and is passed over.
      const sequence = reader.varintClamped();
      return handler.onPathStatus(pathId, sequence, type === FrameType.PathStatusAvailable);
    }
    case FrameType.PathNewConnectionId:
      return readPathNewConnectionId(reader, handler);
    case FrameType.PathRetireConnectionId:
      return readPathRetireConnectionId(reader, handler);
    case FrameType.MaxPathId:
      return handler.onMaxPathId(readPathId(reader));
    case FrameType.PathsBlocked:
      return handler.onPathsBlocked(readPathId(reader));
    case FrameType.PathCidsBlocked: {
      const pathId = readPathId(reader);
      return handler.onPathCidsBlocked(pathId, reader.varintClamped());
    }
  }
}

/** Bytes of PATH_ABANDON, PATH_STATUS_* or PATH_CIDS_BLOCKED with its second number. */
export function pathFrameSize(pathId: number, value: number): number {
  return 2 + varintSize(pathId) + varintSize(value);
}

/** Bytes of MAX_PATH_ID or PATHS_BLOCKED. */
export function pathLimitSize(limit: number): number {
  return 2 + varintSize(limit);
}

/** Writes PATH_ABANDON. */
export function writePathAbandon(writer: Writer, pathId: number, code: number): void {
  writePathFrame(writer, FrameType.PathAbandon, pathId, code);
}

/** Writes PATH_STATUS_AVAILABLE or PATH_STATUS_BACKUP, which count their numbers together. */
export function writePathStatus(
  writer: Writer,
  pathId: number,
  sequence: number,
  available: boolean,
): void {
  const type = available ? FrameType.PathStatusAvailable : FrameType.PathStatusBackup;
  writePathFrame(writer, type, pathId, sequence);
}

/** Writes MAX_PATH_ID. */
export function writeMaxPathId(writer: Writer, limit: number): void {
  writer.varint(FrameType.MaxPathId);
  writer.varint(limit);
}

/** Writes PATHS_BLOCKED. */
export function writePathsBlocked(writer: Writer, limit: number): void {
  writer.varint(FrameType.PathsBlocked);
  writer.varint(limit);
}

/** Writes PATH_CIDS_BLOCKED. */
export function writePathCidsBlocked(writer: Writer, pathId: number, nextSequence: number): void {
  writePathFrame(writer, FrameType.PathCidsBlocked, pathId, nextSequence);
}

function writePathFrame(writer: Writer, type: number, pathId: number, value: number): void {
  writer.varint(type);
  writer.varint(pathId);
  writer.varint(value);
}
