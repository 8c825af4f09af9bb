// What the links of this machine have sent.

import type { Link } from "../../mod.ts";

/**
 * The link by which datagrams have left, between two looks at all links.
 *
 * @param wanted The link they were meant for: if it has sent enough, it was that one.
 * @param datagrams How many they were.
 * @returns Undefined if no link has sent as many, or that cannot be known.
 */
export function linkThatSent(
  before: readonly Link[],
  after: readonly Link[],
  wanted: string,
  datagrams: number,
): string | undefined {
  const sent = after.flatMap(({ name, packetsSent }) => {
    const earlier = before.find((link) => link.name === name)?.packetsSent;
    if (packetsSent === undefined || earlier === undefined) return [];
    return [{ name, count: packetsSent - earlier }];
  });
  // Of a link that is not counted, such as loopback, others tell nothing.
  if (!sent.some(({ name }) => name === wanted)) return undefined;
  const enough = sent.filter(({ count }) => count >= datagrams);
  if (enough.some(({ name }) => name === wanted)) return wanted;
  return enough.sort((a, b) => b.count - a.count)[0]?.name;
}
