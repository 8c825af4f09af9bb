// CRYPTO frames.

import type { Reader } from "../bytes/reader.ts";
import { MAX_SAFE_VARINT, varintSize } from "../bytes/varint.ts";
import type { Writer } from "../bytes/writer.ts";
import { ErrorCode } from "../error/error_code.ts";
import { TransportError } from "../error/quic_error.ts";

/** Bytes of the handshake (RFC 9000, Section 19.6). */
export const CRYPTO = 0x06;
/** A token for a later connection (RFC 9000, Section 19.7). */
export const NEW_TOKEN = 0x07;
/** The server has confirmed the handshake (RFC 9000, Section 19.20). */
export const HANDSHAKE_DONE = 0x1e;

/** Hears of the handshake and its end. */
export interface CryptoHandler {
  onCrypto(offset: number, data: Uint8Array): void;
  onNewToken(token: Uint8Array): void;
  onHandshakeDone(): void;
}

/** Reads CRYPTO from behind its type (RFC 9000, Section 19.6). */
export function readCrypto(reader: Reader, handler: CryptoHandler): void {
  const offset = reader.varintClamped();
  const data = reader.take(reader.varint());
  // Offsets that far would not be buffered either, whether or not 2^62 is passed.
  if (offset + data.length > MAX_SAFE_VARINT) {
    throw new TransportError(
      ErrorCode.CryptoBufferExceeded,
      "Cannot accept CRYPTO: its offset is beyond any handshake",
    );
  }
  handler.onCrypto(offset, data);
}

/** Reads NEW_TOKEN from behind its type (RFC 9000, Section 19.7). */
export function readNewToken(reader: Reader, handler: CryptoHandler): void {
  const token = reader.take(reader.varint());
  if (token.length === 0) {
    throw new TransportError(
      ErrorCode.FrameEncodingError,
      "Cannot accept NEW_TOKEN: the token is empty",
    );
  }
  handler.onNewToken(token);
}

/** Reads HANDSHAKE_DONE, which is its type alone. */
export function readHandshakeDone(_reader: Reader, handler: CryptoHandler): void {
  handler.onHandshakeDone();
}

/** How many bytes of data a CRYPTO frame of at most `room` bytes can carry; 0 if none. */
export function cryptoDataRoom(offset: number, room: number): number {
  return dataRoom(room - 1 - varintSize(offset));
}

/** Writes the part of CRYPTO before its data, which the caller puts behind it. */
export function writeCryptoHeader(writer: Writer, offset: number, length: number): void {
  writer.uint8(CRYPTO);
  writer.varint(offset);
  writer.varint(length);
}

/** Writes NEW_TOKEN. */
export function writeNewToken(writer: Writer, token: Uint8Array): void {
  writer.uint8(NEW_TOKEN);
  writer.varint(token.length);
  writer.put(token);
}

/** Writes HANDSHAKE_DONE: one byte. */
export function writeHandshakeDone(writer: Writer): void {
  writer.uint8(HANDSHAKE_DONE);
}

/** The longest data that fit into `room` bytes together with their own length. */
export function dataRoom(room: number): number {
  if (room < 2) return 0;
  if (room <= 0x40) return room - 1;
  if (room <= 0x4001) return room - 2;
  return Math.max(0x3fff, room - 4);
}
