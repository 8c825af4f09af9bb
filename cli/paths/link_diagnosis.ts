// Why packets do not get through by a link, as far as the system tells.

import { inspectLinks, type Link, type LinkProblem } from "../../mod.ts";

/**
 * What is said of a link that has no address of the kind that the server has.
 *
 * @param link The link.
 * @param server The server's host.
 */
export function mismatchOf(
  { name, addresses }: Pick<Link, "name" | "addresses">,
  server: string,
): string {
  const [own, other] = addresses[0]!.includes(":") ? ["IPv6", "IPv4"] : ["IPv4", "IPv6"];
  return `${name} has ${own} only, and ${server} has ${other} only: they meet if the server tells of ` +
    `an ${own} address`;
}

/** What is said where the system keeps its routes to itself, and sockets are not bound to links. */
const UNKNOWN = "Packets may leave by another link: run with --allow-ffi and --allow-read";

/**
 * What the system says against packets between two addresses.
 *
 * @param local The address that they come from.
 * @param remote The address that they go to.
 * @returns A sentence, and a word about the command that tells more; undefined if nothing is known.
 */
export function diagnoseLink(local: string, remote: string): string | undefined {
  try {
    const links = inspectLinks({ destination: remote });
    const link = links.find(({ addresses }) => addresses.includes(local));
    if (link === undefined) return undefined;
    const [problem] = link.problems;
    if (problem !== undefined) return sentenceOf(problem);
    const isDark = link.packetsSent === undefined && Deno.build.os === "linux";
    return isDark ? UNKNOWN : undefined;
  } catch {
    return undefined; // the interfaces may not be listed
  }
}

/**
 * What the system says against packets to an address by any of some links.
 *
 * @param names The interfaces; none means all.
 * @param remote The address.
 * @returns What is said of the first link of which something is said; undefined if nothing is known.
 */
export function diagnoseLinks(names: readonly string[], remote: string): string | undefined {
  try {
    const isMeant = ({ name }: Link) => names.length === 0 || names.includes(name);
    const links = inspectLinks({ destination: remote }).filter(isMeant);
    const problem = links.flatMap(({ problems }) => problems)[0];
    return problem && sentenceOf(problem);
  } catch {
    return undefined;
  }
}

function sentenceOf({ message }: LinkProblem): string {
  return `${message} (mpquic check tells how)`;
}
