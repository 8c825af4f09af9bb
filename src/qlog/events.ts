/** The schema of the whole: a sequence of records (qlog main schema, Section 5). */
export const FILE_SCHEMA = "urn:ietf:params:qlog:file:sequential";

/**
 * The schemas of the events. That of QUIC is known by the number of its draft (QUIC events,
 * Section 2.1); the last one is ours, for what that draft does not know of paths.
 */
export const EVENT_SCHEMAS: readonly string[] = [
  "urn:ietf:params:qlog:events:quic-13",
  "urn:ietf:params:qlog:events:loglevel",
  "urn:x-mpquic:qlog:events:mpquic",
];

/** Names of the events that are written. */
export const EventName = {
  ConnectionStarted: "quic:connection_started",
  ConnectionClosed: "quic:connection_closed",
  ConnectionIdUpdated: "quic:connection_id_updated",
  ConnectionStateUpdated: "quic:connection_state_updated",
  TupleAssigned: "quic:tuple_assigned",
  MtuUpdated: "quic:mtu_updated",
  VersionInformation: "quic:version_information",
  AlpnInformation: "quic:alpn_information",
  ParametersSet: "quic:parameters_set",
  ParametersRestored: "quic:parameters_restored",
  PacketSent: "quic:packet_sent",
  PacketReceived: "quic:packet_received",
  PacketDropped: "quic:packet_dropped",
  PacketBuffered: "quic:packet_buffered",
  MigrationStateUpdated: "quic:migration_state_updated",
  TimerUpdated: "quic:timer_updated",
  KeyUpdated: "quic:key_updated",
  KeyDiscarded: "quic:key_discarded",
  RecoveryParametersSet: "quic:recovery_parameters_set",
  RecoveryMetricsUpdated: "quic:recovery_metrics_updated",
  CongestionStateUpdated: "quic:congestion_state_updated",
  PacketLost: "quic:packet_lost",
  /** Of the main schema: something is missing in the trace. */
  Warning: "loglevel:warning",
  /** Ours: a path ID goes through its stages. */
  PathStateUpdated: "mpquic:path_state_updated",
  /** Ours: PATH_STATUS of either end. */
  PathStatusUpdated: "mpquic:path_status_updated",
  /** Ours: a path is in doubt, or no longer. */
  PathHealthUpdated: "mpquic:path_health_updated",
} as const;
/** One of the names. */
export type EventName = (typeof EventName)[keyof typeof EventName];

/** Why a packet was dropped (QUIC events, Section 5.7). */
export type DropTrigger =
  | "rejected"
  | "unsupported"
  | "invalid"
  | "duplicate"
  | "connection_unknown"
  | "decryption_failure"
  | "key_unavailable";

/** How a packet came to count as lost. */
export type LossTrigger = "reordering_threshold" | "time_threshold" | "pto_expired";

/** How far a connection is. */
export type ConnectionState =
  | "attempted"
  | "handshake_started"
  | "handshake_complete"
  | "handshake_confirmed"
  | "closing"
  | "draining"
  | "closed";

/** Keys, by who seals with them and at which level. */
export type KeyType = `${"client" | "server"}_${"initial" | "handshake" | "0rtt" | "1rtt"}_secret`;

/** Timers that are told of. */
export type TimerType = "ack" | "pto" | "loss_timeout" | "path_validation" | "idle_timeout";

/** What becomes of a timer. */
export type TimerChange = "set" | "expired" | "cancelled";

/** How far a move to another address is (QUIC events, Section 5.20). */
export type MigrationState =
  | "probing_started"
  | "probing_abandoned"
  | "probing_successful"
  | "migration_started"
  | "migration_complete";

/** Names of packet types, in the order of `PacketType`. */
const packetTypes = ["initial", "0RTT", "handshake", "retry", "1RTT", "version_negotiation"];

/** The name of a `PacketType`; -1 and others are unknown. */
export function packetTypeWord(type: number): string {
  return packetTypes[type] ?? "unknown";
}

/** Names of transport error codes, in their order. */
const transportErrors = [
  "no_error",
  "internal_error",
  "connection_refused",
  "flow_control_error",
  "stream_limit_error",
  "stream_state_error",
  "final_size_error",
  "frame_encoding_error",
  "transport_parameter_error",
  "connection_id_limit_error",
  "protocol_violation",
  "invalid_token",
  "application_error",
  "crypto_buffer_exceeded",
  "key_update_error",
  "aead_limit_reached",
  "no_viable_path",
];

/** The name of a transport error code; `unknown` asks for the code beside it. */
export function transportErrorWord(code: number): string {
  if (code > 0x100 && code <= 0x1ff) return `crypto_error_0x${code.toString(16)}`;
  return transportErrors[code] ?? "unknown";
}
