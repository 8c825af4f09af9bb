/** What kind of packet a header announces; the numbers are ours, not the wire's. */
export const PacketType = {
  Initial: 0,
  ZeroRtt: 1,
  Handshake: 2,
  Retry: 3,
  OneRtt: 4,
  VersionNegotiation: 5,
} as const;
/** One of the kinds above. */
export type PacketType = typeof PacketType[keyof typeof PacketType];
