// The table of all transport parameters.

import type { Reader } from "../../bytes/reader.ts";
import type { Role } from "../../error/role.ts";
import { Extension } from "../../frame/frame_table.ts";
import { LARGEST_PATH_ID } from "../../frame/path_id.ts";
import { MAX_ADDRESSES } from "../../limits/limits.ts";
import { idsPerPath } from "../../path/path_limits.ts";
import type { TransportConfig } from "../config.ts";
import {
  byte,
  connectionId,
  flag,
  number,
  type ParameterCodec,
  resetToken,
  streamCount,
} from "./parameter_codec.ts";
import {
  encodePreferred,
  type IssuedId,
  type PreferredAddress,
  preferredAddress,
} from "./preferred_address.ts";
import { type VersionInformation, versionInformation } from "./version_information.ts";

/** Bytes of the largest UDP payload we take: our receive buffers are that large. */
export const MAX_UDP_PAYLOAD_SIZE = 65_527;

/** Microseconds for which we may be asked to hold acknowledgements back at least. */
const MIN_ACK_DELAY = 1_000;

/**
 * What an endpoint tells of itself during the handshake (RFC 9000, Section 18.2, and extensions). A
 * field that was not sent has the value that the standards give it then.
 */
export class TransportParameters {
  /** Milliseconds; 0 for no timeout. */
  maxIdleTimeout = 0;
  maxUdpPayloadSize = 65_527;
  initialMaxData = 0;
  initialMaxStreamDataBidiLocal = 0;
  initialMaxStreamDataBidiRemote = 0;
  initialMaxStreamDataUni = 0;
  initialMaxStreamsBidi = 0;
  initialMaxStreamsUni = 0;
  ackDelayExponent = 3;
  /** Milliseconds. */
  maxAckDelay = 25;
  /** With multipath: for each path. */
  activeConnectionIdLimit = 2;
  /** 0 if no DATAGRAM is welcome. */
  maxDatagramFrameSize = 0;
  /** -1 if multipath is not spoken. */
  initialMaxPathId = -1;
  /** Microseconds; -1 if ACK_FREQUENCY is not understood. */
  minAckDelay = -1;
  /** 0 provides observed addresses, 1 wants them, 2 does both; -1 neither. */
  addressDiscovery = -1;
  /** How many addresses of ADD_ADDRESS are kept; 0 if the frame is not understood. */
  maxAddresses = 0;
  disableActiveMigration = false;
  greaseQuicBit = false;
  resetStreamAt = false;
  /** Whether ALTERNATIVE_ADDRESS is welcome; only clients say so. */
  alternativeAddress = false;
  originalDestinationId: Uint8Array | undefined = undefined;
  statelessResetToken: Uint8Array | undefined = undefined;
  initialSourceId: Uint8Array | undefined = undefined;
  retrySourceId: Uint8Array | undefined = undefined;
  preferredAddress: PreferredAddress | undefined = undefined;
  versionInformation: VersionInformation | undefined = undefined;
}

/** The name of a parameter. */
export type ParameterName = keyof TransportParameters;

const defaults = new TransportParameters();

/** What is announced on one connection only. */
export interface LocalConnection {
  readonly config: TransportConfig;
  readonly versions: VersionInformation;
  /** The connection ID of the handshake. */
  readonly own: IssuedId;
  /** A server: the destination of the client's first Initial, and what a Retry made of it. */
  readonly original: Uint8Array;
  readonly retrySource: Uint8Array | undefined;
  /** A server: the connection ID that goes with its preferred address. */
  readonly preferred: IssuedId | undefined;
}

/** The columns of a row that may be empty. */
interface Columns<Value> {
  /** The role that may send it; both if left out. */
  readonly from?: Role;
  /** What we announce on all connections of a configuration; nothing, if left out. */
  readonly configured?: (config: TransportConfig, role: Role) => Value;
  /** What we announce on one. */
  readonly local?: (connection: LocalConnection) => Value;
  /**
   * Whether a client remembers it for 0-RTT data (RFC 9000, Section 7.4.1), as a value, or as a limit
   * that a server must not lower if it reads those data.
   */
  readonly remembered?: "value" | "limit";
  /** The name in qlog; what has none stays out of traces. */
  readonly log?: string;
  /** The extension whose frames this parameter allows. */
  readonly extension?: number;
  /** Whether that extension is in use; it is if we have announced it, if left out. */
  readonly agreed?: (ours: Value, theirs: Value) => boolean;
}

