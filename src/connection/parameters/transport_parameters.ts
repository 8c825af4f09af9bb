// Reads and writes the transport parameters of an end (RFC 9000, Section 18).

import { concatBytes } from "../../bytes/bytes.ts";
import { Reader, ReadError } from "../../bytes/reader.ts";
import { varintSize } from "../../bytes/varint.ts";
import { Writer } from "../../bytes/writer.ts";
import type { Random } from "../../crypto/random.ts";
import { ErrorCode } from "../../error/error_code.ts";
import { TransportError } from "../../error/quic_error.ts";
import type { Role } from "../../error/role.ts";
import { invalid } from "./parameter_codec.ts";
import { parameterId, parameterTable, TransportParameters } from "./parameter_table.ts";

const rows = new Map(parameterTable.map((row) => [row.id, row]));

/**
 * Reads the body of the quic_transport_parameters extension and checks all that can be checked
 * without knowing more of the connection.
 *
 * Byte fields are copies. Numbers above 2^53 - 1 are held back to that.
 *
 * @param from The role of the sender.
 * @throws {TransportError} TRANSPORT_PARAMETER_ERROR.
 */
export function readTransportParameters(bytes: Uint8Array, from: Role): TransportParameters {
  const parameters = new TransportParameters();
  const seen = new Set<number>();
  const reader = new Reader(bytes);
  const value = new Reader();
  try {
    while (reader.remaining > 0) {
      // Reserved identifiers may use all 62 bits: those that cannot be held are unknown to us,
      // and cannot be told apart either.
      const id = reader.varintClamped();
      if (seen.has(id) && id !== Number.MAX_SAFE_INTEGER) throw invalid(id, "it came twice");
      seen.add(id);
      const length = reader.varint();
      const start = reader.advance(length);
      value.aim(bytes, start, start + length);
      readParameter(id, value, from, parameters);
    }
  } catch (error) {
    if (!(error instanceof ReadError)) throw error;
    throw new TransportError(
      ErrorCode.TransportParameterError,
      "Cannot read the transport parameters: one ends early",
      { cause: error },
    );
  }
  checkTogether(parameters, from);
  return parameters;
}

function readParameter(
  id: number,
  value: Reader,
  from: Role,
  parameters: TransportParameters,
): void {
  const row = rows.get(id);
  // RFC 9000, Section 7.4.2: what is not known is passed over.
  if (row === undefined) return;
  if (row.from !== undefined && row.from !== from) {
    throw invalid(id, `only ${row.from}s may send it`);
  }
  row.read(value, from, parameters);
  if (value.remaining > 0) throw invalid(id, "it is too long");
}

function checkTogether(parameters: TransportParameters, from: Role): void {
  const { initialSourceId, originalDestinationId } = parameters;
  // RFC 9000, Section 7.3: these authenticate the IDs of the handshake and may not be missing.
  if (initialSourceId === undefined) {
    throw invalid(parameterId("initialSourceId"), "it is missing");
  }
  if (from === "server" && originalDestinationId === undefined) {
    throw invalid(parameterId("originalDestinationId"), "it is missing");
  }
  // ACK frequency, Section 3: one is in microseconds, the other in milliseconds.
  if (parameters.minAckDelay > parameters.maxAckDelay * 1000) {
    throw invalid(parameterId("minAckDelay"), "it is above max_ack_delay");
  }
  if (parameters.preferredAddress && initialSourceId.length === 0) {
    throw invalid(parameterId("preferredAddress"), "the server has no connection ID");
  }
}

/**
 * The body of the quic_transport_parameters extension. Fields with default values are left out.
 *
 * @param random If given, a reserved parameter is added and the order is shuffled, so that peers
 * rely on neither (RFC 9000, Section 18.1).
 */
export function encodeTransportParameters(
  parameters: TransportParameters,
  random?: Random,
): Uint8Array<ArrayBuffer> {
  const set = parameterTable.filter((row) => row.isSet(parameters));
  const parts = set.map((row) => encode(row.id, row.write(parameters)));
  if (random) {
    parts.push(reserved(random));
    shuffle(parts, random);
  }
  return concatBytes(...parts);
}

function encode(id: number, value: Uint8Array): Uint8Array {
  const size = varintSize(id) + varintSize(value.length) + value.length;
  const writer = new Writer(new Uint8Array(size));
  writer.varint(id);
  writer.varint(value.length);
  writer.put(value);
  return writer.bytes;
}

/** A parameter whose identifier is of the form 31 * N + 27, with any bytes as value. */
function reserved(random: Random): Uint8Array {
  return encode(31 * random.below(2 ** 25) + 27, random.bytes(random.below(17)));
}

/** Fisher and Yates: every order is as likely as any other. */
function shuffle(parts: Uint8Array[], random: Random): void {
  for (let i = parts.length - 1; i > 0; i--) {
    const j = random.below(i + 1);
    const part = parts[i]!;
    parts[i] = parts[j]!;
    parts[j] = part;
  }
}
