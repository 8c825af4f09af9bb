/** The names, schemas and values of qlog events, as their drafts spell them. */
import type { Role } from "../error/role.ts";

/** The schema of the whole: a sequence of records (qlog main schema, Section 5). */
export const FILE_SCHEMA = "urn:ietf:params:qlog:file:sequential";

/**
 * The schemas of the events. Those of QUIC and HTTP/3 are known by the numbers of their drafts (QUIC
 * events, Section 2.1, HTTP/3 events, Section 2.1); the last one is ours, for what those drafts do
 * not know of paths.
 */
export const EVENT_SCHEMAS: readonly string[] = [
  "urn:ietf:params:qlog:events:quic-13",
  "urn:ietf:params:qlog:events:http3-13",
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
  EcnStateUpdated: "quic:ecn_state_updated",
  /** Of the main schema: something is missing in the trace. */
  Warning: "loglevel:warning",
  /** Ours: a path ID goes through its stages. */
  PathStateUpdated: "mpquic:path_state_updated",
  /** Ours: PATH_STATUS of either end. */
  PathStatusUpdated: "mpquic:path_status_updated",
  /** Ours: a path is suspect, or no longer. */
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

/** Keys, by the role that seals with them and the encryption level. */
export type KeyType = `${Role}_${"initial" | "handshake" | "0rtt" | "1rtt"}_secret`;

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

/** Names of HTTP/3 error codes from 0x100 on (HTTP/3 events, Section 4.3); one has none there. */
const http3Errors = [
  "http_no_error",
  "http_general_protocol_error",
  "http_internal_error",
  "http_stream_creation_error",
  "http_closed_critical_stream",
  "http_frame_unexpected",
  "http_frame_error",
  "http_excessive_load",
  "http_id_error",
  "http_settings_error",
  "http_missing_settings",
  "http_request_rejected",
  "http_request_cancelled",
  "http_request_incomplete",
  "unknown",
  "http_connect_error",
  "http_version_fallback",
];

/**
 * The name of a code of the application; `unknown` asks for the code beside it.
 *
 * @param protocol The protocol that was agreed on, if it is known yet.
 */
export function applicationErrorWord(protocol: string | undefined, code: number): string {
  return protocol === "h3" ? http3Errors[code - 0x100] ?? "unknown" : "unknown";
}
