// The stages of a path, and its health.

/** Stages of a path; a path only ever goes forward. */
export const Stage = {
  /** Its 4-tuple is being validated. */
  Opening: 0,
  /** Anything may be sent. */
  Open: 1,
  /** PATH_ABANDON was sent or received; late packets are still acknowledged, on other paths. */
  Abandoned: 2,
  /** Nothing is left but the statistics. */
  Closed: 3,
} as const;
/** One of the values of {@linkcode Stage}. */
export type Stage = (typeof Stage)[keyof typeof Stage];

/** How far the peer can be trusted to answer on a path. */
export const Health = {
  Ok: 0,
  /** A probe timeout passed without an answer, or a send failed, while another path is fine. */
  Suspect: 1,
  /** Given up on for data; only probes go out. */
  Failed: 2,
} as const;
/** One of the values of {@linkcode Health}. */
export type Health = (typeof Health)[keyof typeof Health];
