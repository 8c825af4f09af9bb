/**
 * What a client keeps of a connection to resume it later. Plain data; guard it like a password.
 *
 * @category Connections
 */
export interface Session {
  /** The name the server's certificate was checked for. */
  readonly serverName: string;
  /** The version of QUIC; the session is good for no other. */
  readonly version: number;
  /** The protocol that was chosen. */
  readonly alpn: string;
  /** The cipher suite; its hash belongs to the secret. */
  readonly suite: number;
  /** The pre-shared key. */
  readonly secret: Uint8Array;
  /** The server's ticket. */
  readonly ticket: Uint8Array;
  /** Hides the ticket's age on the wire. */
  readonly ageAdd: number;
  /** When it came, in milliseconds since 1970. */
  readonly receivedAt: number;
  /** Seconds it may be used for. */
  readonly lifetime: number;
  /** Whether the server is willing to read 0-RTT data. */
  readonly earlyData: boolean;
  /** The server's transport parameters of that connection (RFC 9000, Section 7.4.1). */
  readonly transportParameters: Uint8Array;
  /** The server's certificates, its own first. */
  readonly peerCertificates: readonly Uint8Array[];
}
