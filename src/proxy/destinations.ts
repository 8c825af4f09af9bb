// Which destinations a proxy connects to: judged by the bytes of each address.

import { formatIpAddress, parseIpAddress } from "../bytes/ip_address.ts";
import { IpPrefix } from "../bytes/ip_prefix.ts";
import { isReflectingPort, Scope, scopeOf } from "../path/address/address_scope.ts";

/**
 * Which destinations a proxy may connect to. Without any of it, those are the addresses of the
 * Internet that are not the proxy's own.
 *
 * @category Proxy
 */
export interface DestinationOptions {
  /**
   * Networks to allow though they are not of the Internet, or the proxy's own, such as
   * `10.0.0.0/8` and `127.0.0.1`.
   */
  allow?: readonly string[];
  /** Networks to refuse, whatever else is said. */
  refuse?: readonly string[];
  /**
   * Further addresses of the proxy itself, such as the one that a router in front of it has; those
   * of its interfaces are known, if it runs with `--allow-sys=networkInterfaces`.
   */
  self?: readonly string[];
  /** UDP ports to allow though their services could be made to reflect or be harmed, such as 53. */
  allowUdpPorts?: readonly number[];
}

/** The port of mail between servers: proxies would be used to send unwanted mail. */
const SMTP = 25;

/** Judges the addresses that names stand for, one by one. */
export class Destinations {
  readonly #allowed: readonly IpPrefix[];
  readonly #refused: readonly IpPrefix[];
  readonly #self: ReadonlySet<string>;
  readonly #udpPorts: ReadonlySet<number>;
  readonly #ownAddresses: () => readonly string[];

  /**
   * @param ownAddresses The addresses that the machine has at the moment.
   * @throws {TypeError} Which network cannot be read.
   */
  constructor(options: DestinationOptions, ownAddresses: () => readonly string[]) {
    this.#allowed = (options.allow ?? []).map(prefixOf);
    this.#refused = (options.refuse ?? []).map(prefixOf);
    this.#self = new Set((options.self ?? []).map(plain));
    this.#udpPorts = new Set(options.allowUdpPorts ?? []);
    this.#ownAddresses = ownAddresses;
  }

  /**
   * Why an address must not be connected to.
   *
   * @param hostname A literal address.
   * @returns Undefined if it may.
   */
  objection(hostname: string, port: number, transport: "tcp" | "udp"): string | undefined {
    const bytes = parseIpAddress(hostname);
    if (bytes === undefined) return "it is no address";
    const address = plain(hostname);
    const isIn = (network: IpPrefix) => network.contains(address);
    if (this.#refused.some(isIn)) return "its network is refused here";
    const isPortRefused = port === SMTP ||
      transport === "udp" && isReflectingPort(port) && !this.#udpPorts.has(port);
    if (isPortRefused) return "its port is refused here";
    if (this.#allowed.some(isIn)) return undefined;
    const scope = scopeOf(bytes);
    if (scope !== Scope.Global) return `it is ${SCOPE_TEXT[scope]}`;
    const isOwn = this.#self.has(address) ||
      this.#ownAddresses().some((own) => plain(own) === address);
    return isOwn ? "it is an address of the proxy" : undefined;
  }
}

const SCOPE_TEXT = {
  [Scope.Unusable]: "no address of one machine",
  [Scope.Loopback]: "the proxy's loopback",
  [Scope.LinkLocal]: "on a link of the proxy",
  [Scope.Private]: "in a private network",
  [Scope.Documentation]: "in a network for examples",
};

/** One text for one address; that of IPv4 for an address of IPv4 in the form of IPv6. */
function plain(hostname: string): string {
  const bytes = parseIpAddress(hostname);
  if (bytes === undefined) return hostname;
  const isMapped = bytes.length === 16 && bytes[10] === 0xff && bytes[11] === 0xff &&
    bytes.subarray(0, 10).every((byte) => byte === 0);
  return formatIpAddress(isMapped ? bytes.subarray(12) : bytes);
}

function prefixOf(text: string): IpPrefix {
  const prefix = IpPrefix.parse(text);
  if (prefix !== undefined) return prefix;
  throw new TypeError(
    `Cannot use the network "${text}": write an address and its bits, such as 10.0.0.0/8`,
  );
}
