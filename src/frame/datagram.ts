import type { Reader } from "../bytes/reader.ts";
import { varintSize } from "../bytes/varint.ts";
import type { Writer } from "../bytes/writer.ts";
import { dataRoom } from "./crypto.ts";
import type { FrameHandler } from "./frame_handler.ts";
import { FrameType } from "./frame_type.ts";

/** Reads DATAGRAM from behind its one-byte type (RFC 9221, Section 4). */
export function readDatagram(reader: Reader, type: number, handler: FrameHandler): void {
  const start = reader.offset - 1;
  const hasLength = type === FrameType.DatagramWithLength;
  const data = reader.take(hasLength ? reader.varint() : reader.remaining);
  handler.onDatagram(data, reader.offset - start);
}

/** Bytes of a DATAGRAM frame with a length. */
export function datagramSize(length: number): number {
  return 1 + varintSize(length) + length;
}

/** The longest data of a DATAGRAM frame of at most `room` bytes with a length; 0 if none. */
export function datagramDataRoom(room: number): number {
  return dataRoom(room - 1);
}

/** Writes DATAGRAM with a length. */
export function writeDatagram(writer: Writer, data: Uint8Array): void {
  writer.uint8(FrameType.DatagramWithLength);
  writer.varint(data.length);
  writer.put(data);
}

/** Writes PING: one byte. */
export function writePing(writer: Writer): void {
  writer.uint8(FrameType.Ping);
}
