// The encoder of QPACK (RFC 9204).

import { QPACK_TABLE_CAPACITY } from "../limits/limits.ts";
import { concatBytes } from "../bytes/bytes.ts";
import type { Reader } from "../bytes/reader.ts";
import { ApplicationError } from "../error/quic_error.ts";
import { ByteBuffer } from "./byte_buffer.ts";
import { DynamicTable } from "./dynamic_table.ts";
import { type FieldLine, fieldLineSize, LINE_OVERHEAD } from "./field_line.ts";
import {
  writeDynamicLine,
  writeDynamicName,
  writeLiteralLine,
  writeSectionPrefix,
  writeStaticLine,
  writeStaticName,
} from "./field_section.ts";
import { DecoderInstruction, EncoderInstruction, InstructionStream } from "./instruction.ts";
import { readPrefixInt, writePrefixInt } from "./prefix_int.ts";
import { QpackErrorCode } from "./qpack_error.ts";
import { type StaticName, staticNames } from "./static_table.ts";
import { writeString } from "./string.ts";

/** How an encoder uses what the peer's decoder grants. */
export interface EncoderOptions {
  /**
   * Bytes of dynamic table to use at most; 0 uses the static table only.
   *
   * @default {4096}
   */
  tableCapacity?: number;
  /**
   * Streams that may be held up by a late encoder stream, within what the peer allows. With 0 a
   * line is only referred to once the peer has acknowledged it, so fields never wait for a packet
   * lost, or late on another path.
   *
   * @default {0}
   */
  riskedStreams?: number;
}

/** A section under way: what it needs, and the lines it keeps from being evicted. */
interface Outstanding {
  readonly required: number;
  readonly references: readonly number[];
}

/** Values that are worth an attack (RFC 9204, Section 7.1): sent so that no hop stores them. */
const secretNames = new Set(["authorization", "proxy-authorization", "set-cookie"]);
/** Cookies shorter than this could be guessed byte by byte. */
const SAFE_COOKIE = 20;
/** Names whose values seldom come twice. */
const fleetingNames = new Set([
  ":path",
  "age",
  "content-length",
  "content-range",
  "date",
  "etag",
  "expires",
  "if-modified-since",
  "if-none-match",
  "last-modified",
  "location",
  "range",
]);
const HISTORY = 256;
/** Streams whose sections may wait for their acknowledgment. */
const MAX_OUTSTANDING = 1000;

// What the section at hand is put together in.
const prefix = new ByteBuffer(32);
const body = new ByteBuffer(1024);

/** Turns field lines into encoded sections (RFC 9204, Section 2.1). */
export class QpackEncoder {
  /** Instructions to be sent on the encoder stream before the sections encoded so far. */
  readonly instructions: ByteBuffer = new ByteBuffer(64);
  readonly #table = new DynamicTable();
  readonly #stream = new InstructionStream();
  readonly #capacity: number;
  readonly #wantedRisk: number;
  readonly #outstanding = new Map<number, Outstanding[]>();
  /** Lines seen once; those seen again are worth an eviction. */
  readonly #seen = new Set<string>();
  #risk = 0;
  #maxEntries = 0;
  #knownReceived = 0;
  // Of the section being encoded:
  #references: number[] = [];
  #required = 0;
  #mayBlock = false;

  constructor(options: EncoderOptions = {}) {
    this.#capacity = options.tableCapacity ?? QPACK_TABLE_CAPACITY;
    this.#wantedRisk = options.riskedStreams ?? 0;
  }

  /** Takes what the peer's SETTINGS grant; until then only the static table is used. */
  allow(maxTableCapacity: number, maxBlockedStreams: number): void {
    // RFC 9204, Section 3.2.3: within what the peer takes; with nothing, no instruction is sent.
    const capacity = Math.min(maxTableCapacity, this.#capacity);
    this.#risk = Math.min(maxBlockedStreams, this.#wantedRisk);
    this.#maxEntries = Math.floor(maxTableCapacity / LINE_OVERHEAD);
    if (capacity < LINE_OVERHEAD) return;
    this.#table.resize(capacity);
    writePrefixInt(this.instructions, EncoderInstruction.SetCapacity, 5, capacity);
  }

  /** Encodes the lines of one section. */
  encode(streamId: number, lines: readonly FieldLine[]): Uint8Array<ArrayBuffer> {
    this.#references = [];
    this.#required = 0;
    this.#mayBlock = this.#maySendBlocking(streamId);
    body.clear();
    // Insertions come first, so that all references are relative to one base.
    if (this.#table.capacity > 0) { for (const line of lines) this.#considerInsert(line); }
    const base = this.#table.insertCount;
    for (const line of lines) this.#encodeLine(line, base);
    const required = this.#required;
    prefix.clear();
    writeSectionPrefix(prefix, { required, base }, this.#maxEntries);
    if (required > 0) this.#remember(streamId, { required, references: this.#references });
    return concatBytes(
      prefix.bytes.subarray(0, prefix.length),
      body.bytes.subarray(0, body.length),
    );
  }

  /** Takes bytes of the peer's decoder stream. */
  receive(data: Uint8Array): void {
    try {
      this.#stream.feed(data, (reader) => this.#apply(reader));
    } catch (error) {
      if (!(error instanceof RangeError)) throw error;
      throw new ApplicationError(QpackErrorCode.DecoderStreamError, error.message);
    }
  }

  #encodeLine(line: FieldLine, base: number): void {
    const { name, value } = line;
    const fixed = staticNames.get(name);
    const index = fixed?.values.get(value);
    if (index !== undefined) return writeStaticLine(body, index);
    // RFC 9204, Section 4.5.4: what came as a secret goes on as one, never through a table.
    if (line.sensitive || isSecret(name, value)) {
      return this.#encodeLiteral({ name, value, sensitive: true }, fixed, base);
    }
    const found = this.#table.find(name, value, this.#visible);
    if (found < 0) return this.#encodeLiteral(line, fixed, base);
    this.#refer(found);
    writeDynamicLine(body, base - 1 - found);
  }

  /** Lines before this absolute index may be referred to. */
  get #visible(): number {
    // A peer that acknowledges nothing must not make us remember without end.
    if (this.#outstanding.size >= MAX_OUTSTANDING) return 0;
    return this.#mayBlock ? this.#table.insertCount : this.#knownReceived;
  }

  #encodeLiteral(line: FieldLine, fixed: StaticName | undefined, base: number): void {
    if (fixed) return writeStaticName(body, fixed.index, line);
    const found = this.#table.find(line.name, undefined, this.#visible);
    if (found < 0) return writeLiteralLine(body, line);
    this.#refer(found);
    writeDynamicName(body, base - 1 - found, line);
  }

  #refer(absolute: number): void {
    this.#table.get(absolute)!.references++;
    this.#references.push(absolute);
    this.#required = Math.max(this.#required, absolute + 1);
  }

