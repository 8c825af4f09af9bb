// The plain data by which a client resumes a session.

import { SUPPORTED_VERSIONS, Version } from "../../packet/version.ts";
import type { Session } from "../../tls/session.ts";

/**
 * What a client keeps of a connection, to begin the next one to the same server sooner. It is plain
 * data that can be stored; keep it like a password, and use it once.
 *
 * @category Connections
 */
export interface SavedSession {
  /** For the handshake without certificates. */
  readonly tls: Session;
  /** Shows the server that the client is where it says. */
  readonly token?: Uint8Array | undefined;
}

/**
 * A version of QUIC: of RFC 9000, or of RFC 9369.
 *
 * @category Connections
 */
export type QuicVersion = "v1" | "v2";

/** The numbers of versions on the wire, as far as they are given. */
export function versionNumbers(
  versions: readonly QuicVersion[] | undefined,
): readonly number[] | undefined {
  if (versions === undefined) return undefined;
  if (versions.length === 0) throw new TypeError("Cannot speak no version: name at least one");
  return versions.map((version) => {
    if (version === "v1") return Version.V1;
    if (version === "v2") return Version.V2;
    throw new TypeError(`Cannot speak version "${version}": only v1 and v2 are known`);
  });
}

/** The name of a version number. */
export function versionName(version: number): QuicVersion {
  return version === SUPPORTED_VERSIONS[1] ? "v2" : "v1";
}
