/**
 * Transport error codes of RFC 9000, Section 20.1, RFC 9001 and MPQUIC, Section 4.2.
 *
 * @category Errors
 */
export const ErrorCode = {
  NoError: 0x00,
  InternalError: 0x01,
  ConnectionRefused: 0x02,
  FlowControlError: 0x03,
  StreamLimitError: 0x04,
  StreamStateError: 0x05,
  FinalSizeError: 0x06,
  FrameEncodingError: 0x07,
  TransportParameterError: 0x08,
  ConnectionIdLimitError: 0x09,
  ProtocolViolation: 0x0a,
  InvalidToken: 0x0b,
  ApplicationError: 0x0c,
  CryptoBufferExceeded: 0x0d,
  KeyUpdateError: 0x0e,
  AeadLimitReached: 0x0f,
  NoViablePath: 0x10,
  VersionNegotiationError: 0x11,
  ApplicationAbandonPath: 0x3e,
  /** TLS alerts are added to this (RFC 9001, Section 4.8). */
  CryptoError: 0x100,
  PathResourceLimitReached: 0x3e75,
  PathUnstableOrPoor: 0x3e76,
  NoCidAvailableForPath: 0x3e77,
} as const;

const names: ReadonlyMap<number, string> = new Map(
  Object.entries(ErrorCode).map(([name, code]) => [code, name]),
);

/** A name for people; TLS alerts and unknown codes are shown as numbers. */
export function errorCodeName(code: number): string {
  if (code > 0x100 && code <= 0x1ff) return `TLS alert ${code - 0x100}`;
  return names.get(code) ?? `0x${code.toString(16)}`;
}
