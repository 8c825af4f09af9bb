// The decoder of QPACK (RFC 9204).

import { Reader, ReadError } from "../bytes/reader.ts";
import { ApplicationError, StreamError } from "../error/quic_error.ts";
import { ByteBuffer } from "./byte_buffer.ts";
import { DynamicTable } from "./dynamic_table.ts";
import { type FieldLine, LINE_OVERHEAD } from "./field_line.ts";
import { readFieldLines, readSectionPrefix, type SectionPrefix } from "./field_section.ts";
import { DecoderInstruction, EncoderInstruction, InstructionStream } from "./instruction.ts";
import { readPrefixInt, writePrefixInt } from "./prefix_int.ts";
import { QpackErrorCode, SizeLimitError } from "./qpack_error.ts";
import { staticTable } from "./static_table.ts";
import { readString } from "./string.ts";
import {
  MAX_FIELD_SECTION,
  QPACK_BLOCKED_BYTES,
  QPACK_BLOCKED_STREAMS,
  QPACK_BUDGET_PER_SECTION,
  QPACK_STREAM_BUDGET,
  QPACK_TABLE_CAPACITY,
} from "../limits/limits.ts";

/** What a decoder grants the peer's encoder. */
export interface DecoderOptions {
  /**
   * Bytes the dynamic table may take.
   *
   * @default {4096}
   */
  maxTableCapacity?: number;
  /**
   * Field sections that may wait for the table at a time.
   *
   * @default {16}
   */
  maxBlockedStreams?: number;
  /**
   * Size of a decoded field section, as RFC 9114, Section 4.2.2 counts it.
   *
   * @default {65536}
   */
  maxFieldSectionSize?: number;
  /**
   * Bytes of field sections that may wait for the table.
   *
   * @default {1048576}
   */
  maxBlockedBytes?: number | undefined;
}

interface BlockedSection {
  readonly streamId: number;
  readonly prefix: SectionPrefix;
  readonly section: Uint8Array;
  readonly offset: number;
  readonly resolve: (lines: FieldLine[]) => void;
  readonly reject: (error: unknown) => void;
}

/** H3_EXCESSIVE_LOAD, for streams and connections that ask for too much. */
const EXCESSIVE_LOAD = 0x107;

/** Turns encoded field sections back into lines (RFC 9204, Section 2.2). */
export class QpackDecoder {
  /** Instructions to be sent on the decoder stream. */
  readonly instructions: ByteBuffer = new ByteBuffer(64);
  readonly #table = new DynamicTable();
  readonly #stream = new InstructionStream();
  readonly #maxCapacity: number;
  readonly #maxBlocked: number;
  readonly #maxSectionSize: number;
  readonly #maxBlockedBytes: number;
  readonly #blocked: BlockedSection[] = [];
  /** Insertions the encoder knows we have seen. */
  #knownReceived = 0;
  #budget = QPACK_STREAM_BUDGET;

  constructor(options: DecoderOptions = {}) {
    this.#maxCapacity = options.maxTableCapacity ?? QPACK_TABLE_CAPACITY;
    this.#maxBlocked = options.maxBlockedStreams ?? QPACK_BLOCKED_STREAMS;
    this.#maxSectionSize = options.maxFieldSectionSize ?? MAX_FIELD_SECTION;
    this.#maxBlockedBytes = options.maxBlockedBytes ?? QPACK_BLOCKED_BYTES;
  }

  /** How many sections wait for the dynamic table. */
  get blockedStreams(): number {
    return this.#blocked.length;
  }

