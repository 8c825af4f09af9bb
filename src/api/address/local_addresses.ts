// The local addresses at which the paths of a client, or the sockets of a server, may begin.

import {
  familyOf,
  isLoopback,
  listLocalAddresses,
  type LocalAddress,
  routableAddresses,
  selectLocalAddresses,
} from "../../io/interfaces.ts";

/** Where the paths of a client may begin, best first, given the addresses of the server. */
export function clientAddresses(
  patterns: readonly string[] | undefined,
  remotes: readonly string[],
): readonly string[] {
  if (patterns && patterns.length > 0) return selectLocalAddresses(patterns);
  const fitting = fittingAddresses(remotes, listLocalAddresses() ?? []);
  if (fitting.length > 1) return fitting;
  const families = [...new Set(remotes.map(familyOf))];
  return families.map((family) => family === "IPv6" ? "::" : "0.0.0.0");
}

/** The local addresses that have something in common with those of the server. */
export function fittingAddresses(
  remotes: readonly string[],
  all: readonly LocalAddress[],
): readonly string[] {
  if (remotes.some(isLoopback)) return [];
  const families = remotes.map(familyOf);
  return routableAddresses(all)
    .filter(({ family }) => families.includes(family))
    .map(({ hostname }) => hostname);
}

/** Where a server listens. */
export function serverAddresses(
  patterns: readonly string[] | undefined,
  all: readonly LocalAddress[] | undefined = listLocalAddresses(),
): readonly string[] {
  if (patterns && patterns.length > 0) return selectLocalAddresses(patterns, all);
  if (!all) return ["::"];
  // One socket for each, so that answers leave from the address that was asked.
  const usable = [...routableAddresses(all), ...all.filter(({ hostname }) => isLoopback(hostname))];
  return usable.length > 0 ? [...new Set(usable.map(({ hostname }) => hostname))] : ["::"];
}
