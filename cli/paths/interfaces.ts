// The interfaces that a user named, among those of the machine.

import { isIP } from "node:net";
import { UsageError } from "../console/failure.ts";

/** The part of `Deno.NetworkInterfaceInfo` that matters here. */
export interface InterfaceInfo {
  /** Such as "eth0". */
  readonly name: string;
  /** An IP address, IPv6 without zone. */
  readonly address: string;
}

/** An interface the user chose. */
export interface ChosenInterface {
  /** What to call it in messages. */
  readonly name: string;
  /** How the library is told of it; several interfaces may go by one beginning of a name. */
  readonly pattern: string;
  /** Its usable addresses, the preferred one first; none if it has none for the moment. */
  readonly addresses: readonly string[];
}

/**
 * Finds interfaces by name, by the beginning of a name, or by address. Names are wishes: those that
 * have no address now may get one.
 *
 * @param wanted What the user wrote, in order.
 * @param present What the system has, one entry per address.
 * @throws {UsageError} If none of them has an address.
 */
export function findInterfaces(
  wanted: readonly string[],
  present: readonly InterfaceInfo[],
): readonly ChosenInterface[] {
  const chosen = wanted.flatMap((word) => findInterface(word, present));
  const isLost = chosen.length > 0 && chosen.every(({ addresses }) => addresses.length === 0);
  if (isLost) throw nothingThere(wanted[0]!, present);
  return chosen;
}

/**
 * Whether an address is one of this machine to itself: ::1, or of 127.0.0.0/8.
 *
 * @param hostname What may be an address.
 */
export function isLoopback(hostname: string): boolean {
  return hostname === "::1" || /^127\.\d+\.\d+\.\d+$/.test(hostname);
}

/**
 * What to tell of interfaces that have no address now, a line each.
 *
 * @param chosen What the user chose.
 */
export function absenceLines(chosen: readonly ChosenInterface[]): readonly string[] {
  const absent = chosen.filter(({ addresses }) => addresses.length === 0);
  const there = chosen.filter((one) => !absent.includes(one)).map(({ name }) => name).join(", ");
  return absent.map(({ name }) =>
    isIP(name) === 0
      ? `"${name}" has no address now, it is used once it has one; going on with ${there}`
      : `This machine does not have ${name} now, it is used once it has; going on with ${there}`
  );
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
  const isName = names.includes(word);
  const pattern = isName ? word : `${word}*`;
  const found = isName ? [word] : names.filter((name) => name.startsWith(word));
  const chosen = found
    .map((name) => ({ name, pattern, addresses: usableAddresses(name, present) }))
    .filter((one) => one.addresses.length > 0);
  return chosen.length > 0 ? chosen : [{ name: word, pattern, addresses: [] }];
}

function findByAddress(address: string, present: readonly InterfaceInfo[]): ChosenInterface {
  const own = present.some((one) => one.address === address);
  // The whole of 127.0.0.0/8 is this machine, though only 127.0.0.1 is listed.
  const addresses = own || address.startsWith("127.") ? [address] : [];
  return { name: address, pattern: address, addresses };
}

function nothingThere(word: string, present: readonly InterfaceInfo[]): UsageError {
  if (isIP(word) !== 0) {
    const known = present.map((one) => one.address).filter(isUsable);
    return new UsageError(
      `Cannot use address ${word}: this machine does not have it; choose from ${known.join(", ")}`,
    );
  }
  const names = [...new Set(present.map((one) => one.name))];
  const known = names.filter((name) => usableAddresses(name, present).length > 0).join(", ");
  return new UsageError(
    names.some((name) => name.startsWith(word))
      ? `Cannot use interface "${word}": it has no address now; choose from ${known}`
      : `Cannot find interface "${word}": choose from ${known}`,
  );
}

function usableAddresses(name: string, present: readonly InterfaceInfo[]): string[] {
  const addresses = present.filter((one) => one.name === name).map((one) => one.address);
  return addresses.filter(isUsable).sort((a, b) => isIP(a) - isIP(b));
}
