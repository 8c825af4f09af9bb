// Plans the paths of the client from -n and -mip.

import { isIP } from "node:net";
import { UsageError } from "../console/failure.ts";
import type { ChosenInterface } from "./interfaces.ts";

/** Where a path leads. */
export interface Target {
  /** An IP address, or a name that is still to be resolved. */
  readonly hostname: string;
  /** The UDP port. */
  readonly port: number;
}

/** A path that the user wants, whatever comes and goes. */
export interface PlannedPath {
  /** What the user calls the interface, if one was chosen. */
  readonly interfaceName: string | undefined;
  /** Where it begins, as the library is told; undefined leaves it to the system. */
  readonly localAddress: string | undefined;
  /** The addresses there are for that now. */
  readonly addresses: readonly string[];
  /** Where it may lead; none means wherever the server is. */
  readonly remotes: readonly Target[];
}

/**
 * Assigns interfaces to addresses of the server: the first has its usual ones, those of the URL, and
 * interface n+1 the nth address of `-mip`. Without `-mip` all of them have the usual ones.
 *
 * @param interfaces The interfaces in the user's order; none means the system's choice.
 * @param mip The further addresses of the server, each with all that its name stands for.
 */
export function planPaths(
  interfaces: readonly ChosenInterface[],
  mip: readonly (readonly Target[])[],
): readonly PlannedPath[] {
  if (mip.length > 0 || interfaces.length === 0) {
    if (mip.length !== Math.max(0, interfaces.length - 1)) {
      throw mismatch(interfaces.length, mip.length);
    }
    return interfaces.map((one, i) => planPath(one, one.name, mip[i - 1] ?? []));
  }
  // Interfaces that go by one beginning of a name are one wish: there may be more of them later.
  const isNew = ({ name, pattern }: ChosenInterface, i: number) =>
    pattern === name || interfaces.findIndex((one) => one.pattern === pattern) === i;
  return interfaces.filter(isNew).map((one) => planPath(one, one.pattern, []));
}

/**
 * The same interface twice, for `-fmp`.
 *
 * @param interfaces At most one interface.
 */
export function doubled(interfaces: readonly ChosenInterface[]): readonly ChosenInterface[] {
  const one = interfaces[0] ?? { name: "", pattern: "", addresses: [] };
  return [one, one];
}

/**
 * Reads an address of `-mip`: HOST, HOST:PORT, [IPv6]:PORT or a bare IPv6 address.
 *
 * @param text What the user wrote.
 * @param defaultPort The port if none is given: the URL's.
 */
export function readTarget(text: string, defaultPort: number): Target {
  if (isIP(text) === 6) return { hostname: text, port: defaultPort };
  const [, v6, name, digits] = /^(?:\[([^\]]*)\]|([^:[\]/@\s]+))(?::(\d+))?$/.exec(text) ?? [];
  const hostname = v6 ?? name;
  const port = digits === undefined ? defaultPort : Number(digits);
  const broken = hostname === undefined || (v6 !== undefined && isIP(v6) !== 6);
  if (!broken && port >= 1 && port <= 65535) return { hostname, port };
  throw new UsageError(
    `Cannot use "${text}" for -mip: give a host or host:port, such as 192.0.2.7:6121 or [2001:db8::7]:6121`,
  );
}

/** A target as people write it. */
export function targetText(target: Target): string {
  return isIP(target.hostname) === 6
    ? `[${target.hostname}]:${target.port}`
    : `${target.hostname}:${target.port}`;
}

function planPath(
  chosen: ChosenInterface,
  localAddress: string,
  remotes: readonly Target[],
): PlannedPath {
  const { name, pattern, addresses } = chosen;
  const family = isIP(name);
  if (family !== 0 && remotes.length > 0 && !remotes.some((one) => isIP(one.hostname) === family)) {
    const other = family === 4 ? 6 : 4;
    throw new UsageError(
      `Cannot reach ${
        targetText(remotes[0]!)
      } from ${name}: it has no IPv${other} address; choose another interface with -n or another address`,
    );
  }
  // A name that is not there now may be the beginning of one.
  const known = addresses.length > 0 ? localAddress : pattern;
  return { interfaceName: name || undefined, localAddress: known || undefined, addresses, remotes };
}

function mismatch(interfaces: number, addresses: number): UsageError {
  const fit = Math.max(1, interfaces) - 1;
  const needed = fit === 0
    ? "name at least two interfaces with -n, or use -fmp"
    : `-mip needs ${fit}, one for each interface after the first`;
  return new UsageError(
    `Cannot match ${count(interfaces, "interface")} of -n with ${
      count(addresses, "address", "es")
    } of -mip: ${needed}`,
  );
}

function count(number: number, noun: string, plural = "s"): string {
  return `${number} ${noun}${number === 1 ? "" : plural}`;
}
