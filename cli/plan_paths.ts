import { isIP } from "node:net";
import { UsageError } from "./failure.ts";
import type { ChosenInterface } from "./interfaces.ts";

/** Where a path leads. */
export interface Target {
  /** An IP address, or a name that is still to be resolved. */
  readonly hostname: string;
  /** The UDP port. */
  readonly port: number;
}

/** One path of a connection, before it is opened. */
export interface PlannedPath {
  /** The interface's name, if the user chose one. */
  readonly interfaceName: string | undefined;
  /** The local address to send from; undefined leaves it to the system. */
  readonly localAddress: string | undefined;
  /** The server's end. */
  readonly remote: Target;
}

/**
 * Assigns interfaces to addresses of the server: the first connects to the URL's address,
 * interface n+1 opens a path to the nth address of `-mip`. Without `-mip` all of them go to the
 * URL's address.
 *
 * @param interfaces The interfaces in the user's order; none means the system's choice.
 * @param mip The further addresses of the server, resolved.
 * @param urlAddress The URL's address, resolved if there are interfaces.
 */
export function planPaths(
  interfaces: readonly ChosenInterface[],
  mip: readonly Target[],
  urlAddress: Target,
): readonly PlannedPath[] {
  const count = Math.max(1, interfaces.length);
  if (mip.length > 0 && mip.length !== count - 1) throw mismatch(interfaces.length, mip.length);
  const plan: PlannedPath[] = [];
  for (let i = 0; i < count; i++) {
    const remote = i === 0 ? urlAddress : mip[i - 1] ?? urlAddress;
    plan.push(planPath(interfaces[i], remote));
  }
  return plan;
}

/**
 * The same interface twice, for `-fmp`.
 *
 * @param interfaces At most one interface.
 */
export function doubled(interfaces: readonly ChosenInterface[]): readonly ChosenInterface[] {
  const one = interfaces[0] ?? { name: "", addresses: [] };
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

function planPath(chosen: ChosenInterface | undefined, remote: Target): PlannedPath {
  const interfaceName = chosen?.name || undefined;
  if (!chosen || chosen.addresses.length === 0) {
    return { interfaceName, localAddress: undefined, remote };
  }
  const family = isIP(remote.hostname);
  const localAddress = chosen.addresses.find((one) => family === 0 || isIP(one) === family);
  if (localAddress !== undefined) return { interfaceName, localAddress, remote };
  throw new UsageError(
    `Cannot reach ${
      targetText(remote)
    } from ${chosen.name}: it has no IPv${family} address; choose another interface with -n or another address`,
  );
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
