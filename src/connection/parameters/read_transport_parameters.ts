import { Reader, ReadError } from "../../bytes/reader.ts";
import { ErrorCode } from "../../error/error_code.ts";
import { TransportError } from "../../error/quic_error.ts";
import { readStreamCount } from "../../frame/flow_control.ts";
import { LARGEST_PATH_ID } from "../../frame/path_id.ts";
import { MAX_ID_LENGTH } from "../../packet/connection_id.ts";
import type { PreferredAddress, Role, VersionInformation } from "./transport_parameters.ts";
import { ParameterId, TransportParameters } from "./transport_parameters.ts";

/**
 * Reads the body of the quic_transport_parameters extension and checks all that can be checked
 * without knowing more of the connection.
 *
 * Byte fields are copies. Numbers above 2^53 - 1 are held back to that.
 *
 * @param from Who sent it.
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
      // RFC 9000, Section 7.4.2: what is not known is passed over.
      if (!readParameter(id, value, from, parameters)) continue;
      if (value.remaining > 0) throw invalid(id, "it is too long");
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

/** Reads one value; returns whether the parameter is known. */
function readParameter(
  id: number,
  value: Reader,
  from: Role,
  parameters: TransportParameters,
): boolean {
  return readNumber(id, value, parameters) || readLimited(id, value, parameters) ||
    readFlag(id, from, parameters) || readBytes(id, value, from, parameters);
}

/** Integers of which any value will do. */
function readNumber(id: number, value: Reader, parameters: TransportParameters): boolean {
  switch (id) {
    case ParameterId.MaxIdleTimeout:
      parameters.maxIdleTimeout = value.varintClamped();
      return true;
    case ParameterId.InitialMaxData:
      parameters.initialMaxData = value.varintClamped();
      return true;
    case ParameterId.InitialMaxStreamDataBidiLocal:
      parameters.initialMaxStreamDataBidiLocal = value.varintClamped();
      return true;
    case ParameterId.InitialMaxStreamDataBidiRemote:
      parameters.initialMaxStreamDataBidiRemote = value.varintClamped();
      return true;
    case ParameterId.InitialMaxStreamDataUni:
      parameters.initialMaxStreamDataUni = value.varintClamped();
      return true;
    case ParameterId.MaxDatagramFrameSize:
      parameters.maxDatagramFrameSize = value.varintClamped();
      return true;
    case ParameterId.MinAckDelay:
      parameters.minAckDelay = value.varintClamped();
      return true;
  }
  return false;
}

/** Integers with bounds. */
function readLimited(id: number, value: Reader, parameters: TransportParameters): boolean {
  switch (id) {
    case ParameterId.MaxUdpPayloadSize:
      parameters.maxUdpPayloadSize = bounded(id, value, 1200, Infinity);
      return true;
    case ParameterId.InitialMaxStreamsBidi:
      parameters.initialMaxStreamsBidi = streamCount(id, value);
      return true;
    case ParameterId.InitialMaxStreamsUni:
      parameters.initialMaxStreamsUni = streamCount(id, value);
      return true;
    case ParameterId.AckDelayExponent:
      parameters.ackDelayExponent = bounded(id, value, 0, 20);
      return true;
    case ParameterId.MaxAckDelay:
      parameters.maxAckDelay = bounded(id, value, 0, 0x3fff);
      return true;
    case ParameterId.ActiveConnectionIdLimit:
      parameters.activeConnectionIdLimit = bounded(id, value, 2, Infinity);
      return true;
    case ParameterId.InitialMaxPathId:
      // MPQUIC, Section 2.1: the nonce has 32 bits for it.
      parameters.initialMaxPathId = bounded(id, value, 0, LARGEST_PATH_ID);
      return true;
    case ParameterId.AddressDiscovery:
      parameters.addressDiscovery = bounded(id, value, 0, 2);
      return true;
    case ParameterId.MaxAddresses:
      // A single byte rather than an integer, and never 0.
      parameters.maxAddresses = value.uint8();
      if (parameters.maxAddresses === 0) throw invalid(id, "it is 0");
      return true;
  }
  return false;
}

/** Parameters that say all by being there. */
function readFlag(id: number, from: Role, parameters: TransportParameters): boolean {
  switch (id) {
    case ParameterId.DisableActiveMigration:
      return parameters.disableActiveMigration = true;
    case ParameterId.GreaseQuicBit:
      return parameters.greaseQuicBit = true;
    case ParameterId.ResetStreamAt:
      return parameters.resetStreamAt = true;
    case ParameterId.AlternativeAddress:
      if (from === "server") throw invalid(id, "only clients may send it");
      return parameters.alternativeAddress = true;
  }
  return false;
}

