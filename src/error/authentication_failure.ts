// Tells failures to prove an identity from other failures.

import { ErrorCode } from "./error_code.ts";
import { TransportError } from "./quic_error.ts";

/**
 * TLS alerts that say that the identity of an end is wrong or not proven (RFC 9846, Section 6.2):
 * bad_certificate, unsupported_certificate, certificate_revoked, certificate_expired,
 * certificate_unknown, unknown_ca, access_denied, decrypt_error, certificate_required.
 */
const alerts: ReadonlySet<number> = new Set([42, 43, 44, 45, 46, 48, 49, 51, 116]);

/**
 * Whether a connection failed because an end could not prove its identity. Then no other way to the
 * same server is tried: an impostor would get one attempt per way.
 */
export function isAuthenticationFailure(error: unknown): boolean {
  return error instanceof TransportError && alerts.has(error.code - ErrorCode.CryptoError);
}
