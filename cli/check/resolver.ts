// The name servers of this machine, and what to do when they are silent.

import { isIP } from "node:net";
import type { Link } from "../../mod.ts";
import { resolveHost } from "../paths/present_interfaces.ts";

/** Where most systems name them. */
const CONFIGURATION = "/etc/resolv.conf";

/** The name servers in the text of `/etc/resolv.conf`. */
export function readNameServers(text: string): readonly string[] {
  return text.split("\n").flatMap((line) => {
    const [word, address = ""] = line.trim().split(/\s+/);
    return word === "nameserver" && isIP(address) !== 0 ? [address] : [];
  });
}

/**
 * The addresses of a host.
 *
 * @param hostname A name or an address.
 * @param timeout Milliseconds that the name servers have.
 * @returns Undefined if nothing came in that time.
 * @throws {Failure} If there is no such host.
 */
export async function resolveInTime(
  hostname: string,
  timeout: number,
): Promise<readonly string[] | undefined> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<undefined>((resolve) => {
    timer = setTimeout(() => resolve(undefined), timeout);
  });
  const found = resolveHost(hostname);
  found.catch(() => {}); // the answer may come too late
  try {
    return await Promise.race([found, late]);
  } finally {
    clearTimeout(timer);
  }
}

/** Says that the name servers are silent, and how to reach one by another link. */
export interface SilentResolver {
  readonly message: string;
  readonly cure: readonly string[];
}

/**
 * What to do about name servers that do not answer.
 *
 * @param servers Their addresses.
 * @param linkOf The link by which the system reaches an address, if that is known.
 * @param links All links.
 */
export function silentResolver(
  servers: readonly string[],
  linkOf: (address: string) => Link | undefined,
  links: readonly Link[],
): SilentResolver {
  const [server] = servers;
  if (server === undefined) {
    return { message: "No name server answers: name one, or give an address", cure: [] };
  }
  const used = linkOf(server);
  const by = used === undefined ? "" : ` by ${used.name}`;
  const message = `The name server ${server} does not answer${by}`;
  const family = isIP(server);
  const others = links.filter(({ name }) => used !== undefined && name !== used.name);
  for (const { name, gateways } of others) {
    const router = gateways.find((gateway) => isIP(gateway) === family);
    if (router === undefined || used!.gateways.includes(server)) continue;
    const ip = family === 6 ? "ip -6" : "ip";
    const cure = [`${ip} route replace ${server} via ${router} dev ${name}`];
    return { message: `${message}: ask it by ${name}`, cure };
  }
  return {
    message: `${message}: name another one, or give an address instead of a name`,
    cure: [],
  };
}

/** The name servers of this machine, as far as they may be read. */
export async function presentNameServers(): Promise<readonly string[]> {
  try {
    return readNameServers(await Deno.readTextFile(CONFIGURATION));
  } catch {
    return [];
  }
}
