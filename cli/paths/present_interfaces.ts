// Finds the interfaces that a user named and that have an address now.

import { lookup } from "node:dns/promises";
import { isIP } from "node:net";
import { CurlCode } from "../console/curl_code.ts";
import { Failure } from "../console/failure.ts";
import { bareHost } from "./bare_host.ts";
import { type ChosenInterface, findInterfaces, isUsable } from "./interfaces.ts";

/**
 * Finds the interfaces of this machine that the user named.
 *
 * @param wanted Names, beginnings of names, or addresses.
 */
export function choosePresentInterfaces(wanted: readonly string[]): readonly ChosenInterface[] {
  if (wanted.length === 0) return [];
  const all = present();
  if (all !== undefined) return findInterfaces(wanted, all);
  if (wanted.every((word) => isIP(word) !== 0)) {
    return wanted.map((address) => ({ name: address, pattern: address, addresses: [address] }));
  }
  const cure = mayList()
    ? "the system does not tell, as it has no file left to open; end other programs"
    : "run with --allow-sys=networkInterfaces";
  throw new Failure(`Cannot look up interfaces by name: ${cure}, or give addresses to -n`);
}

/** The names of interfaces by their addresses, those included that are gone. */
export class InterfaceNames {
  readonly #names = new Map<string, string>();

  /** Takes note of the interfaces there are, as far as we may know. */
  constructor() {
    this.#look();
  }

  /**
   * The name of the interface that has an address, or had it last.
   *
   * @param hostname The address.
   */
  nameOf(hostname: string): string | undefined {
    if (!this.#names.has(hostname)) this.#look();
    return this.#names.get(hostname);
  }

  /**
   * Whether an interface has the address now; undefined if that cannot be known.
   *
   * @param hostname The address.
   */
  has(hostname: string): boolean | undefined {
    return this.#names.has(hostname) ? this.#look()?.has(hostname) : undefined;
  }

  #look(): ReadonlySet<string> | undefined {
    const all = present();
    for (const { name, address } of all ?? []) this.#names.set(address, name);
    return all && new Set(all.map(({ address }) => address));
  }
}

/** All addresses of this machine that others can write in a URL, as far as we may know. */
export function presentAddresses(): readonly string[] {
  return (present() ?? []).map((one) => one.address).filter(isUsable);
}

/**
 * The addresses of a host, the preferred one first; `/etc/hosts` counts.
 *
 * @param hostname A name or an address, IPv6 with or without brackets.
 */
export async function resolveHost(hostname: string): Promise<readonly string[]> {
  const bare = bareHost(hostname);
  if (isIP(bare) !== 0) return [bare];
  try {
    const found = await lookup(bare, { all: true, order: "verbatim" });
    if (found.length > 0) return found.map((one) => one.address);
  } catch (error) {
    if (error instanceof Deno.errors.NotCapable) throw error;
    const { state } = Deno.permissions.querySync({ name: "net", host: bare });
    if (state !== "granted") {
      throw new Failure(`Cannot ask for the address of ${bare}: run with --allow-net`);
    }
  }
  throw new Failure(
    `Cannot find ${bare}: check its name and that this machine is online`,
    1,
    CurlCode.Resolve,
  );
}

/** The interfaces, if they can be told: the system asks for a descriptor, and may have none left. */
function present(): readonly Deno.NetworkInterfaceInfo[] | undefined {
  try {
    return mayList() ? Deno.networkInterfaces() : undefined;
  } catch {
    return undefined;
  }
}

function mayList(): boolean {
  const { state } = Deno.permissions.querySync({ name: "sys", kind: "networkInterfaces" });
  return state === "granted"; // never asks
}
