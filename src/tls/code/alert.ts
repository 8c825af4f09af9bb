// The alerts of TLS.

import { ReadError } from "../../bytes/reader.ts";
import { ErrorCode } from "../../error/error_code.ts";
import { TransportError } from "../../error/quic_error.ts";

/** Alert descriptions (RFC 9846, Section 6). All are fatal in QUIC (RFC 9001, Section 4.8). */
export const Alert = {
  UnexpectedMessage: 10,
  HandshakeFailure: 40,
  BadCertificate: 42,
  UnsupportedCertificate: 43,
  CertificateRevoked: 44,
  CertificateExpired: 45,
  CertificateUnknown: 46,
  IllegalParameter: 47,
  UnknownCa: 48,
  AccessDenied: 49,
  DecodeError: 50,
  DecryptError: 51,
  ProtocolVersion: 70,
  InsufficientSecurity: 71,
  InternalError: 80,
  MissingExtension: 109,
  UnsupportedExtension: 110,
  UnrecognizedName: 112,
  CertificateRequired: 116,
  NoApplicationProtocol: 120,
} as const;

/** The error that closes the connection with a TLS alert (RFC 9001, Section 4.8). */
export function alertError(alert: number, message: string, cause?: unknown): TransportError {
  const options = cause === undefined ? undefined : { cause };
  return new TransportError(ErrorCode.CryptoError + alert, message, options);
}

/** What is to be thrown for `error`, which came up while a message was handled. */
export function asTransportError(error: unknown, what: string): TransportError {
  if (error instanceof TransportError) return error;
  if (error instanceof ReadError) {
    return alertError(Alert.DecodeError, `Cannot read ${what}: ${error.message}`, error);
  }
  // The message goes to the peer, and what we or the application did wrong is not for it to know.
  return alertError(Alert.InternalError, `Cannot handle ${what}`, error);
}