/** One row of the table: everything to know about a parameter. */
export interface ParameterRow {
  readonly id: number;
  readonly name: ParameterName;
  readonly from: Role | undefined;
  readonly remembered: "value" | "limit" | undefined;
  readonly log: string | undefined;
  readonly extension: number;
  /** Whether the value is not the one of a parameter that was not sent. */
  isSet(parameters: TransportParameters): boolean;
  /** Reads the value; throws TRANSPORT_PARAMETER_ERROR. */
  read(value: Reader, from: Role, parameters: TransportParameters): void;
  /** The bytes of a value that is set. */
  write(parameters: TransportParameters): Uint8Array;
  /** Whether a number is lower than it was. */
  isLower(before: TransportParameters, after: TransportParameters): boolean;
  /** Copies the value. */
  copy(from: TransportParameters, to: TransportParameters): void;
  /** Sets what all connections of a configuration announce. */
  configure(parameters: TransportParameters, config: TransportConfig, role: Role): void;
  /** Sets what one connection announces. */
  announce(parameters: TransportParameters, connection: LocalConnection): void;
  /** Whether frames of its extension are in use. */
  isAgreed(ours: TransportParameters, theirs: TransportParameters): boolean;
}

/** All parameters that we know, in the order in which they are written. */
export const parameterTable: readonly ParameterRow[] = [
  row(0x01, "maxIdleTimeout", number(), {
    configured: ({ maxIdleTimeout }) => maxIdleTimeout,
    remembered: "value",
    log: "max_idle_timeout",
  }),
  row(0x03, "maxUdpPayloadSize", number(1200), {
    configured: () => MAX_UDP_PAYLOAD_SIZE,
    remembered: "value",
    log: "max_udp_payload_size",
  }),
  row(0x04, "initialMaxData", number(), {
    configured: ({ connectionWindow }) => connectionWindow,
    remembered: "limit",
    log: "initial_max_data",
  }),
  row(0x05, "initialMaxStreamDataBidiLocal", number(), {
    configured: ({ streamWindow }) => streamWindow,
    remembered: "limit",
    log: "initial_max_stream_data_bidi_local",
  }),
  row(0x06, "initialMaxStreamDataBidiRemote", number(), {
    configured: ({ streamWindow }) => streamWindow,
    remembered: "limit",
    log: "initial_max_stream_data_bidi_remote",
  }),
  row(0x07, "initialMaxStreamDataUni", number(), {
    configured: ({ streamWindow }) => streamWindow,
    remembered: "limit",
    log: "initial_max_stream_data_uni",
  }),
  row(0x08, "initialMaxStreamsBidi", streamCount, {
    configured: ({ maxBidirectionalStreams }) => maxBidirectionalStreams,
    remembered: "limit",
    log: "initial_max_streams_bidi",
  }),
  row(0x09, "initialMaxStreamsUni", streamCount, {
    configured: ({ maxUnidirectionalStreams }) => maxUnidirectionalStreams,
    remembered: "limit",
    log: "initial_max_streams_uni",
  }),
  row(0x0a, "ackDelayExponent", number(0, 20), { log: "ack_delay_exponent" }),
  row(0x0b, "maxAckDelay", number(0, 0x3fff), {
    configured: ({ maxAckDelay }) => maxAckDelay,
    log: "max_ack_delay",
  }),
  row(0x0e, "activeConnectionIdLimit", number(2), {
    configured: ({ activeIdLimit, maxConcurrentPaths }) =>
      idsPerPath(activeIdLimit, maxConcurrentPaths),
    remembered: "limit",
    log: "active_connection_id_limit",
  }),
  // RFC 9221, Section 3.
  row(0x20, "maxDatagramFrameSize", number(), {
    configured: ({ maxDatagramFrameSize }) => maxDatagramFrameSize,
    remembered: "limit",
    log: "max_datagram_frame_size",
    extension: Extension.Datagram,
  }),
  // MPQUIC, Section 2.1: path IDs count from 0, and the nonce has 32 bits for them. One path needs
  // no multipath. It is not remembered.
  row(0x3e, "initialMaxPathId", number(0, LARGEST_PATH_ID), {
    configured: ({ maxConcurrentPaths: paths }) => paths > 1 ? paths - 1 : -1,
    log: "initial_max_path_id",
    extension: Extension.Multipath,
    agreed: (ours, theirs) => ours >= 0 && theirs >= 0,
  }),
  // ACK frequency, Section 3: no more than what is held back at most.
  row(0xff04_de1b, "minAckDelay", number(), {
    configured: ({ maxAckDelay }) => Math.min(MIN_ACK_DELAY, 1_000 * maxAckDelay),
    log: "min_ack_delay",
    extension: Extension.AckFrequency,
  }),
  // Address discovery, Section 3: both given and welcome.
  row(0x9f81_a176, "addressDiscovery", number(0, 2), {
    configured: () => 2,
    extension: Extension.ObservedAddress,
    agreed: (_, theirs) => theirs === 0 || theirs === 2,
  }),
  row(0x3d7f_9112_0401, "maxAddresses", byte, {
    configured: () => MAX_ADDRESSES,
    extension: Extension.AddAddress,
    agreed: (_, theirs) => theirs > 0,
  }),
  row(0x0c, "disableActiveMigration", flag, {
    configured: ({ disableActiveMigration }, role) =>
      role === "server" && disableActiveMigration === true,
    remembered: "value",
    log: "disable_active_migration",
  }),
  // RFC 9287, Section 3: never remembered for 0-RTT.
  row(0x2ab2, "greaseQuicBit", flag, { configured: () => true, log: "grease_quic_bit" }),
  row(0x1d, "resetStreamAt", flag, {
    configured: () => true,
    log: "reset_stream_at",
    extension: Extension.ResetStreamAt,
  }),
  row(0xff09_69d8_5c, "alternativeAddress", flag, {
    from: "client",
    configured: (_, role) => role === "client",
    extension: Extension.AlternativeAddress,
  }),
  row(0x00, "originalDestinationId", connectionId, {
    from: "server",
    local: ({ original }) => original,
    log: "original_destination_connection_id",
  }),
  // Tokens are secrets: they stay out of traces.
  row(0x02, "statelessResetToken", resetToken, {
    from: "server",
    local: ({ own }) => own.resetToken,
  }),
  row(0x0f, "initialSourceId", connectionId, {
    local: ({ own }) => own.id.bytes,
    log: "initial_source_connection_id",
  }),
  row(0x10, "retrySourceId", connectionId, {
    from: "server",
    local: ({ retrySource }) => retrySource,
    log: "retry_source_connection_id",
  }),
  row(0x0d, "preferredAddress", preferredAddress, {
    from: "server",
    local: ({ config, preferred }) =>
      config.preferredAddress && preferred && encodePreferred(config.preferredAddress, preferred),
  }),
  row(0x11, "versionInformation", versionInformation, { local: ({ versions }) => versions }),
];

