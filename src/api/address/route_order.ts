// The order in which a client tries the routes to a server.

import { familyOf } from "../../io/interfaces.ts";
import { type Address, formatAddress, sameAddress } from "../../path/address/address.ts";
import type { PathGoal, PathRoute } from "../../path/path_keeper.ts";

/**
 * All routes to a server, in the order to try them. Each differs from those before at both ends, as
 * far as possible: if an interface or an address does not work, the second attempt avoids it.
 *
 * @param goals The paths that are wanted.
 * @param remotes The addresses of the server, best first.
 */
export function routesOf(
  goals: readonly PathGoal[],
  remotes: readonly Address[],
): readonly PathRoute[] {
  const rankOf = ({ remote }: PathRoute) => {
    const index = remotes.findIndex((one) => sameAddress(one, remote));
    return index < 0 ? remotes.length : index;
  };
  const left = goals.flatMap(({ routes }) => routes).sort((a, b) => rankOf(a) - rankOf(b));
  const uses = new Map<string, number>();
  const usesOf = ({ local, remote }: PathRoute) =>
    (uses.get(local) ?? 0) + (uses.get(formatAddress(remote)) ?? 0);
  const ordered: PathRoute[] = [];
  while (left.length > 0) {
    const least = Math.min(...left.map(usesOf));
    const [route] = left.splice(left.findIndex((one) => usesOf(one) === least), 1);
    const { local, remote } = route!;
    const isKnown = ordered.some((one) => one.local === local && sameAddress(one.remote, remote));
    if (isKnown) continue;
    ordered.push(route!);
    for (const end of [local, formatAddress(remote)]) uses.set(end, (uses.get(end) ?? 0) + 1);
  }
  return ordered;
}

/** RFC 8305, Section 4: families take turns, beginning with that of the first address. */
export function alternating(remotes: readonly string[]): string[] {
  const family = remotes.length > 0 ? familyOf(remotes[0]!) : "IPv4";
  const preferred = remotes.filter((remote) => familyOf(remote) === family);
  const others = remotes.filter((remote) => familyOf(remote) !== family);
  const result: string[] = [];
  for (let i = 0; i < Math.max(preferred.length, others.length); i++) {
    result.push(...preferred.slice(i, i + 1), ...others.slice(i, i + 1));
  }
  return result;
}
