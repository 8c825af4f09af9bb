// Frames of the multipath extension (MPQUIC, Section 4).

import type { Reader } from "../bytes/reader.ts";
import type { Writer } from "../bytes/writer.ts";
import { readPathId } from "./path_id.ts";

/** A path ends (MPQUIC, Section 4.2). */
export const PATH_ABANDON = 0x3e75;
/** A path is to be used only if no other can be (MPQUIC, Section 4.3). */
export const PATH_STATUS_BACKUP = 0x3e76;
/** A path is to be used as any other (MPQUIC, Section 4.3). */
export const PATH_STATUS_AVAILABLE = 0x3e77;
/** How many paths there may be (MPQUIC, Section 4.6). */
export const MAX_PATH_ID = 0x3e7a;
/** A path cannot be opened because path IDs are missing (MPQUIC, Section 4.7). */
export const PATHS_BLOCKED = 0x3e7b;
/** A path cannot be opened because its connection IDs are missing (MPQUIC, Section 4.7). */
export const PATH_CIDS_BLOCKED = 0x3e7c;

/** Hears of paths and their limits. */
export interface MultipathHandler {
  onPathAbandon(pathId: number, code: number): void;
  /** PATH_STATUS_BACKUP or PATH_STATUS_AVAILABLE. */
  onPathStatus(pathId: number, sequence: number, available: boolean): void;
  onMaxPathId(limit: number): void;
  onPathsBlocked(limit: number): void;
  onPathCidsBlocked(pathId: number, nextSequence: number): void;
}

/** Reads PATH_ABANDON from behind its type. */
export function readPathAbandon(reader: Reader, handler: MultipathHandler): void {
  const pathId = readPathId(reader);
  handler.onPathAbandon(pathId, reader.varintClamped());
}

/** Reads PATH_STATUS_BACKUP or PATH_STATUS_AVAILABLE from behind its type. */
export function readPathStatus(reader: Reader, handler: MultipathHandler, type: number): void {
  const pathId = readPathId(reader);
  // Held back, a second number that large counts as a repetition and is passed over.
  const sequence = reader.varintClamped();
  handler.onPathStatus(pathId, sequence, type === PATH_STATUS_AVAILABLE);
}

/** Reads MAX_PATH_ID from behind its type. */
export function readMaxPathId(reader: Reader, handler: MultipathHandler): void {
  handler.onMaxPathId(readPathId(reader));
}

/** Reads PATHS_BLOCKED from behind its type. */
export function readPathsBlocked(reader: Reader, handler: MultipathHandler): void {
  handler.onPathsBlocked(readPathId(reader));
}

/** Reads PATH_CIDS_BLOCKED from behind its type. */
export function readPathCidsBlocked(reader: Reader, handler: MultipathHandler): void {
  const pathId = readPathId(reader);
  handler.onPathCidsBlocked(pathId, reader.varintClamped());
}

/** Writes PATH_ABANDON. */
export function writePathAbandon(writer: Writer, pathId: number, code: number): void {
  writePathFrame(writer, PATH_ABANDON, pathId, code);
}

/** Writes PATH_STATUS_AVAILABLE or PATH_STATUS_BACKUP, which count their numbers together. */
export function writePathStatus(
  writer: Writer,
  pathId: number,
  sequence: number,
  available: boolean,
): void {
  const type = available ? PATH_STATUS_AVAILABLE : PATH_STATUS_BACKUP;
  writePathFrame(writer, type, pathId, sequence);
}

/** Writes MAX_PATH_ID. */
export function writeMaxPathId(writer: Writer, limit: number): void {
  writer.varint(MAX_PATH_ID);
  writer.varint(limit);
}

/** Writes PATHS_BLOCKED. */
export function writePathsBlocked(writer: Writer, limit: number): void {
  writer.varint(PATHS_BLOCKED);
  writer.varint(limit);
}

/** Writes PATH_CIDS_BLOCKED. */
export function writePathCidsBlocked(writer: Writer, pathId: number, nextSequence: number): void {
  writePathFrame(writer, PATH_CIDS_BLOCKED, pathId, nextSequence);
}

function writePathFrame(writer: Writer, type: number, pathId: number, value: number): void {
  writer.varint(type);
  writer.varint(pathId);
  writer.varint(value);
}
