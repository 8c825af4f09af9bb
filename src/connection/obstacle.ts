/** What keeps a path from being opened or moved: one word for each cause. */
export type PathObstacle =
  /** The connection is over, or about to be. */
  | "ended"
  /** Only clients open and move paths (MPQUIC, Section 3.1; RFC 9000, Section 9). */
  | "server"
  /** The handshake is not confirmed yet (RFC 9000, Section 9). */
  | "unconfirmed"
  /** The path waits for its first answer. */
  | "unopened"
  /** The path is abandoned or closed. */
  | "closed"
  /** The peer did not agree to several paths. */
  | "single"
  /** The peer forbids further paths to the address of the handshake (disable_active_migration). */
  | "forbidden"
  /** The peer's connection ID is empty: it issues no others. */
  | "emptyId"
  /** The peer has issued no other connection ID than the one in use. */
  | "noOtherId"
  /** All connection IDs that the peer has issued are used up, until it issues more. */
  | "usedIds";
