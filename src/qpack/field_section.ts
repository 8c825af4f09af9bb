// Reads and writes field sections of QPACK (RFC 9204, Section 4.5).

import { MAX_FIELD_LINES } from "../limits/limits.ts";
import type { Reader } from "../bytes/reader.ts";
import type { ByteBuffer } from "./byte_buffer.ts";
import type { DynamicTable } from "./dynamic_table.ts";
import { type FieldLine, LINE_OVERHEAD } from "./field_line.ts";
import { readPrefixInt, writePrefixInt } from "./prefix_int.ts";
import { SizeLimitError } from "./qpack_error.ts";
import { staticTable } from "./static_table.ts";
import { readString, writeString } from "./string.ts";

/** The two numbers before the lines of a field section (RFC 9204, Section 4.5.1). */
export interface SectionPrefix {
  /** Insertions the decoder must have seen. */
  readonly required: number;
  /** What relative indices count from. */
  readonly base: number;
}

/** First bits of field line representations (RFC 9204, Sections 4.5.2 to 4.5.6). */
const Representation = {
  Indexed: 0x80,
  IndexedStatic: 0x40,
  NameReference: 0x40,
  NameReferenceSensitive: 0x20,
  NameReferenceStatic: 0x10,
  LiteralName: 0x20,
  LiteralNameSensitive: 0x10,
  IndexedPostBase: 0x10,
  PostBaseNameSensitive: 0x08,
} as const;

/**
 * Reads the prefix of a field section.
 *
 * @param maxEntries Lines the table could hold at the capacity that was allowed at most.
 * @param insertCount Insertions seen so far.
 * @throws {RangeError} If no insert count could have been encoded so.
 */
export function readSectionPrefix(
  reader: Reader,
  maxEntries: number,
  insertCount: number,
): SectionPrefix {
  const required = decodeInsertCount(readPrefixInt(reader, 8), maxEntries, insertCount);
  const negative = reader.offset < reader.end && (reader.bytes[reader.offset]! & 0x80) !== 0;
  const delta = readPrefixInt(reader, 7);
  const base = negative ? required - delta - 1 : required + delta;
  // RFC 9204, Section 4.5.1.2.
  if (base < 0) throw new RangeError("Cannot use a negative base");
  return { required, base };
}

/** Writes the prefix of a section whose base is not below its required insert count. */
export function writeSectionPrefix(
  buffer: ByteBuffer,
  { required, base }: SectionPrefix,
  maxEntries: number,
): void {
  // RFC 9204, Section 4.5.1.1: sent modulo twice the number of lines, plus one.
  writePrefixInt(buffer, 0, 8, required === 0 ? 0 : required % (2 * maxEntries) + 1);
  writePrefixInt(buffer, 0, 7, required === 0 ? 0 : base - required);
}

/**
 * Reads the lines of a field section up to the reader's end.
 *
 * @param limit What the lines may count together; enforced line by line, before they are made.
 * @throws {RangeError} If a line refers to what is not there.
 * @throws {SizeLimitError} If the limit is exceeded.
 */
