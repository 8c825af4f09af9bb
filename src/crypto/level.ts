/** Encryption levels in the order a handshake reaches them (RFC 9001, Section 2.1). */
export const Level = { Initial: 0, ZeroRtt: 1, Handshake: 2, OneRtt: 3 } as const;

/** One of the encryption levels. */
export type Level = typeof Level[keyof typeof Level];
