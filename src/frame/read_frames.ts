// Reads the frames of a packet and calls the handler for each.

import type { Reader } from "../bytes/reader.ts";
import { ReadError } from "../bytes/reader.ts";
import { varintSize } from "../bytes/varint.ts";
import { ErrorCode } from "../error/error_code.ts";
import { TransportError } from "../error/quic_error.ts";
import {
  type FrameHandler,
  frameName,
  type FrameRow,
  frameRow,
  FrameTrait,
} from "./frame_table.ts";

/** What `readFrames` found in a packet, as bits. */
export const PacketContent = {
  /** The packet must be acknowledged. */
  Eliciting: 1,
  /** The packet has a frame that is not for probing, so it may move the path to a new address. */
  NonProbing: 2,
} as const;

/**
 * Reads the frames of a packet and calls `handler` for each.
 *
 * @param reader Aimed at the decrypted payload.
 * @param packetType The `PacketType` that carried it.
 * @param extensions Bits of `Extension`: what was agreed on.
 * @returns Bits of `PacketContent`.
 * @throws {TransportError} If a frame is malformed, unknown, or not allowed here.
 */
export function readFrames(
  reader: Reader,
  packetType: number,
  extensions: number,
  handler: FrameHandler,
): number {
  // RFC 9000, Section 12.4: a packet without frames is a violation.
  if (reader.remaining === 0) {
    throw new TransportError(ErrorCode.ProtocolViolation, "Cannot accept a packet without frames");
  }
  let type = 0;
  let content = 0;
  try {
    while (reader.remaining > 0) {
      type = readType(reader);
      const row = allowed(type, packetType, extensions);
      if ((row.traits & FrameTrait.Eliciting) !== 0) content |= PacketContent.Eliciting;
      if ((row.traits & FrameTrait.Probing) === 0) content |= PacketContent.NonProbing;
      row.read(reader, handler, type);
    }
  } catch (error) {
    if (!(error instanceof ReadError)) throw error;
    throw new TransportError(
      ErrorCode.FrameEncodingError,
      `Cannot read ${frameName(type)}: the packet ends early or a number is too large`,
      { cause: error },
    );
  }
  return content;
}

function readType(reader: Reader): number {
  const start = reader.offset;
  const type = reader.varintClamped();
  // RFC 9000, Section 12.4: types have one encoding each, the shortest.
  if (reader.offset - start !== varintSize(type)) {
    throw new TransportError(
      ErrorCode.ProtocolViolation,
      `Cannot accept ${frameName(type)}: its type is not encoded in the fewest bytes`,
    );
  }
  return type;
}

/** The row of a frame, if it may be here. */
function allowed(type: number, packetType: number, extensions: number): FrameRow {
  const row = frameRow(type);
  // RFC 9000, Section 12.4: an unknown frame cannot be skipped, because its length is unknown.
  if (row === undefined) {
    throw new TransportError(
      ErrorCode.FrameEncodingError,
      `Cannot accept unknown ${frameName(type)}`,
    );
  }
  // RFC 9000, Section 17.2.4 for Handshake packets, and so for each type. MPQUIC, Section 4: also
  // before anything is agreed on.
  if ((row.traits & (1 << packetType)) === 0) {
    throw new TransportError(
      ErrorCode.ProtocolViolation,
      `Cannot accept ${frameName(type)} in this type of packet`,
    );
  }
  // MPQUIC, Section 2: all frames of several paths are of an extension, too.
  if ((row.extension & ~extensions) !== 0) {
    throw new TransportError(
      row.refusal,
      `Cannot accept ${frameName(type)}: its extension was not negotiated`,
    );
  }
  return row;
}
