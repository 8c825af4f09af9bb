// Reads instructions of the QPACK streams, which may be cut anywhere (RFC 9204, Section 4.3).

import { Reader, ReadError } from "../bytes/reader.ts";
import { ByteBuffer } from "./byte_buffer.ts";

/** Reads the piece at hand. */
const reader = new Reader();

/**
 * Cuts a stream of instructions, which arrive in pieces of any size, into whole ones.
 *
 * What is kept between pieces is never longer than one instruction, which the parser bounds by
 * refusing lengths beyond its limits before their bytes are there.
 */
export class InstructionStream {
  readonly #kept = new ByteBuffer(64);

  /**
   * Feeds a piece; `parse` is called for each instruction and throws `ReadError` when it needs
   * more bytes, before it has changed anything.
   */
  feed(data: Uint8Array, parse: (reader: Reader) => void): void {
    const kept = this.#kept;
    if (kept.length > 0) {
      kept.append(data);
      reader.aim(kept.bytes, 0, kept.length);
    } else {
      reader.aim(data);
    }
    while (reader.remaining > 0) {
      const start = reader.offset;
      try {
        parse(reader);
      } catch (error) {
        if (!(error instanceof ReadError)) throw error;
        reader.seek(start);
        break;
      }
    }
    if (kept.length > 0) kept.drop(reader.offset);
    else if (reader.remaining > 0) kept.append(data.subarray(reader.offset));
  }
}

/** First bits of encoder instructions (RFC 9204, Section 4.3). */
export const EncoderInstruction = {
  InsertWithNameReference: 0x80,
  /** Beside the one above: the name stands in the static table. */
  StaticName: 0x40,
  InsertWithLiteralName: 0x40,
  SetCapacity: 0x20,
  Duplicate: 0x00,
} as const;

/** First bits of decoder instructions (RFC 9204, Section 4.4). */
export const DecoderInstruction = {
  SectionAcknowledgment: 0x80,
  StreamCancellation: 0x40,
  InsertCountIncrement: 0x00,
} as const;
