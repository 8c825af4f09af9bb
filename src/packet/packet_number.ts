/**
 * How many bytes a packet number needs so that the peer can recover it (RFC 9000, Section 17.1 and
 * RFC 9000, Appendix A.2).
 *
 * @param number The packet number to send.
 * @param largestAcked The largest one acknowledged in its space, or -1.
 */
export function packetNumberSize(number: number, largestAcked: number): number {
  // The window must reach twice as far as the numbers that may be under way.
  const reach = 2 * (number - largestAcked);
  if (reach <= 0x100) return 1;
  if (reach <= 0x1_0000) return 2;
  if (reach <= 0x100_0000) return 3;
  return 4;
}

/** How many numbers so many bytes can tell apart; a power takes ten times as long. */
const WINDOWS: readonly number[] = [1, 0x100, 0x1_0000, 0x100_0000, 0x1_0000_0000];

/**
 * Recovers a packet number from its low bytes (RFC 9000, Appendix A.3).
 *
 * @param largest The largest number processed in this space, or -1.
 * @param truncated What was on the wire.
 * @param size The bytes it had there, 1 to 4.
 */
export function recoverPacketNumber(largest: number, truncated: number, size: number): number {
  const expected = largest + 1;
  const window = WINDOWS[size]!;
  const half = window / 2;
  const candidate = expected - expected % window + truncated;
  if (candidate <= expected - half && candidate + window <= Number.MAX_SAFE_INTEGER) {
    return candidate + window;
  }
  if (candidate > expected + half && candidate >= window) return candidate - window;
  return candidate;
}
