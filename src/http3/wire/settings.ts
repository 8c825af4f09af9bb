// Reads and writes SETTINGS (RFC 9114, Section 7.2.4).

import { ApplicationError } from "../../error/quic_error.ts";
import { H3ErrorCode, H3SettingId, reservedIdentifier } from "./code_point.ts";
import { varints } from "./frame.ts";
import { WtSettingId } from "./web_transport.ts";

/** What one end tells the other at the start (RFC 9114, Section 7.2.4). */
export interface Settings {
  /** Bytes of dynamic table its decoder grants. */
  readonly maxTableCapacity: number;
  /** Streams its decoder lets wait for the table. */
  readonly blockedStreams: number;
  /** The largest field section it takes. */
  readonly maxFieldSectionSize: number;
  /** Whether it takes extended CONNECT (RFC 9220). */
  readonly extendedConnect: boolean;
  /** Whether it takes datagrams (RFC 9297). */
  readonly datagrams: boolean;
  /** What it says of WebTransport, if it says anything. */
  readonly webTransport?: WebTransportSettings;
}

/** What an end says of WebTransport (WebTransport, Sections 3.1 and 5.5). */
export interface WebTransportSettings {
  /** 1 for the drafts from 15 on; there are no other numbers. */
  readonly enabled: number;
  /** Sessions at a time in the drafts before; 0 for none of these drafts. */
  readonly maxSessions: number;
  /** Bytes that may come on all streams of a session before it says more. */
  readonly maxData: number;
  /** Streams that may be opened in a session before it says more. */
  readonly maxStreamsUni: number;
  readonly maxStreamsBidi: number;
}

/** One of them, as it is written. */
export interface Setting {
  readonly id: number;
  readonly value: number;
}

/** The payload of a SETTINGS frame, with a reserved setting that means nothing. */
export function writeSettings(settings: Settings): Uint8Array<ArrayBuffer> {
  return varints(
    H3SettingId.QpackMaxTableCapacity,
    settings.maxTableCapacity,
    H3SettingId.MaxFieldSectionSize,
    settings.maxFieldSectionSize,
    H3SettingId.QpackBlockedStreams,
    settings.blockedStreams,
    ...(settings.extendedConnect ? [H3SettingId.ExtendedConnect, 1] : []),
    ...(settings.datagrams ? [H3SettingId.Datagram, 1] : []),
    ...(settings.webTransport ? webTransportPairs(settings.webTransport) : []),
    // RFC 9114, Section 7.2.4.1: peers must cope with what they do not know.
    reservedIdentifier(Math.floor(Math.random() * 1e6)),
    Math.floor(Math.random() * 1e6),
  );
}

/**
 * Takes the payload of a SETTINGS frame apart, whatever it says.
 *
 * @throws {ApplicationError} H3_FRAME_ERROR.
 */
export function listSettings(payload: Uint8Array): Setting[] {
  const settings: Setting[] = [];
  for (let at = 0; at < payload.length;) {
    const id = varintAt(payload, at);
    const value = varintAt(payload, id.end);
    at = value.end;
    settings.push({ id: id.value, value: value.value });
  }
  return settings;
}

/**
 * Reads the payload of a SETTINGS frame.
 *
 * @throws {ApplicationError} H3_SETTINGS_ERROR or H3_FRAME_ERROR.
 */
export function readSettings(payload: Uint8Array): Settings {
  const seen = new Map<number, number>();
  for (const { id, value } of listSettings(payload)) {
    checkSetting(id, value);
    // Above 2^53 different identifiers may round to the same number; all of them are unknown.
    if (seen.has(id) && id <= Number.MAX_SAFE_INTEGER) {
      throw settingsError(`Cannot accept setting ${id} twice`);
    }
    seen.set(id, value);
  }
  return {
    maxTableCapacity: seen.get(H3SettingId.QpackMaxTableCapacity) ?? 0,
    blockedStreams: seen.get(H3SettingId.QpackBlockedStreams) ?? 0,
    maxFieldSectionSize: seen.get(H3SettingId.MaxFieldSectionSize) ?? Infinity,
    extendedConnect: seen.get(H3SettingId.ExtendedConnect) === 1,
    datagrams: seen.get(H3SettingId.Datagram) === 1,
    ...readWebTransport(seen),
  };
}

/** Each draft of WebTransport looks for a setting of its own (WebTransport, Section 7.1). */
function webTransportPairs(settings: WebTransportSettings): number[] {
  const { enabled, maxSessions, maxData, maxStreamsUni, maxStreamsBidi } = settings;
  const pairs: [id: number, value: number][] = [
    [WtSettingId.Enabled, enabled],
    [WtSettingId.MaxSessions, maxSessions],
    [WtSettingId.MaxSessions07, maxSessions],
    [WtSettingId.Enabled02, Math.min(1, maxSessions)],
    [WtSettingId.Datagram04, Math.min(1, maxSessions)],
    [WtSettingId.InitialMaxData, maxData],
    [WtSettingId.InitialMaxStreamsUni, maxStreamsUni],
    [WtSettingId.InitialMaxStreamsBidi, maxStreamsBidi],
  ];
  return pairs.filter(([, value]) => value > 0).flat();
}

function readWebTransport(seen: ReadonlyMap<number, number>): Partial<Settings> {
  const value = (id: number) => seen.get(id) ?? 0;
  const enabled = value(WtSettingId.Enabled);
  const maxSessions = Math.max(
    value(WtSettingId.MaxSessions),
    value(WtSettingId.MaxSessions07),
    Math.min(1, value(WtSettingId.Enabled02)),
  );
  if (enabled === 0 && maxSessions === 0) return {};
  return {
    webTransport: {
      enabled,
      maxSessions,
      maxData: value(WtSettingId.InitialMaxData),
      maxStreamsUni: value(WtSettingId.InitialMaxStreamsUni),
      maxStreamsBidi: value(WtSettingId.InitialMaxStreamsBidi),
    },
  };
}

function checkSetting(id: number, value: number): void {
  // RFC 9114, Section 7.2.4.1: identifiers HTTP/2 used must not come back; 0 is reserved too.
  if (id === 0 || (id >= 2 && id <= 5)) {
    throw settingsError(`Cannot accept setting ${id} of HTTP/2`);
  }
  const isFlag = id === H3SettingId.ExtendedConnect || id === H3SettingId.Datagram;
  if (isFlag && value > 1) throw settingsError(`Cannot accept ${value} for setting ${id}`);
}

function varintAt(bytes: Uint8Array, at: number): { value: number; end: number } {
  const first = bytes[at] ?? 0;
  const end = at + (1 << (first >>> 6));
  if (end > bytes.length) {
    throw new ApplicationError(H3ErrorCode.FrameError, "Cannot read settings that are cut off");
  }
  let value = first & 0x3f;
  for (let i = at + 1; i < end; i++) value = value * 256 + bytes[i]!;
  return { value, end };
}

function settingsError(message: string): ApplicationError {
  return new ApplicationError(H3ErrorCode.SettingsError, message);
}
