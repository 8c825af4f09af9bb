// ACK_FREQUENCY and IMMEDIATE_ACK frames (ACK frequency, Section 4 and Section 5).

import type { Reader } from "../bytes/reader.ts";
import { varintSize } from "../bytes/varint.ts";
import type { Writer } from "../bytes/writer.ts";
import { ErrorCode } from "../error/error_code.ts";
import { TransportError } from "../error/quic_error.ts";

/** Asks for an acknowledgement at once (ACK frequency, Section 5). */
export const IMMEDIATE_ACK = 0x1f;
/** Says how often acknowledgements are wanted (ACK frequency, Section 4). */
export const ACK_FREQUENCY = 0xaf;

/** Hears when acknowledgements are wanted. */
export interface AckFrequencyHandler {
  /** `maxAckDelay` is in microseconds and below 2^14 milliseconds. */
  onAckFrequency(
    sequence: number,
    elicitingThreshold: number,
    maxAckDelay: number,
    reorderingThreshold: number,
  ): void;
  onImmediateAck(): void;
}

/** RFC 9000, Section 18.2: no delay may reach 2^14 milliseconds; here in microseconds. */
const DELAY_BOUND = 0x4000 * 1000;

/** Reads ACK_FREQUENCY from behind its type (ACK frequency, Section 4). */
export function readAckFrequency(reader: Reader, handler: AckFrequencyHandler): void {
  const sequence = reader.varintClamped();
  const threshold = reader.varintClamped();
  const delay = reader.varintClamped();
  const reordering = reader.varintClamped();
  if (delay >= DELAY_BOUND) {
    throw new TransportError(
      ErrorCode.ProtocolViolation,
      `Cannot accept ACK_FREQUENCY: a delay of ${delay} microseconds is invalid`,
    );
  }
  handler.onAckFrequency(sequence, threshold, delay, reordering);
}

/** Reads IMMEDIATE_ACK, which is its type alone. */
export function readImmediateAck(_reader: Reader, handler: AckFrequencyHandler): void {
  handler.onImmediateAck();
}

/** Bytes of an ACK_FREQUENCY frame. */
export function ackFrequencySize(
  sequence: number,
  elicitingThreshold: number,
  maxAckDelay: number,
  reorderingThreshold: number,
): number {
  return 2 + varintSize(sequence) + varintSize(elicitingThreshold) + varintSize(maxAckDelay) +
    varintSize(reorderingThreshold);
}

/** Writes ACK_FREQUENCY; `maxAckDelay` is in microseconds. */
export function writeAckFrequency(
  writer: Writer,
  sequence: number,
  elicitingThreshold: number,
  maxAckDelay: number,
  reorderingThreshold: number,
): void {
  writer.varint(ACK_FREQUENCY);
  writer.varint(sequence);
  writer.varint(elicitingThreshold);
  writer.varint(maxAckDelay);
  writer.varint(reorderingThreshold);
}

/** Writes IMMEDIATE_ACK: one byte. */
export function writeImmediateAck(writer: Writer): void {
  writer.uint8(IMMEDIATE_ACK);
}
