// The numbers of WebTransport over HTTP/3: settings, streams, capsules, errors.

/** The signal at the start of a bidirectional stream of a session (WebTransport, Section 4.3). */
export const SESSION_SIGNAL = 0x41;
/** The type of a unidirectional stream of a session (WebTransport, Section 4.2). */
export const SESSION_STREAM_TYPE = 0x54;

/** What the request for a session has for `:protocol`: the drafts from 15 on, and those before. */
export const SessionToken = {
  Current: "webtransport-h3",
  Old: "webtransport",
} as const;

/** Settings of all drafts that peers in use speak; each draft has a number of its own. */
export const WtSettingId = {
  /** SETTINGS_WT_ENABLED (WebTransport, Section 3.1), of drafts 15 and later. */
  Enabled: 0x2c7c_f000,
  /** Sessions that may be open at once, in drafts 13 and 14. */
  MaxSessions: 0x14e9_cd29,
  /** The same in drafts 7 to 12. */
  MaxSessions07: 0xc671_706a,
  /** Whether there is WebTransport, in drafts 2 to 6. */
  Enabled02: 0x2b60_3742,
  /** HTTP datagrams, as peers of draft 2 know them. */
  Datagram04: 0xff_d277,
  /** Flow control (WebTransport, Section 5.5). */
  InitialMaxData: 0x2b61,
  InitialMaxStreamsUni: 0x2b64,
  InitialMaxStreamsBidi: 0x2b65,
} as const;

/** Capsules on the stream of a session (WebTransport, Sections 4.7, 5.6 and 6). */
export const WtCapsule = {
  Close: 0x2843,
  Drain: 0x78ae,
  MaxData: 0x190b_4d3d,
  /** Only for WebTransport over HTTP/2. */
  MaxStreamData: 0x190b_4d3e,
  MaxStreamsBidi: 0x190b_4d3f,
  MaxStreamsUni: 0x190b_4d40,
  DataBlocked: 0x190b_4d41,
  /** Only for WebTransport over HTTP/2. */
  StreamDataBlocked: 0x190b_4d42,
  StreamsBlockedBidi: 0x190b_4d43,
  StreamsBlockedUni: 0x190b_4d44,
} as const;

/** Errors of the protocol itself, among those of HTTP/3. */
export const WtErrorCode = {
  BufferedStreamRejected: 0x3994_bd84,
  SessionGone: 0x170d_7b68,
  FlowControlError: 0x045d_4487,
  AlpnError: 0x0817_b3dd,
  RequirementsNotMet: 0x212c_0d48,
} as const;

const FIRST = 0x52e4_a40f_a8db;
const LAST = 0x52e5_ac98_3162;
/** One in so many codes means nothing in HTTP/3 (RFC 9114, Section 8.1). */
const PERIOD = 0x1f;

/** The largest code of an application. */
export const MAX_APPLICATION_CODE = 0xffff_ffff;

/**
 * The code of HTTP/3 that carries one of an application (WebTransport, Section 4.4).
 *
 * @param code From 0 to 2^32 - 1.
 */
export function toHttpCode(code: number): number {
  return FIRST + code + Math.floor(code / (PERIOD - 1));
}

/** The code of an application that a code of HTTP/3 carries; undefined if it carries none. */
export function toApplicationCode(code: number): number | undefined {
  if (code < FIRST || code > LAST || (code - 0x21) % PERIOD === 0) return undefined;
  const shifted = code - FIRST;
  return shifted - Math.floor(shifted / PERIOD);
}
