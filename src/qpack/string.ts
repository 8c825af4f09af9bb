// String literals of QPACK.

import type { Reader } from "../bytes/reader.ts";
import type { ByteBuffer } from "./byte_buffer.ts";
import { decodeHuffman, encodeHuffman, huffmanSize, latin1 } from "./huffman.ts";
import { readPrefixInt, writePrefixInt } from "./prefix_int.ts";
import { SizeLimitError } from "./qpack_error.ts";

/**
 * Reads a string literal whose length has a prefix of `bits` bits (RFC 9204, Section 4.1.2).
 *
 * The length is checked before the bytes arrive, so a string that is too long is neither awaited
 * nor stored.
 *
 * @throws {SizeLimitError} If it is longer than `limit`.
 */
export function readString(reader: Reader, bits: number, limit: number): string {
  const first = reader.offset < reader.end ? reader.bytes[reader.offset]! : 0;
  const huffman = (first & (1 << bits)) !== 0;
  const length = readPrefixInt(reader, bits);
  // The longest code has 30 bits, so Huffman code is at most four times as long as the text.
  if (length > (huffman ? 4 * limit : limit)) {
    throw new SizeLimitError(`Cannot hold a string of ${length} bytes`);
  }
  const at = reader.advance(length);
  return huffman
    ? decodeHuffman(reader.bytes, at, at + length, limit)
    : latin1(reader.bytes, at, at + length);
}

/** Writes a string literal, in Huffman code where that is shorter. */
export function writeString(buffer: ByteBuffer, flags: number, bits: number, text: string): void {
  const size = huffmanSize(text);
  if (size < text.length) {
    writePrefixInt(buffer, flags | (1 << bits), bits, size);
    const at = buffer.extend(size);
    encodeHuffman(text, buffer.bytes, at);
    return;
  }
  writePrefixInt(buffer, flags, bits, text.length);
  const at = buffer.extend(text.length);
  for (let i = 0; i < text.length; i++) buffer.bytes[at + i] = text.charCodeAt(i);
}
