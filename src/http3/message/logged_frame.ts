// Frames of HTTP/3 as qlog traces show them, without secrets.

import { toHex } from "../../bytes/bytes.ts";
import type { FieldLine } from "../../qpack/field_line.ts";
import { MAX_LOGGED_FIELDS } from "../../limits/limits.ts";
import { H3FrameType, H3SettingId, isReserved } from "../wire/code_point.ts";
import type { Setting } from "../wire/settings.ts";

/** A frame as a trace shows it (HTTP/3 events, Section 4.2). */
export interface LoggedFrame {
  /** The name of its type. */
  readonly ["frame_type"]: string;
  /** Its fields. */
  readonly [field: string]: unknown;
}

/** Sizes of a whole frame and of its payload. */
interface RawInfo {
  readonly length: number;
  readonly ["payload_length"]: number;
}

/**
 * Fields whose values let their reader act in the name of a user; a trace may be read by many
 * people.
 */
const secretNames = new Set(["authorization", "cookie", "proxy-authorization", "set-cookie"]);

const settingNames: Readonly<Record<number, string>> = {
  [H3SettingId.QpackMaxTableCapacity]: "settings_qpack_max_table_capacity",
  [H3SettingId.MaxFieldSectionSize]: "settings_max_field_section_size",
  [H3SettingId.QpackBlockedStreams]: "settings_qpack_blocked_streams",
  [H3SettingId.ExtendedConnect]: "settings_enable_connect_protocol",
  [H3SettingId.Datagram]: "settings_h3_datagram",
};

/** What field names and values never hold. */
const unprintable = /[^\t\x20-\x7e\x80-\xff]/;

/** A DATA frame, told of by its header. */
export function loggedData(headerSize: number, payloadSize: number): LoggedFrame {
  return { "frame_type": "data", raw: rawInfo(headerSize, payloadSize) };
}

/** A HEADERS frame with its section, without secret values. */
export function loggedHeaders(
  lines: readonly FieldLine[],
  headerSize: number,
  payloadSize: number,
): LoggedFrame {
  const more = lines.length - MAX_LOGGED_FIELDS;
  return {
    "frame_type": "headers",
    headers: lines.slice(0, MAX_LOGGED_FIELDS).map(loggedField),
    ...more > 0 && { "fields_left_out": more },
    raw: rawInfo(headerSize, payloadSize),
  };
}

/** A SETTINGS frame. */
export function loggedSettings(
  settings: readonly Setting[],
  headerSize: number,
  payloadSize: number,
): LoggedFrame {
  return {
    "frame_type": "settings",
    settings: settings.map(loggedSetting),
    raw: rawInfo(headerSize, payloadSize),
  };
}

/** A GOAWAY frame. */
export function loggedGoAway(id: number): LoggedFrame {
  return { "frame_type": "goaway", id };
}

/** A frame about a push. */
export function loggedPush(type: number, id: number): LoggedFrame {
  const name = type === H3FrameType.MaxPushId ? "max_push_id" : "cancel_push";
  return { "frame_type": name, "push_id": id };
}

/** A PRIORITY_UPDATE frame, for a request or a push. */
export function loggedPriorityUpdate(type: number, id: number, priority: string): LoggedFrame {
  const isPush = type === H3FrameType.PriorityUpdatePush;
  return {
    "frame_type": "priority_update",
    [isPush ? "push_id" : "stream_id"]: id,
    "priority_field_value": priority,
  };
}

/** A frame of a type that means nothing to us. */
export function loggedUnknown(type: number, headerSize: number, payloadSize: number): LoggedFrame {
  return {
    "frame_type": isReserved(type) ? "reserved" : "unknown",
    "frame_type_bytes": type,
    raw: rawInfo(headerSize, payloadSize),
  };
}

function rawInfo(headerSize: number, payloadSize: number): RawInfo {
  return { length: headerSize + payloadSize, "payload_length": payloadSize };
}

/** What may not stand in text is given as bytes (HTTP/3 events, Section 4.2.2). */
function loggedField({ name, value, sensitive }: FieldLine): Record<string, string> {
  return {
    ...loggedText("name", name),
    ...!(sensitive || secretNames.has(name.toLowerCase())) && loggedText("value", value),
  };
}

function loggedText(member: string, text: string): Record<string, string> {
  if (!unprintable.test(text)) return { [member]: text };
  return { [`${member}_bytes`]: toHex(Uint8Array.from(text, (sign) => sign.charCodeAt(0))) };
}

function loggedSetting({ id, value }: Setting): Record<string, string | number> {
  const name = settingNames[id] ?? (isReserved(id) ? "reserved" : "unknown");
  return { name, ...name === "unknown" && { "name_bytes": id }, value };
}
