// The numbers of HTTP/3: errors, frames, streams, settings.

/** Error codes of RFC 9114, Section 8.1. */
export const H3ErrorCode = {
  NoError: 0x100,
  GeneralProtocolError: 0x101,
  InternalError: 0x102,
  StreamCreationError: 0x103,
  ClosedCriticalStream: 0x104,
  FrameUnexpected: 0x105,
  FrameError: 0x106,
  ExcessiveLoad: 0x107,
  IdError: 0x108,
  SettingsError: 0x109,
  MissingSettings: 0x10a,
  RequestRejected: 0x10b,
  RequestCancelled: 0x10c,
  RequestIncomplete: 0x10d,
  MessageError: 0x10e,
  ConnectError: 0x10f,
  VersionFallback: 0x110,
  /** RFC 9297, Section 5.2. */
  DatagramError: 0x33,
} as const;

/** Frame types of RFC 9114, Section 7.2 and RFC 9218, Section 7.2. */
export const H3FrameType = {
  Data: 0x00,
  Headers: 0x01,
  CancelPush: 0x03,
  Settings: 0x04,
  PushPromise: 0x05,
  GoAway: 0x07,
  MaxPushId: 0x0d,
  PriorityUpdateRequest: 0xf0700,
  PriorityUpdatePush: 0xf0701,
} as const;

/** Types of unidirectional streams (RFC 9114, Section 6.2 and RFC 9204, Section 4.2). */
export const H3StreamType = {
  Control: 0x00,
  Push: 0x01,
  QpackEncoder: 0x02,
  QpackDecoder: 0x03,
} as const;

/** Identifiers of RFC 9114, Section 7.2.4.1, RFC 9204, Section 5 and RFC 9297, Section 2.1.1. */
export const H3SettingId = {
  QpackMaxTableCapacity: 0x01,
  MaxFieldSectionSize: 0x06,
  QpackBlockedStreams: 0x07,
  ExtendedConnect: 0x08,
  Datagram: 0x33,
} as const;

/** Whether the type is one HTTP/2 used and HTTP/3 forbids (RFC 9114, Section 7.2.8). */
export function isForbiddenFrame(type: number): boolean {
  return type === 0x02 || type === 0x06 || type === 0x08 || type === 0x09;
}

/** Whether an identifier of a frame, stream or setting is one that means nothing (RFC 9114, Section 7.2.8). */
export function isReserved(identifier: number): boolean {
  return identifier >= 0x21 && identifier <= Number.MAX_SAFE_INTEGER &&
    (identifier - 0x21) % 0x1f === 0;
}

/** An identifier that means nothing, so that peers keep ignoring those they do not know. */
export function reservedIdentifier(index: number): number {
  return 0x1f * index + 0x21;
}