function readBytes(
  id: number,
  value: Reader,
  from: Role,
  parameters: TransportParameters,
): boolean {
  switch (id) {
    case ParameterId.InitialSourceId:
      parameters.initialSourceId = connectionId(id, value);
      return true;
    case ParameterId.VersionInformation:
      parameters.versionInformation = versionInformation(id, value, from);
      return true;
    case ParameterId.OriginalDestinationId:
    case ParameterId.StatelessResetToken:
    case ParameterId.PreferredAddress:
    case ParameterId.RetrySourceId:
      if (from === "client") throw invalid(id, "only servers may send it");
      readServerOnly(id, value, parameters);
      return true;
  }
  return false;
}

function readServerOnly(id: number, value: Reader, parameters: TransportParameters): void {
  switch (id) {
    case ParameterId.OriginalDestinationId:
      parameters.originalDestinationId = connectionId(id, value);
      break;
    case ParameterId.StatelessResetToken:
      parameters.statelessResetToken = value.take(16).slice();
      break;
    case ParameterId.RetrySourceId:
      parameters.retrySourceId = connectionId(id, value);
      break;
    case ParameterId.PreferredAddress:
      parameters.preferredAddress = preferredAddress(id, value);
      break;
  }
}

function checkTogether(parameters: TransportParameters, from: Role): void {
  // RFC 9000, Section 7.3: these authenticate the IDs of the handshake and may not be missing.
  if (parameters.initialSourceId === undefined) {
    throw invalid(ParameterId.InitialSourceId, "it is missing");
  }
  if (from === "server" && parameters.originalDestinationId === undefined) {
    throw invalid(ParameterId.OriginalDestinationId, "it is missing");
  }
  // ACK frequency, Section 3: one is in microseconds, the other in milliseconds.
  if (parameters.minAckDelay > parameters.maxAckDelay * 1000) {
    throw invalid(ParameterId.MinAckDelay, "it is above max_ack_delay");
  }
  if (parameters.preferredAddress && parameters.initialSourceId.length === 0) {
    throw invalid(ParameterId.PreferredAddress, "the server has no connection ID");
  }
}

function bounded(id: number, value: Reader, min: number, max: number): number {
  const number = value.varintClamped();
  if (number >= min && number <= max) return number;
  throw invalid(id, `${number} is out of bounds`);
}

function streamCount(id: number, value: Reader): number {
  const count = readStreamCount(value);
  if (count >= 0) return count;
  throw invalid(id, "there are no more than 2^60 streams");
}

function connectionId(id: number, value: Reader): Uint8Array<ArrayBuffer> {
  if (value.remaining > MAX_ID_LENGTH) throw invalid(id, "the connection ID is too long");
  return value.take(value.remaining).slice();
}

function versionInformation(id: number, value: Reader, from: Role): VersionInformation {
  if (value.remaining === 0 || value.remaining % 4 !== 0) throw invalid(id, "its length is wrong");
  const chosen = value.uint32();
  const available: number[] = [];
  while (value.remaining > 0) available.push(value.uint32());
  // RFC 9368, Section 4: 0 is the mark of Version Negotiation packets, never a version.
  if (chosen === 0 || available.includes(0)) throw invalid(id, "it names version 0");
  if (from === "client" && !available.includes(chosen)) {
    throw invalid(id, "the chosen version is not among the available ones");
  }
  return { chosen, available };
}

function preferredAddress(id: number, value: Reader): PreferredAddress {
  const ipv4 = value.take(4).slice();
  const ipv4Port = value.uint16();
  const ipv6 = value.take(16).slice();
  const ipv6Port = value.uint16();
  const length = value.uint8();
  if (length < 1 || length > MAX_ID_LENGTH) throw invalid(id, "its connection ID is invalid");
  const connectionId = value.take(length).slice();
  return { ipv4, ipv4Port, ipv6, ipv6Port, id: connectionId, resetToken: value.take(16).slice() };
}

function invalid(id: number, reason: string): TransportError {
  return new TransportError(
    ErrorCode.TransportParameterError,
    `Cannot accept transport parameter 0x${id.toString(16)}: ${reason}`,
  );
}
