/** Exit codes of curl, for failures that it knows too. */
export const CurlCode = {
  /** A name that cannot be resolved. */
  Resolve: 6,
  /** No connection can be made. */
  Connect: 7,
  /** Less has come than was announced. */
  Partial: 18,
  /** With --fail, an answer with status 400 or more. */
  Status: 22,
  /** The local file cannot be written. */
  Write: 23,
  /** A local file cannot be read. */
  Read: 26,
  /** The time is over. */
  Timeout: 28,
  /** No checksum of curl, but of aria2: what has come is not what was expected. */
  Checksum: 32,
  /** The server does not send the range that is needed. */
  Range: 33,
  /** The handshake of TLS fails. */
  Handshake: 35,
  /** Redirects without end. */
  Redirects: 47,
  /** The connection is lost. */
  Receive: 56,
  /** Our own certificate, or its key, cannot be used. */
  OwnCertificate: 58,
  /** The certificate cannot be trusted. */
  Certificate: 60,
  /** The certificates to trust cannot be used. */
  Authority: 77,
  /** The lists of revoked certificates cannot be used. */
  RevocationLists: 82,
  /** The server breaks a stream off. */
  Stream: 95,
} as const;
