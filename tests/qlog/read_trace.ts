import assert from "node:assert/strict";

/** An event as it stands in a trace. */
export interface TraceEvent {
  readonly time: number;
  readonly name: string;
  readonly tuple?: string;
  readonly ["group_id"]?: string;
  // deno-lint-ignore no-explicit-any
  readonly data: any;
}

/** A trace: what its first record says, and the events. */
export interface Trace {
  // deno-lint-ignore no-explicit-any
  readonly header: any;
  readonly events: readonly TraceEvent[];
}

/** Reads a JSON text sequence as strictly as RFC 7464 allows. */
export function readTrace(text: string): Trace {
  const records = text.split("\x1e");
  assert.equal(records[0], "", "a record separator comes first");
  const values = records.slice(1).map((record) => {
    assert.ok(record.endsWith("\n"), `no line feed behind ${record.slice(0, 100)}`);
    assert.equal(record.indexOf("\n"), record.length - 1, "one line for each record");
    return JSON.parse(record);
  });
  const [header, ...events] = values;
  return { header, events };
}

/** Fields of HTTP/3 events (HTTP/3 events, Section 3): those that are required, and the others. */
const H3_FIELDS: Record<string, readonly [required: string, others: string]> = {
  "http3:parameters_set": [
    "",
    `initiator max_field_section_size max_table_capacity blocked_streams_count extended_connect
    h3_datagram waits_for_settings`,
  ],
  "http3:stream_type_set": [
    "stream_id stream_type",
    "initiator stream_type_bytes associated_push_id",
  ],
  "http3:priority_updated": ["new", "stream_id push_id old trigger reason"],
  "http3:frame_created": ["stream_id frame", ""],
  "http3:frame_parsed": ["stream_id frame", ""],
  "http3:datagram_created": ["quarter_stream_id", "raw"],
  "http3:datagram_parsed": ["quarter_stream_id", "raw"],
};

/** Fields of HTTP/3 frames (HTTP/3 events, Section 4.2), `frame_type` apart; one is ours. */
const H3_FRAME_FIELDS: Record<string, readonly [required: string, others: string]> = {
  data: ["", "raw"],
  headers: ["headers", "raw fields_left_out"],
  "cancel_push": ["push_id", "raw"],
  settings: ["settings", "raw"],
  goaway: ["id", "raw"],
  "max_push_id": ["push_id", "raw"],
  reserved: ["frame_type_bytes", "raw"],
  unknown: ["frame_type_bytes", "raw"],
  "priority_update": ["priority_field_value", "stream_id push_id raw"],
};

const STREAM_TYPES = "request control push reserved unknown qpack_encode qpack_decode".split(" ");

const SETTING_NAMES = `settings_qpack_max_table_capacity settings_max_field_section_size
  settings_qpack_blocked_streams settings_enable_connect_protocol settings_h3_datagram reserved
  unknown`.split(/\s+/);

/** Names of the QUIC event draft (Section 14, event types) and of the main schema. */
const NAMES = new Set(
  `server_listening connection_started connection_closed connection_id_updated spin_bit_updated
  connection_state_updated tuple_assigned mtu_updated version_information alpn_information
  parameters_set parameters_restored packet_sent packet_received packet_dropped packet_buffered
  packets_acked udp_datagrams_sent udp_datagrams_received udp_datagram_dropped stream_state_updated
  frames_created frames_parsed stream_data_moved datagram_data_moved connection_data_blocked_updated
  stream_data_blocked_updated datagram_data_blocked_updated migration_state_updated key_updated
  key_discarded recovery_parameters_set recovery_metrics_updated congestion_state_updated
  timer_updated packet_lost marked_for_retransmit ecn_state_updated`.split(/\s+/)
    .map((name) => `quic:${name}`)
    .concat("loglevel:warning")
    .concat(Object.keys(H3_FIELDS))
    .concat(["state", "status", "health"].map((what) => `mpquic:path_${what}_updated`)),
);

/** Fields that the drafts require of each event's data. */
const REQUIRED: Record<string, readonly string[]> = {
  "quic:connection_started": ["local", "remote"],
  "quic:connection_state_updated": ["new"],
  "quic:tuple_assigned": ["tuple_id"],
  "quic:mtu_updated": ["new"],
  "quic:packet_sent": ["header"],
  "quic:packet_received": ["header"],
  "quic:packet_lost": ["header"],
  "quic:migration_state_updated": ["new"],
  "quic:key_updated": ["key_type"],
  "quic:key_discarded": ["key_type"],
  "quic:timer_updated": ["event_type"],
  "quic:recovery_parameters_set": ["timer_granularity"],
  "quic:congestion_state_updated": ["new"],
  "quic:ecn_state_updated": ["new"],
  "mpquic:path_state_updated": ["path_id", "new"],
  "mpquic:path_status_updated": ["path_id", "new"],
  "mpquic:path_health_updated": ["path_id", "new"],
};

