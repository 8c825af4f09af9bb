import {
  familyOf,
  isLoopback,
  listLocalAddresses,
  routableAddresses,
  selectLocalAddresses,
} from "../io/interfaces.ts";

/** Where the paths of a client may begin, best first, given the addresses of the server. */
export function clientAddresses(
  patterns: readonly string[] | undefined,
  remotes: readonly string[],
): readonly string[] {
  if (patterns && patterns.length > 0) return selectLocalAddresses(patterns);
  const families = [...new Set(remotes.map(familyOf))];
  if (!remotes.some(isLoopback)) {
    const all = routableAddresses(listLocalAddresses() ?? []);
    const fitting = all.filter(({ family }) => families.includes(family));
    if (fitting.length > 1) return fitting.map(({ hostname }) => hostname);
  }
  return families.map((family) => family === "IPv6" ? "::" : "0.0.0.0");
}

/** Where a server listens. */
export function serverAddresses(patterns: readonly string[] | undefined): readonly string[] {
  if (patterns && patterns.length > 0) return selectLocalAddresses(patterns);
  const all = listLocalAddresses();
  if (!all) return ["::"];
  // One socket for each, so that answers leave from the address that was asked.
  const usable = [...routableAddresses(all), ...all.filter(({ hostname }) => isLoopback(hostname))];
  return usable.length > 0 ? [...new Set(usable.map(({ hostname }) => hostname))] : ["::"];
}