  /** Inserts the line if that looks worth it and is allowed. */
  #considerInsert({ name, value, sensitive }: FieldLine): void {
    if (sensitive || isSecret(name, value)) return;
    const fixed = staticNames.get(name);
    if (fixed?.values.has(value)) return;
    const table = this.#table;
    if (table.find(name, value, table.insertCount) >= 0) return;
    const evictions = table.evictionsFor(fieldLineSize(name, value));
    if (evictions < 0 || !this.#isWorth(name, value, evictions)) return;
    if (this.#mayEvict(evictions)) this.#insert(name, value, fixed);
  }

  #insert(name: string, value: string, fixed: StaticName | undefined): void {
    if (fixed) {
      const flags = EncoderInstruction.InsertWithNameReference | EncoderInstruction.StaticName;
      writePrefixInt(this.instructions, flags, 6, fixed.index);
    } else {
      writeString(this.instructions, EncoderInstruction.InsertWithLiteralName, 5, name);
    }
    writeString(this.instructions, 0, 7, value);
    this.#table.insert(name, value);
  }

  #isWorth(name: string, value: string, evictions: number): boolean {
    const key = `${name}\0${value}`;
    if (this.#seen.has(key)) return true;
    if (this.#seen.size >= HISTORY) this.#seen.clear();
    this.#seen.add(key);
    return evictions === 0 && !fleetingNames.has(name);
  }

  /** RFC 9204, Section 2.1.1: neither lines in use nor lines not acknowledged may go. */
  #mayEvict(count: number): boolean {
    const { oldest } = this.#table;
    if (oldest + count > this.#knownReceived) return count === 0;
    for (let i = 0; i < count; i++) if (this.#table.get(oldest + i)!.references > 0) return false;
    return true;
  }

  /** RFC 9204, Section 2.1.2: never more streams at risk than the peer allows. */
  #maySendBlocking(streamId: number): boolean {
    if (this.#risk === 0) return false;
    let blocked = 0;
    for (const [id, sections] of this.#outstanding) {
      if (sections.some(({ required }) => required > this.#knownReceived)) {
        if (id === streamId) return true;
        blocked++;
      }
    }
    return blocked < this.#risk;
  }

  #remember(streamId: number, section: Outstanding): void {
    const sections = this.#outstanding.get(streamId);
    if (sections) sections.push(section);
    else this.#outstanding.set(streamId, [section]);
  }

  /** RFC 9204, Section 4.4. */
  #apply(reader: Reader): void {
    const first = reader.bytes[reader.offset]!;
    if (first & DecoderInstruction.SectionAcknowledgment) {
      this.#onAcknowledgment(readPrefixInt(reader, 7));
    } else if (first & DecoderInstruction.StreamCancellation) {
      const streamId = readPrefixInt(reader, 6);
      for (const section of this.#outstanding.get(streamId) ?? []) this.#release(section);
      this.#outstanding.delete(streamId);
    } else {
      const increment = readPrefixInt(reader, 6);
      // RFC 9204, Section 4.4.3: something, and not more than was inserted.
      if (increment === 0 || increment > this.#table.insertCount - this.#knownReceived) {
        throw new RangeError(`Cannot add ${increment} to the insertions known as received`);
      }
      this.#knownReceived += increment;
    }
  }

  #onAcknowledgment(streamId: number): void {
    const sections = this.#outstanding.get(streamId);
    const section = sections?.shift();
    // RFC 9204, Section 4.4.1: there must be something left to acknowledge.
    if (!sections || !section) {
      throw new RangeError(`Cannot match an acknowledgment for stream ${streamId}`);
    }
    if (sections.length === 0) this.#outstanding.delete(streamId);
    this.#knownReceived = Math.max(this.#knownReceived, section.required);
    this.#release(section);
  }

  #release({ references }: Outstanding): void {
    for (const absolute of references) this.#table.get(absolute)!.references--;
  }
}

function isSecret(name: string, value: string): boolean {
  return secretNames.has(name) || (name === "cookie" && value.length < SAFE_COOKIE);
}
