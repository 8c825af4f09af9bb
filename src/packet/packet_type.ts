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

const names = ["initial", "0-RTT", "handshake", "retry", "1-RTT", "version negotiation"];

/** A name for people. */
export function packetTypeName(type: number): string {
  return names[type] ?? "unknown";
}