/** The identifier of a parameter. */
export function parameterId(name: ParameterName): number {
  return parameterTable.find((row) => row.name === name)!.id;
}

/** Bits of the extensions whose frames are accepted. */
export function agreedExtensions(ours: TransportParameters, theirs: TransportParameters): number {
  let extensions = 0;
  for (const row of parameterTable) if (row.isAgreed(ours, theirs)) extensions |= row.extension;
  return extensions;
}

function row<Name extends ParameterName>(
  id: number,
  name: Name,
  codec: ParameterCodec<TransportParameters[Name]>,
  columns: Columns<TransportParameters[Name]>,
): ParameterRow {
  const { from, configured, local, remembered, log, extension = 0, agreed } = columns;
  const isSet = (parameters: TransportParameters) => parameters[name] !== defaults[name];
  return {
    id,
    name,
    from,
    remembered,
    log,
    extension,
    isSet,
    read: (value, from, parameters) => void (parameters[name] = codec.read(value, id, from)),
    write: (parameters) => codec.write(parameters[name]),
    isLower: (before, after) => after[name]! < before[name]!,
    copy: (from, to) => void (to[name] = from[name]),
    configure(parameters, config, role) {
      if (configured !== undefined) parameters[name] = configured(config, role);
    },
    announce(parameters, connection) {
      if (local !== undefined) parameters[name] = local(connection);
    },
    isAgreed(ours, theirs) {
      return agreed === undefined ? isSet(ours) : agreed(ours[name], theirs[name]);
    },
  };
}
