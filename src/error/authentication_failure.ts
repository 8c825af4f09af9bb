import { ErrorCode } from "./error_code.ts";
import { TransportError } from "./quic_error.ts";

/**
 * TLS alerts that say that an end is not who it claims to be, or cannot prove it (RFC 9846,
 * Section 6.2): bad_certificate, unsupported_certificate, certificate_revoked, certificate_expired,
 * certificate_unknown, unknown_ca, access_denied, decrypt_error, certificate_required.
 */
const alerts: ReadonlySet<number> = new Set([42, 43, 44, 45, 46, 48, 49, 51, 116]);

/**
 * Whether a connection failed because an end could not prove who it is. Then no other way to the
 * same server is tried: that would give an impostor one attempt per way.
 */
export function isAuthenticationFailure(error: unknown): boolean {
  return error instanceof TransportError && alerts.has(error.code - ErrorCode.CryptoError);
}
