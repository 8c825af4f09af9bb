// Writes frames of HTTP/3.

import { varintSize } from "../../bytes/varint.ts";
import { Writer } from "../../bytes/writer.ts";

/** The type and length that precede a payload. */
export function frameHeader(type: number, length: number): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(varintSize(type) + varintSize(length));
  putHeader(new Writer(bytes), type, length);
  return bytes;
}

/** A frame in one array; for payloads short enough to be copied. */
export function frame(type: number, payload: Uint8Array): Uint8Array<ArrayBuffer> {
  const { length } = payload;
  const bytes = new Uint8Array(varintSize(type) + varintSize(length) + length);
  const writer = new Writer(bytes);
  putHeader(writer, type, length);
  writer.put(payload);
  return bytes;
}

/** Variable-length integers behind one another. */
export function varints(...values: number[]): Uint8Array<ArrayBuffer> {
  let length = 0;
  for (const value of values) length += varintSize(value);
  const bytes = new Uint8Array(length);
  const writer = new Writer(bytes);
  for (const value of values) writer.varint(value);
  return bytes;
}

function putHeader(writer: Writer, type: number, length: number): void {
  writer.varint(type);
  writer.varint(length);
}
