// ACK and PATH_ACK frames.

import type { EcnCounts } from "../bytes/ecn.ts";
import type { RangeSet } from "../bytes/range_set.ts";
import type { Reader } from "../bytes/reader.ts";
import { varintSize } from "../bytes/varint.ts";
import type { Writer } from "../bytes/writer.ts";
import { ErrorCode } from "../error/error_code.ts";
import { TransportError } from "../error/quic_error.ts";
import { AckFrame } from "./ack_frame.ts";
import { readPathId } from "./path_id.ts";
import { MAX_ACK_RANGES_READ, MAX_ACK_RANGES_WRITTEN } from "../limits/limits.ts";

/** Packets arrived: of this packet's number space, or of path 0 in 1-RTT (RFC 9000, Section 19.3). */
export const ACK = 0x02;
/** ACK with the counts of ECN marks. */
export const ACK_ECN = 0x03;
/** Packets of a path arrived (MPQUIC, Section 4.1). */
export const PATH_ACK = 0x3e;
/** PATH_ACK with the counts of ECN marks. */
export const PATH_ACK_ECN = 0x3f;

/** Hears of acknowledgements. The `AckFrame` is filled again: it is good only during the call. */
export interface AckHandler {
  /** Packets of this packet number space, or of path 0 in 1-RTT, arrived. */
  onAck(ack: AckFrame): void;
  /** Packets of a path arrived. */
  onPathAck(pathId: number, ack: AckFrame): void;
}

/** The one ACK at a time: packets are read one behind the other. */
const frame = new AckFrame();

/** Reads ACK from behind its type (RFC 9000, Section 19.3). */
export function readAckFrame(reader: Reader, handler: AckHandler, type: number): void {
  readAck(reader, type === ACK_ECN, frame);
  handler.onAck(frame);
}

/** Reads PATH_ACK from behind its type (MPQUIC, Section 4.1). */
export function readPathAckFrame(reader: Reader, handler: AckHandler, type: number): void {
  const pathId = readPathId(reader);
  readAck(reader, type === PATH_ACK_ECN, frame);
  handler.onPathAck(pathId, frame);
}

/**
 * Reads the fields of an ACK or PATH_ACK from behind its type or path ID (RFC 9000, Section 19.3).
 *
 * A frame with more than 256 ranges is legal. Its oldest ranges are dropped: a peer with so many
 * holes repeats them anyway, and the newest ranges are the ones that show losses.
 *
 * @param hasEcn Whether the type promises ECN counts.
 */
export function readAck(reader: Reader, hasEcn: boolean, ack: AckFrame): void {
  // A number above 2^53 - 1 was never sent: it is held back to 2^53 - 1, which was not either.
  const largest = reader.varintClamped();
  ack.largest = largest;
  ack.delay = reader.varintClamped();
  const more = reader.varint();
  const { bounds } = ack;
  let start = checked(largest - reader.varint());
  bounds[0] = start;
  bounds[1] = largest + 1;
  let length = 2;
  // A count that the packet cannot hold fails at the packet's end.
  for (let i = 0; i < more; i++) {
    // RFC 9000, Section 19.3.1: a gap of 0 still leaves one number out.
    const end = checked(start - reader.varint() - 2) + 1;
    start = checked(end - 1 - reader.varint());
    if (i + 1 >= MAX_ACK_RANGES_READ) continue;
    bounds[length++] = start;
    bounds[length++] = end;
  }
  // Most have one range: a list that was emptied would take new memory each time.
  if (bounds.length > length) bounds.length = length;
  ack.count = length >>> 1;
  ack.hasEcn = hasEcn;
  ack.ect0 = hasEcn ? reader.varintClamped() : 0;
  ack.ect1 = hasEcn ? reader.varintClamped() : 0;
  ack.ce = hasEcn ? reader.varintClamped() : 0;
}

/**
 * Writes an ACK, or a PATH_ACK if a path is named, with the newest ranges that fit.
 *
 * @param ranges The packet numbers received.
 * @param delay The delay, already divided by our exponent.
 * @param pathId The path whose packets are acknowledged, or -1 for an ACK frame.
 * @param maxBytes How long the frame may be.
 * @param marks The ECN marks that the packets came with, if sockets tell them.
 * @returns How many ranges were written; 0 if there are none or not even one fits.
 */
export function writeAck(
  writer: Writer,
  ranges: RangeSet,
  delay: number,
  pathId: number,
  maxBytes: number,
  marks?: EcnCounts,
): number {
  if (ranges.isEmpty) return 0;
  const hasMarks = marks !== undefined && !marks.isEmpty;
  let index = ranges.count - 1;
  const largest = ranges.last;
  const first = largest - ranges.startAt(index);
  let left = Math.min(maxBytes, writer.room) - headSize(largest, delay, pathId) - varintSize(first);
  if (hasMarks) left -= marksSize(marks);
  if (left < 0) return 0;
  if (hasMarks) writer.varint(pathId < 0 ? ACK_ECN : PATH_ACK_ECN);
  else writer.varint(pathId < 0 ? ACK : PATH_ACK);
  if (pathId >= 0) writer.varint(pathId);
  writer.varint(largest);
  writer.varint(delay);
  const countAt = writer.reserve(1);
  writer.varint(first);
  let written = 1;
  for (index--; index >= 0 && written < MAX_ACK_RANGES_WRITTEN; index--) {
    const gap = ranges.startAt(index + 1) - ranges.endAt(index) - 1;
    const length = ranges.endAt(index) - ranges.startAt(index) - 1;
    left -= varintSize(gap) + varintSize(length);
    if (left < 0) break;
    writer.varint(gap);
    writer.varint(length);
    written++;
  }
  writer.patchVarint(countAt, written - 1, 1);
  if (hasMarks) {
    writer.varint(marks.ect0);
    writer.varint(marks.ect1);
    writer.varint(marks.ce);
  }
  return written;
}

/** Type, path ID, largest, delay and count. */
function headSize(largest: number, delay: number, pathId: number): number {
  const pathSize = pathId < 0 ? 0 : varintSize(pathId);
  return 1 + pathSize + varintSize(largest) + varintSize(delay) + 1;
}

/** The counts behind the ranges. */
function marksSize({ ect0, ect1, ce }: EcnCounts): number {
  return varintSize(ect0) + varintSize(ect1) + varintSize(ce);
}

function checked(number: number): number {
  if (number >= 0) return number;
  throw new TransportError(
    ErrorCode.FrameEncodingError,
    "Cannot accept an acknowledgement of packet numbers below 0",
  );
}
