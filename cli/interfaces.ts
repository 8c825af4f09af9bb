import { isIP } from "node:net";
import { UsageError } from "./failure.ts";

/** The part of `Deno.NetworkInterfaceInfo` that matters here. */
export interface InterfaceInfo {
  /** Such as "eth0". */
  readonly name: string;
  /** An IP address, IPv6 without zone. */
  readonly address: string;
  /** The address with the length of its network's prefix, such as "127.0.0.1/8". */
  readonly cidr?: string;
}

/** An interface the user chose. */
export interface ChosenInterface {
  /** What to call it in messages. */
  readonly name: string;
  /** Its usable addresses, the preferred one first. */
  readonly addresses: readonly string[];
}

/**
 * Finds interfaces by name, by the beginning of a name, or by address.
 *
 * @param wanted What the user wrote, in order.
 * @param present What the system has, one entry per address.
 */
export function findInterfaces(
  wanted: readonly string[],
  present: readonly InterfaceInfo[],
): readonly ChosenInterface[] {
  return wanted.flatMap((word) => findInterface(word, present));
}

/**
 * All addresses of some interfaces, each once.
 *
 * @param interfaces The interfaces.
 */
export function allAddresses(interfaces: readonly ChosenInterface[]): readonly string[] {
  return [...new Set(interfaces.flatMap((one) => one.addresses))];
}

/**
 * Whether others can reach the address by itself.
 *
 * @param address An IP address.
 */
export function isUsable(address: string): boolean {
  return !/^fe[89ab]/i.test(address); // link-local addresses need a zone, which URLs cannot carry
}

function findInterface(word: string, present: readonly InterfaceInfo[]): ChosenInterface[] {
  if (isIP(word) !== 0) return [findByAddress(word, present)];
  const names = [...new Set(present.map((one) => one.name))];
  const found = names.includes(word) ? [word] : names.filter((name) => name.startsWith(word));
  const chosen = found
    .map((name) => ({ name, addresses: usableAddresses(name, present) }))
    .filter((one) => one.addresses.length > 0);
  if (chosen.length > 0) return chosen;
  const known = names.filter((name) => usableAddresses(name, present).length > 0);
  throw new UsageError(
    found.length > 0
      ? `Cannot use interface "${word}": it has no address now; choose from ${known.join(", ")}`
      : `Cannot find interface "${word}": choose from ${known.join(", ")}`,
  );
}

function findByAddress(address: string, present: readonly InterfaceInfo[]): ChosenInterface {
  const own = present.some((one) => one.address === address);
  // The whole of 127.0.0.0/8 is this machine, though only 127.0.0.1 is listed.
  if (own || address.startsWith("127.")) return { name: address, addresses: [address] };
  const known = present.map((one) => one.address).filter(isUsable);
  throw new UsageError(
    `Cannot use address ${address}: this machine does not have it; choose from ${known.join(", ")}`,
  );
}

function usableAddresses(name: string, present: readonly InterfaceInfo[]): string[] {
  const addresses = present.filter((one) => one.name === name).map((one) => one.address);
  return addresses.filter(isUsable).sort((a, b) => isIP(a) - isIP(b));
}
