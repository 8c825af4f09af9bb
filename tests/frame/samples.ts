import assert from "node:assert/strict";
import type { Writer } from "../../src/bytes/writer.ts";
import { TransportError } from "../../src/error/quic_error.ts";
import {
  ALL_EXTENSIONS,
  frameName,
  type FrameRow,
  frameTable,
} from "../../src/frame/frame_table.ts";
import { PacketType } from "../../src/packet/packet_type.ts";
import { read, written } from "./recorder.ts";

/** Each type that the table has, with its row. */
export const types: readonly { type: number; row: FrameRow }[] = frameTable.flatMap((row) =>
  Array.from({ length: row.last - row.type + 1 }, (_, i) => ({ type: row.type + i, row }))
);

/** The shortest frame of a type, with bytes behind it that are all 1 or all 0. */
export function shortest(type: number): Uint8Array {
  for (let length = 0; length < 64; length++) {
    for (const value of [1, 0]) {
      const bytes = frameOf(type, length, value);
      if (codeOf(bytes, PacketType.OneRtt, ALL_EXTENSIONS) === undefined) return bytes;
    }
  }
  return assert.fail(`${frameName(type)} is never complete`);
}

/** A frame of a type, with so many bytes of one value behind it. */
export function frameOf(type: number, length: number, value: number): Uint8Array {
  return written((writer: Writer) => {
    writer.varint(type);
    writer.fill(value, length);
  });
}

/** The error with which a packet is refused, if it is. */
export function codeOf(
  bytes: Uint8Array,
  packetType: number,
  extensions: number,
): number | undefined {
  try {
    read(bytes, packetType, extensions);
    return undefined;
  } catch (error) {
    assert.ok(error instanceof TransportError, `${error}`);
    return error.code;
  }
}
