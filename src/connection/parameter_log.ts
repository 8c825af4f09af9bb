import { toHex } from "../bytes/bytes.ts";
import type { JsonText } from "../qlog/json_text.ts";
import { TransportParameters } from "./parameters/transport_parameters.ts";

const defaults = new TransportParameters();

/** Numbers that the drafts know, and by which name; the last ones are of extensions. */
const numbers = [
  ["max_idle_timeout", "maxIdleTimeout"],
  ["max_udp_payload_size", "maxUdpPayloadSize"],
  ["initial_max_data", "initialMaxData"],
  ["initial_max_stream_data_bidi_local", "initialMaxStreamDataBidiLocal"],
  ["initial_max_stream_data_bidi_remote", "initialMaxStreamDataBidiRemote"],
  ["initial_max_stream_data_uni", "initialMaxStreamDataUni"],
  ["initial_max_streams_bidi", "initialMaxStreamsBidi"],
  ["initial_max_streams_uni", "initialMaxStreamsUni"],
  ["ack_delay_exponent", "ackDelayExponent"],
  ["max_ack_delay", "maxAckDelay"],
  ["active_connection_id_limit", "activeConnectionIdLimit"],
] as const;
const optionalNumbers = [
  ["max_datagram_frame_size", "maxDatagramFrameSize"],
  ["initial_max_path_id", "initialMaxPathId"],
  ["min_ack_delay", "minAckDelay"],
] as const;
const ids = [
  ["original_destination_connection_id", "originalDestinationId"],
  ["initial_source_connection_id", "initialSourceId"],
  ["retry_source_connection_id", "retrySourceId"],
] as const;
const flags = [
  ["disable_active_migration", "disableActiveMigration"],
  ["grease_quic_bit", "greaseQuicBit"],
  ["reset_stream_at", "resetStreamAt"],
] as const;

/** Numbers that hold for 0-RTT data are all but these. */
const ofOneConnection: readonly string[] = ["ackDelayExponent", "maxAckDelay"];

/** Writes what a client remembers of a server for 0-RTT data. */
export function writeRemembered(json: JsonText, parameters: TransportParameters): void {
  for (const [name, field] of numbers) {
    if (!ofOneConnection.includes(field)) json.number(name, parameters[field]);
  }
  json.number("max_datagram_frame_size", parameters.maxDatagramFrameSize);
}

/** Writes what an end announced. Stateless reset tokens are secrets and stay out. */
export function writeParameters(json: JsonText, parameters: TransportParameters): void {
  for (const [name, field] of numbers) json.number(name, parameters[field]);
  for (const [name, field] of optionalNumbers) {
    if (parameters[field] !== defaults[field]) json.number(name, parameters[field]);
  }
  for (const [name, field] of flags) if (parameters[field]) json.flag(name, true);
  for (const [name, field] of ids) {
    const id = parameters[field];
    if (id !== undefined) json.word(name, toHex(id));
  }
}