export function readFieldLines(
  reader: Reader,
  { required, base }: SectionPrefix,
  table: DynamicTable,
  limit: number,
): FieldLine[] {
  const lines: FieldLine[] = [];
  let room = limit;
  while (reader.remaining > 0) {
    const line = readLine(room - LINE_OVERHEAD);
    room -= line.name.length + line.value.length + LINE_OVERHEAD;
    if (lines.length === MAX_FIELD_LINES) {
      throw new SizeLimitError(`Cannot hold a field section of more than ${lines.length} lines`);
    }
    if (room < 0) throw new SizeLimitError(`Cannot hold a field section above ${limit} bytes`);
    lines.push(line);
  }
  return lines;

  function readLine(lineRoom: number): FieldLine {
    const first = reader.bytes[reader.offset]!;
    if (first >= 0x80) {
      const index = readPrefixInt(reader, 6);
      return first & Representation.IndexedStatic
        ? staticLine(index)
        : dynamicLine(base - 1 - index);
    }
    if (first >= 0x40) {
      const index = readPrefixInt(reader, 4);
      const line = first & Representation.NameReferenceStatic
        ? staticLine(index)
        : dynamicLine(base - 1 - index);
      return withValue(line.name, lineRoom, (first & Representation.NameReferenceSensitive) !== 0);
    }
    if (first >= 0x20) {
      const name = readString(reader, 3, Math.max(0, lineRoom));
      return withValue(name, lineRoom, (first & Representation.LiteralNameSensitive) !== 0);
    }
    if (first >= 0x10) return dynamicLine(base + readPrefixInt(reader, 4));
    const { name } = dynamicLine(base + readPrefixInt(reader, 3));
    return withValue(name, lineRoom, (first & Representation.PostBaseNameSensitive) !== 0);
  }

  function withValue(name: string, lineRoom: number, sensitive: boolean): FieldLine {
    return { name, value: readString(reader, 7, Math.max(0, lineRoom - name.length)), sensitive };
  }

  function dynamicLine(absolute: number): FieldLine {
    // RFC 9204, Section 2.2.1, RFC 9204, Section 2.2.3: nothing at or beyond the required insert count may be named.
    const entry = absolute >= 0 && absolute < required ? table.get(absolute) : undefined;
    if (!entry) throw new RangeError(`Cannot find dynamic line ${absolute}`);
    return { name: entry.name, value: entry.value, sensitive: false };
  }
}

/** Writes a line that stands in the static table. */
export function writeStaticLine(buffer: ByteBuffer, index: number): void {
  writePrefixInt(buffer, Representation.Indexed | Representation.IndexedStatic, 6, index);
}

/** Writes a line that stands in the dynamic table, `relative` insertions before the base. */
export function writeDynamicLine(buffer: ByteBuffer, relative: number): void {
  writePrefixInt(buffer, Representation.Indexed, 6, relative);
}

/** Writes a value whose name stands in the static table. */
export function writeStaticName(buffer: ByteBuffer, index: number, line: FieldLine): void {
  const flags = Representation.NameReference | Representation.NameReferenceStatic |
    (line.sensitive ? Representation.NameReferenceSensitive : 0);
  writePrefixInt(buffer, flags, 4, index);
  writeString(buffer, 0, 7, line.value);
}

/** Writes a value whose name stands in the dynamic table. */
export function writeDynamicName(buffer: ByteBuffer, relative: number, line: FieldLine): void {
  const flags = Representation.NameReference |
    (line.sensitive ? Representation.NameReferenceSensitive : 0);
  writePrefixInt(buffer, flags, 4, relative);
  writeString(buffer, 0, 7, line.value);
}

/** Writes name and value in full. */
export function writeLiteralLine(buffer: ByteBuffer, line: FieldLine): void {
  const flags = Representation.LiteralName |
    (line.sensitive ? Representation.LiteralNameSensitive : 0);
  writeString(buffer, flags, 3, line.name);
  writeString(buffer, 0, 7, line.value);
}

function decodeInsertCount(encoded: number, maxEntries: number, insertCount: number): number {
  if (encoded === 0) return 0;
  const range = 2 * maxEntries;
  if (encoded > range) throw new RangeError("Cannot wrap the insert count this far");
  const highest = insertCount + maxEntries;
  let required = Math.floor(highest / range) * range + encoded - 1;
  if (required > highest) required -= range;
  if (required <= 0) throw new RangeError("Cannot have a required insert count below 1");
  return required;
}

/** RFC 9204, Section 3.1: an index beyond the table is an error. */
function staticLine(index: number): FieldLine {
  const line = staticTable[index];
  if (!line) throw new RangeError(`Cannot find static line ${index}`);
  return line;
}