  /**
   * Decodes a field section; a promise if it must wait for the encoder stream.
   *
   * @param section The section; copied if it has to wait.
   * @throws {ApplicationError} QPACK_DECOMPRESSION_FAILED.
   * @throws {StreamError} H3_EXCESSIVE_LOAD if it is larger than allowed.
   */
  decode(streamId: number, section: Uint8Array): FieldLine[] | Promise<FieldLine[]> {
    const reader = new Reader().aim(section);
    const { insertCount } = this.#table;
    const prefix = decompressing(() =>
      readSectionPrefix(reader, Math.floor(this.#maxCapacity / LINE_OVERHEAD), insertCount)
    );
    if (prefix.required <= insertCount) return this.#decodeLines(streamId, prefix, reader);
    // RFC 9204, Section 2.1.2: no more than we have promised to let wait.
    if (this.#blocked.length >= this.#maxBlocked) {
      throw decompressionFailed("Cannot let more streams wait for the dynamic table");
    }
    let held = section.length;
    for (const waiting of this.#blocked) held += waiting.section.length;
    if (held > this.#maxBlockedBytes) {
      throw new StreamError(EXCESSIVE_LOAD, "Cannot hold more fields that wait for the table");
    }
    const { offset } = reader;
    // A copy, as a short section may be a view of a large buffer.
    const copy = section.slice();
    return new Promise((resolve, reject) => {
      this.#blocked.push({ streamId, prefix, section: copy, offset, resolve, reject });
    });
  }

  /** Takes bytes of the peer's encoder stream. */
  receive(data: Uint8Array): void {
    this.#budget -= data.length;
    if (this.#budget < 0) {
      throw new ApplicationError(EXCESSIVE_LOAD, "Cannot keep up with the encoder stream");
    }
    try {
      this.#stream.feed(data, (reader) => this.#apply(reader));
    } catch (error) {
      if (!(error instanceof RangeError) && !(error instanceof SizeLimitError)) throw error;
      throw new ApplicationError(QpackErrorCode.EncoderStreamError, error.message);
    }
    this.#unblock();
    const fresh = this.#table.insertCount - this.#knownReceived;
    if (fresh > 0) {
      writePrefixInt(this.instructions, DecoderInstruction.InsertCountIncrement, 6, fresh);
      this.#knownReceived = this.#table.insertCount;
    }
  }

  /** Tells the encoder that the rest of a stream will not be read (RFC 9204, Section 2.2.2.2). */
  cancel(streamId: number): void {
    if (this.#maxCapacity === 0) return;
    this.#drop(streamId);
    writePrefixInt(this.instructions, DecoderInstruction.StreamCancellation, 6, streamId);
  }

  /** Ends all waiting with `error`. */
  close(error: unknown): void {
    for (const { reject } of this.#blocked.splice(0)) reject(error);
  }

  #drop(streamId: number): void {
    const index = this.#blocked.findIndex((waiting) => waiting.streamId === streamId);
    if (index < 0) return;
    const [dropped] = this.#blocked.splice(index, 1);
    dropped!.reject(new StreamError(0x10c, "Cannot decode the fields of a cancelled stream"));
  }

  #decodeLines(streamId: number, prefix: SectionPrefix, reader: Reader): FieldLine[] {
    const lines = decompressing(() =>
      readFieldLines(reader, prefix, this.#table, this.#maxSectionSize)
    );
    this.#budget = Math.min(QPACK_STREAM_BUDGET, this.#budget + QPACK_BUDGET_PER_SECTION);
    // RFC 9204, Section 2.2.2.1: told of every section that needed the table.
    if (prefix.required > 0) {
      writePrefixInt(this.instructions, DecoderInstruction.SectionAcknowledgment, 7, streamId);
      this.#knownReceived = Math.max(this.#knownReceived, prefix.required);
    }
    return lines;
  }

  #unblock(): void {
    const { insertCount } = this.#table;
    for (let i = 0; i < this.#blocked.length;) {
      const { streamId, prefix, section, offset, resolve, reject } = this.#blocked[i]!;
      if (prefix.required > insertCount) {
        i++;
        continue;
      }
      this.#blocked.splice(i, 1);
      try {
        resolve(this.#decodeLines(streamId, prefix, new Reader().aim(section, offset)));
      } catch (error) {
        reject(error);
      }
    }
  }

  /** RFC 9204, Section 4.3. */
  #apply(reader: Reader): void {
    const table = this.#table;
    const first = reader.bytes[reader.offset]!;
    if (first & EncoderInstruction.InsertWithNameReference) {
      const index = readPrefixInt(reader, 6);
      const fromStatic = (first & EncoderInstruction.StaticName) !== 0;
      const name = (fromStatic ? staticTable[index] : table.get(table.insertCount - 1 - index))
        ?.name;
      if (name === undefined) throw new RangeError(`Cannot find the name at index ${index}`);
      this.#insert(name, readString(reader, 7, table.capacity));
    } else if (first & EncoderInstruction.InsertWithLiteralName) {
      const name = readString(reader, 5, table.capacity);
      this.#insert(name, readString(reader, 7, table.capacity));
    } else if (first & EncoderInstruction.SetCapacity) {
      const capacity = readPrefixInt(reader, 5);
      // RFC 9204, Section 4.3.1.
      if (capacity > this.#maxCapacity) {
        throw new RangeError(`Cannot raise the table capacity to ${capacity}`);
      }
      table.resize(capacity);
    } else {
      const index = readPrefixInt(reader, 5);
      const entry = table.get(table.insertCount - 1 - index);
      if (!entry) throw new RangeError(`Cannot duplicate the line at index ${index}`);
      this.#insert(entry.name, entry.value);
    }
  }

  #insert(name: string, value: string): void {
    // RFC 9204, Section 3.2.2: a line that can never fit is an error.
    if (!this.#table.insert(name, value)) {
      throw new RangeError("Cannot insert a line larger than the table");
    }
  }
}

function decompressing<T>(read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (error instanceof SizeLimitError) throw new StreamError(EXCESSIVE_LOAD, error.message);
    if (error instanceof RangeError || error instanceof ReadError) {
      throw decompressionFailed(error.message);
    }
    throw error;
  }
}

function decompressionFailed(message: string): ApplicationError {
  return new ApplicationError(QpackErrorCode.DecompressionFailed, message);
}
