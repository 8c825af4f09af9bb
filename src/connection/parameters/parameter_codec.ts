// How values of transport parameters are written and read.

import type { Reader } from "../../bytes/reader.ts";
import { varintSize } from "../../bytes/varint.ts";
import { Writer } from "../../bytes/writer.ts";
import { ErrorCode } from "../../error/error_code.ts";
import { TransportError } from "../../error/quic_error.ts";
import type { Role } from "../../error/role.ts";
import { readStreamCount } from "../../frame/flow_control.ts";
import { MAX_ID_LENGTH } from "../../packet/connection_id.ts";

/** How the value of a transport parameter looks on the wire. */
export interface ParameterCodec<Value> {
  /**
   * Reads a value; bytes are copied.
   *
   * @param id The parameter, for the error.
   * @throws {TransportError} TRANSPORT_PARAMETER_ERROR.
   */
  read(value: Reader, id: number, from: Role): Value;
  /** The bytes of a value that is not the default. */
  write(value: Value): Uint8Array;
}

/** Integers within bounds; those above 2^53 - 1 are held back to that. */
export function number(min = 0, max = Infinity): ParameterCodec<number> {
  return {
    read(value, id) {
      const number = value.varintClamped();
      if (number >= min && number <= max) return number;
      throw invalid(id, `${number} is out of bounds`);
    },
    write: varint,
  };
}

/** How many streams: 2^60 at most (RFC 9000, Section 4.6). */
export const streamCount: ParameterCodec<number> = {
  read(value, id) {
    const count = readStreamCount(value);
    if (count >= 0) return count;
    throw invalid(id, "there are no more than 2^60 streams");
  },
  write: varint,
};

/** A single byte rather than an integer, and never 0. */
export const byte: ParameterCodec<number> = {
  read(value, id) {
    const number = value.uint8();
    if (number > 0) return number;
    throw invalid(id, "it is 0");
  },
  write: (value) => Uint8Array.of(value),
};

/** A parameter that says all by being there. */
export const flag: ParameterCodec<boolean> = {
  read: () => true,
  write: () => new Uint8Array(0),
};

/** A connection ID, which may be empty. */
export const connectionId: ParameterCodec<Uint8Array | undefined> = {
  read(value, id) {
    if (value.remaining > MAX_ID_LENGTH) throw invalid(id, "the connection ID is too long");
    return value.take(value.remaining).slice();
  },
  write: (value) => value!,
};

/** A token for stateless resets. */
export const resetToken: ParameterCodec<Uint8Array | undefined> = {
  read: (value) => value.take(16).slice(),
  write: (value) => value!,
};

/** The error of a parameter that cannot be. */
export function invalid(id: number, reason: string): TransportError {
  return new TransportError(
    ErrorCode.TransportParameterError,
    `Cannot accept transport parameter 0x${id.toString(16)}: ${reason}`,
  );
}

/** The bytes of an integer. */
function varint(value: number): Uint8Array {
  const writer = new Writer(new Uint8Array(varintSize(value)));
  writer.varint(value);
  return writer.bytes;
}
