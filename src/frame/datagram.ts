// DATAGRAM frames (RFC 9221).

import type { Reader } from "../bytes/reader.ts";
import { varintSize } from "../bytes/varint.ts";
import type { Writer } from "../bytes/writer.ts";

/** DATAGRAM up to the end of the packet: a message that is not repeated (RFC 9221, Section 4). */
export const DATAGRAM = 0x30;
/** DATAGRAM with a length. */
export const DATAGRAM_WITH_LENGTH = 0x31;

/** Hears of messages that are not repeated. */
export interface DatagramHandler {
  /** `frameSize` is the size with type and length, which the limit is about. */
  onDatagram(data: Uint8Array, frameSize: number): void;
}

/** Reads DATAGRAM from behind its one-byte type (RFC 9221, Section 4). */
export function readDatagram(reader: Reader, handler: DatagramHandler, type: number): void {
  const start = reader.offset - 1;
  const hasLength = type === DATAGRAM_WITH_LENGTH;
  const data = reader.take(hasLength ? reader.varint() : reader.remaining);
  handler.onDatagram(data, reader.offset - start);
}

/** Bytes of a DATAGRAM frame with a length. */
export function datagramSize(length: number): number {
  return 1 + varintSize(length) + length;
}

/** Writes DATAGRAM with a length. */
export function writeDatagram(writer: Writer, data: Uint8Array): void {
  writer.uint8(DATAGRAM_WITH_LENGTH);
  writer.varint(data.length);
  writer.put(data);
}
