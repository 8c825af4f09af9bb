// The network interfaces of the machine, and the choice among them.

import { monotonicNow } from "./clock.ts";

/**
 * Milliseconds for which an answer of the system holds. The question takes the system 80 µs, and many
 * connections may be opened at once; `InterfaceWatch` looks once a second.
 */
const HOLDS = 50;

/** A local address and the interface it belongs to. */
export interface LocalAddress {
  /** Such as `eth0`. */
  readonly name: string;
  /** The address itself, without a zone. */
  readonly hostname: string;
  readonly family: "IPv4" | "IPv6";
}

/**
 * The addresses of all interfaces that are up, or undefined if we are not allowed to ask.
 * Never prompts: what is not granted already is taken as refused.
 */
export function listLocalAddresses(): readonly LocalAddress[] | undefined {
  const permission = Deno.permissions.querySync({ name: "sys", kind: "networkInterfaces" });
  if (permission.state !== "granted") return undefined;
  const now = monotonicNow();
  if (known === undefined || now >= known.until) {
    const list = systemInterfaces().map(({ name, address, family }) => ({
      name,
      hostname: address,
      family,
    }));
    known = { list, until: now + HOLDS };
  }
  return known.list;
}

/** The last answer of the system. */
let known: { readonly list: readonly LocalAddress[]; readonly until: number } | undefined;

/**
 * What the system says of its interfaces. It asks for a descriptor, and while none is left, the last
 * answer holds.
 *
 * @throws {Error} If there was no answer yet.
 */
export function systemInterfaces(): readonly Deno.NetworkInterfaceInfo[] {
  try {
    return lastInterfaces = Deno.networkInterfaces();
  } catch (error) {
    if (lastInterfaces === undefined) throw error;
    return lastInterfaces;
  }
}

let lastInterfaces: readonly Deno.NetworkInterfaceInfo[] | undefined;

/** The addresses that others can reach: neither loopback nor link-local (which needs a zone). */
export function routableAddresses(all: readonly LocalAddress[]): readonly LocalAddress[] {
  return all.filter(({ hostname }) => !isLoopback(hostname) && !isLinkLocal(hostname));
}

/**
 * The addresses that patterns name, in the order of the patterns.
 *
 * A pattern is a literal address, the name of an interface (`eth0`), or the beginning of a name or
 * an address (`eth*`, `192.168.`, `2001:db8:*`). Literal addresses need no permission. An interface
 * that has no address for the moment is passed over, as long as another pattern names one.
 *
 * @throws {TypeError} When the patterns match nothing; the message lists what there is.
 */
export function selectLocalAddresses(
  patterns: readonly string[],
  all: readonly LocalAddress[] | undefined = listLocalAddresses(),
): readonly string[] {
  const selected = new Set(patterns.flatMap((pattern) => addressesOf(pattern, all)));
  if (selected.size === 0 && patterns.length > 0) throw nothingMatches(patterns, all!);
  return [...selected];
}

/**
 * The addresses that one pattern names; none if there is no such interface for the moment.
 *
 * @throws {TypeError} When we may not look up what it names.
 */
export function addressesOf(
  pattern: string,
  all: readonly LocalAddress[] | undefined,
): readonly string[] {
  const literal = literalAddress(pattern);
  if (literal !== undefined) return [literal];
  if (all) {
    return all.filter((address) => matches(address, pattern)).map(({ hostname }) => hostname);
  }
  throw new TypeError(
    `Cannot look up the local address "${pattern}": run with --allow-sys=networkInterfaces, ` +
      "or name literal addresses",
  );
}

/** The address without brackets and zone if the text is a literal one, else undefined. */
export function literalAddress(text: string): string | undefined {
  const bare = text.startsWith("[") && text.endsWith("]") ? text.slice(1, -1) : text;
  if (isIpv4(bare)) return bare;
  if (!bare.includes(":")) return undefined;
  try {
    return new URL(`http://[${bare}]/`).hostname.slice(1, -1);
  } catch {
    return undefined;
  }
}

/** Whether the literal address is the host itself. */
export function isLoopback(hostname: string): boolean {
  return hostname.startsWith("127.") || hostname === "::1";
}

/** Whether the literal address stands for all addresses of the host. */
export function isUnspecified(hostname: string): boolean {
  return hostname === "0.0.0.0" || hostname === "::";
}

/** How a host reaches itself by addresses that stand for all of it. */
const SELF: ReadonlyMap<string, string> = new Map([["0.0.0.0", "127.0.0.1"], ["::", "::1"]]);

/**
 * Where to send what is for a literal address: what is for all addresses of the host goes to one of
 * them, as systems do it themselves, so that the answers come from where the questions went to.
 */
export function reachable(hostname: string): string {
  return SELF.get(hostname) ?? hostname;
}

/** Which family a literal address belongs to. */
export function familyOf(hostname: string): "IPv4" | "IPv6" {
  return hostname.includes(":") ? "IPv6" : "IPv4";
}

function isIpv4(text: string): boolean {
  const parts = text.split(".");
  return parts.length === 4 && parts.every((part) => /^\d{1,3}$/.test(part) && Number(part) < 256);
}

/** Whether the literal address is of use on its own link only. */
export function isLinkLocal(hostname: string): boolean {
  return hostname.startsWith("169.254.") || /^fe[89ab][0-9a-f]:/i.test(hostname);
}

function matches({ name, hostname }: LocalAddress, pattern: string): boolean {
  if (pattern === name) return !isLinkLocal(hostname);
  const isPrefix = pattern.endsWith("*") || pattern.endsWith(".") || pattern.endsWith(":");
  const prefix = pattern.endsWith("*") ? pattern.slice(0, -1) : pattern;
  if (!isPrefix) return false;
  if (hostname.startsWith(prefix) && prefix !== "") return true;
  // A name stands for addresses that work without a zone. Loopback must be named.
  return name.startsWith(prefix) && !isLinkLocal(hostname) &&
    (prefix.startsWith("lo") || !isLoopback(hostname));
}

function nothingMatches(patterns: readonly string[], all: readonly LocalAddress[]): TypeError {
  const list = all.map(({ name, hostname }) => `${name} (${hostname})`).join(", ");
  const names = patterns.map((pattern) => `"${pattern}"`).join(" or ");
  return new TypeError(
    `Cannot find a local address that matches ${names}: there are ${list || "none"}`,
  );
}
