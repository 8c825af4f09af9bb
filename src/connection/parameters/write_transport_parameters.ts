import { concatBytes } from "../../bytes/bytes.ts";
import { varintSize } from "../../bytes/varint.ts";
import { Writer } from "../../bytes/writer.ts";
import type { Random } from "../../crypto/random.ts";
import type { PreferredAddress, VersionInformation } from "./transport_parameters.ts";
import { ParameterId, TransportParameters } from "./transport_parameters.ts";

const defaults = new TransportParameters();

/**
 * The body of the quic_transport_parameters extension. Fields with default values are left out.
 *
 * @param random If given, a reserved parameter is added and the order is shuffled, so that nobody
 *   comes to rely on either (RFC 9000, Section 18.1).
 */
export function encodeTransportParameters(
  parameters: TransportParameters,
  random?: Random,
): Uint8Array<ArrayBuffer> {
  const parts = [...numbers(parameters), ...flags(parameters), ...structures(parameters)];
  if (random) {
    parts.push(reserved(random));
    shuffle(parts, random);
  }
  return concatBytes(...parts);
}

/** Writes what `encodeTransportParameters` returns. */
export function writeTransportParameters(
  writer: Writer,
  parameters: TransportParameters,
  random?: Random,
): void {
  writer.put(encodeTransportParameters(parameters, random));
}

function numbers(parameters: TransportParameters): Uint8Array[] {
  const parts: Uint8Array[] = [];
  for (const [id, field] of numberFields) {
    const value = parameters[field];
    if (value !== defaults[field]) parts.push(parameter(id, varint(value)));
  }
  if (parameters.maxAddresses > 0) {
    parts.push(parameter(ParameterId.MaxAddresses, Uint8Array.of(parameters.maxAddresses)));
  }
  return parts;
}

function flags(parameters: TransportParameters): Uint8Array[] {
  const parts: Uint8Array[] = [];
  for (const [id, field] of flagFields) {
    if (parameters[field]) parts.push(parameter(id, new Uint8Array(0)));
  }
  return parts;
}

function structures(parameters: TransportParameters): Uint8Array[] {
  const parts: Uint8Array[] = [];
  for (const [id, field] of byteFields) {
    const value = parameters[field];
    if (value) parts.push(parameter(id, value));
  }
  const { preferredAddress, versionInformation } = parameters;
  if (preferredAddress) {
    parts.push(parameter(ParameterId.PreferredAddress, addressBody(preferredAddress)));
  }
  if (versionInformation) {
    parts.push(parameter(ParameterId.VersionInformation, versionBody(versionInformation)));
  }
  return parts;
}

function addressBody(address: PreferredAddress): Uint8Array {
  const { id, resetToken } = address;
  const writer = new Writer(new Uint8Array(25 + id.length + resetToken.length));
  writer.put(address.ipv4);
  writer.uint16(address.ipv4Port);
  writer.put(address.ipv6);
  writer.uint16(address.ipv6Port);
  writer.uint8(id.length);
  writer.put(id);
  writer.put(resetToken);
  return writer.bytes;
}

function versionBody(information: VersionInformation): Uint8Array {
  const writer = new Writer(new Uint8Array(4 + 4 * information.available.length));
  writer.uint32(information.chosen);
  for (const version of information.available) writer.uint32(version);
  return writer.bytes;
}

/** A parameter whose identifier is of the form 31 * N + 27, with any bytes as value. */
function reserved(random: Random): Uint8Array {
  return parameter(31 * random.below(2 ** 25) + 27, random.bytes(random.below(17)));
}

function parameter(id: number, value: Uint8Array): Uint8Array {
  const size = varintSize(id) + varintSize(value.length) + value.length;
  const writer = new Writer(new Uint8Array(size));
  writer.varint(id);
  writer.varint(value.length);
  writer.put(value);
  return writer.bytes;
}

function varint(value: number): Uint8Array {
  const writer = new Writer(new Uint8Array(varintSize(value)));
  writer.varint(value);
  return writer.bytes;
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

const numberFields = [
  [ParameterId.MaxIdleTimeout, "maxIdleTimeout"],
  [ParameterId.MaxUdpPayloadSize, "maxUdpPayloadSize"],
  [ParameterId.InitialMaxData, "initialMaxData"],
  [ParameterId.InitialMaxStreamDataBidiLocal, "initialMaxStreamDataBidiLocal"],
  [ParameterId.InitialMaxStreamDataBidiRemote, "initialMaxStreamDataBidiRemote"],
  [ParameterId.InitialMaxStreamDataUni, "initialMaxStreamDataUni"],
  [ParameterId.InitialMaxStreamsBidi, "initialMaxStreamsBidi"],
  [ParameterId.InitialMaxStreamsUni, "initialMaxStreamsUni"],
  [ParameterId.AckDelayExponent, "ackDelayExponent"],
  [ParameterId.MaxAckDelay, "maxAckDelay"],
  [ParameterId.ActiveConnectionIdLimit, "activeConnectionIdLimit"],
  [ParameterId.MaxDatagramFrameSize, "maxDatagramFrameSize"],
  [ParameterId.InitialMaxPathId, "initialMaxPathId"],
  [ParameterId.MinAckDelay, "minAckDelay"],
  [ParameterId.AddressDiscovery, "addressDiscovery"],
] as const;

const flagFields = [
  [ParameterId.DisableActiveMigration, "disableActiveMigration"],
  [ParameterId.GreaseQuicBit, "greaseQuicBit"],
  [ParameterId.ResetStreamAt, "resetStreamAt"],
  [ParameterId.AlternativeAddress, "alternativeAddress"],
] as const;

const byteFields = [
  [ParameterId.OriginalDestinationId, "originalDestinationId"],
  [ParameterId.StatelessResetToken, "statelessResetToken"],
  [ParameterId.InitialSourceId, "initialSourceId"],
  [ParameterId.RetrySourceId, "retrySourceId"],
] as const;