const PACKET_TYPES = "initial handshake 0RTT 1RTT retry version_negotiation stateless_reset unknown"
  .split(" ");

/** Fields that the draft requires of frames. */
const FRAME_FIELDS: Record<string, readonly string[]> = {
  "reset_stream": ["stream_id", "error", "final_size"],
  "stop_sending": ["stream_id", "error"],
  "crypto": ["offset", "raw"],
  "new_token": ["token"],
  "stream": ["stream_id"],
  "max_data": ["maximum"],
  "max_stream_data": ["stream_id", "maximum"],
  "max_streams": ["stream_type", "maximum"],
  "data_blocked": ["limit"],
  "stream_data_blocked": ["stream_id", "limit"],
  "streams_blocked": ["stream_type", "limit"],
  "new_connection_id": ["sequence_number", "retire_prior_to", "connection_id"],
  "retire_connection_id": ["sequence_number"],
  "unknown": [],
};

/** Checks every event against the drafts. */
export function checkTrace({ header, events }: Trace): void {
  assert.equal(header.file_schema, "urn:ietf:params:qlog:file:sequential");
  assert.equal(header.serialization_format, "application/qlog+json-seq");
  assert.ok(["client", "server"].includes(header.trace.vantage_point.type));
  const namespaces = header.trace.event_schemas.map((uri: string) =>
    uri.split(":").at(-1)!.replace(/-\d+$/, "")
  );
  const { reference_time: reference } = header.trace.common_fields;
  assert.equal(reference.clock_type, "monotonic");
  assert.equal(reference.epoch, "unknown");
  assert.ok(!Number.isNaN(Date.parse(reference.wall_clock_time)));
  let last = 0;
  for (const event of events) {
    assert.ok(NAMES.has(event.name), event.name);
    assert.ok(namespaces.includes(event.name.split(":")[0]), `no schema for ${event.name}`);
    assert.ok(event.time >= last, `${event.name} at ${event.time} comes after ${last}`);
    last = event.time;
    for (const field of REQUIRED[event.name] ?? []) assert.ok(field in event.data, field);
    if ("header" in event.data) assert.ok(PACKET_TYPES.includes(event.data.header.packet_type));
    for (const frame of event.data.frames ?? []) checkFrame(frame);
    if (event.name in H3_FIELDS) checkHttp3(event);
  }
}

/** Checks an event of HTTP/3, which has no field that the draft does not know. */
export function checkHttp3({ name, data }: Pick<TraceEvent, "name" | "data">): void {
  checkFields(name, data, H3_FIELDS[name]!);
  if ("initiator" in data) assert.ok(["local", "remote"].includes(data.initiator));
  if ("stream_type" in data) assert.ok(STREAM_TYPES.includes(data.stream_type));
  if (data.frame === undefined) return;
  const { frame_type: type, ...fields } = data.frame;
  assert.ok(type in H3_FRAME_FIELDS, type);
  checkFields(type, fields, H3_FRAME_FIELDS[type]!);
  for (const field of fields.headers ?? []) {
    assert.ok("name" in field !== "name_bytes" in field, JSON.stringify(field));
    checkFields("a field", field, ["", "name name_bytes value value_bytes"]);
  }
  for (const setting of fields.settings ?? []) {
    assert.ok(SETTING_NAMES.includes(setting.name), setting.name);
    checkFields(setting.name, setting, ["name value", "name_bytes"]);
  }
}

function checkFields(
  what: string,
  data: Record<string, unknown>,
  [required, others]: readonly [required: string, others: string],
): void {
  const words = (text: string) => text.split(/\s+/).filter((word) => word !== "");
  for (const field of words(required)) assert.ok(field in data, `${what} without ${field}`);
  const known = new Set([...words(required), ...words(others)]);
  for (const field of Object.keys(data)) assert.ok(known.has(field), `${what} with ${field}`);
  const { raw } = data as { raw?: Record<string, number> };
  if (raw) assert.ok(raw.length! >= raw.payload_length!, `${what} longer than itself`);
}

function checkFrame(frame: Record<string, unknown>): void {
  assert.equal(typeof frame.frame_type, "string");
  for (const field of FRAME_FIELDS[frame.frame_type as string] ?? []) {
    assert.ok(field in frame, `${frame.frame_type} without ${field}`);
  }
}
