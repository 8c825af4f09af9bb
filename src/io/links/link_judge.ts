// Which of a machine's links can carry paths, what stands in the way, and what mends it.

import { familyOf, type LocalAddress, routableAddresses } from "../interfaces.ts";
import type { LinkFacts } from "./link_facts.ts";
import { type Route, routeTo } from "./route.ts";

/**
 * What keeps packets from using a link.
 * @category Paths
 */
export type LinkProblemKind =
  /** The routing table leads nowhere by this link. */
  | "noRoute"
  /** Packets with the link's address leave by another link, which has the better route. */
  | "otherLink"
  /** What comes in by the link is dropped, as the way back would be another. */
  | "reversePathFilter"
  /** Another link, a tunnel, has the default route: packets would leave beside it. */
  | "tunnel";

/**
 * One thing that keeps packets of one family from using a link.
 * @category Paths
 */
export interface LinkProblem {
  /** What it is. */
  readonly kind: LinkProblemKind;
  /** The family of addresses that it is about. */
  readonly family: "IPv4" | "IPv6";
  /** A sentence for people. */
  readonly message: string;
  /** Commands for a shell of the administrator that mend it; none if there is no general cure. */
  readonly cure: readonly string[];
}

/**
 * A link of this machine, and what keeps it from being used.
 * @category Paths
 */
export interface Link {
  /** The name of the interface, such as `wlan0`. */
  readonly name: string;
  /** Its addresses that others can reach. */
  readonly addresses: readonly string[];
  /** The routers by which it leads on; none if that is not known. */
  readonly gateways: readonly string[];
  /** Packets that left by it since it is there; undefined if that is not known. */
  readonly packetsSent: number | undefined;
  /** What stands in the way; empty if paths can use the link, as far as the system tells. */
  readonly problems: readonly LinkProblem[];
}

/** Addresses of the wide Internet, for links as such: of those kept for documentation. */
const FAR: Readonly<Record<"IPv4" | "IPv6", string>> = {
  IPv4: "198.51.100.1",
  IPv6: "2001:db8:ffff::1",
};
/** Rules and tables are numbered; those from here on are free on most systems. */
const FIRST_TABLE = 101;

/**
 * Judges links by what the system says.
 *
 * @param destination A literal address that is to be reached; any in the Internet if left out.
 */
export function judgeLinks(facts: LinkFacts, destination?: string): readonly Link[] {
  const usable = routableAddresses(facts.addresses);
  const names = [...new Set(usable.map(({ name }) => name))];
  return names.map((name, index) => {
    const own = usable.filter((address) => address.name === name);
    return judge(name, own, facts, destination, FIRST_TABLE + index);
  });
}

function judge(
  name: string,
  own: readonly LocalAddress[],
  facts: LinkFacts,
  destination: string | undefined,
  table: number,
): Link {
  const gateways = new Set<string>();
  const problems: LinkProblem[] = [];
  const wanted = destination && familyOf(destination);
  for (const family of ["IPv4", "IPv6"] as const) {
    const address = own.find((each) => each.family === family);
    if (address === undefined || facts.routes === undefined) continue;
    if (wanted !== undefined && family !== wanted) continue;
    const far = destination ?? FAR[family];
    const route = routeTo(far, facts.routes, name);
    if (route?.gateway !== undefined) gateways.add(route.gateway);
    const problem = problemOf(name, address, route, routeTo(far, facts.routes), facts, table);
    if (problem !== undefined) problems.push({ family, ...problem });
  }
  return {
    name,
    addresses: own.map(({ hostname }) => hostname),
    gateways: [...gateways],
    packetsSent: facts.packetsSent(name),
    problems,
  };
}

function problemOf(
  name: string,
  { hostname, family }: LocalAddress,
  route: Route | undefined,
  best: Route | undefined,
  facts: LinkFacts,
  table: number,
): Omit<LinkProblem, "family"> | undefined {
  if (route === undefined) return noRoute(name, family, facts);
  if (best === undefined || best.device === name) return undefined;
  const rules = facts.bindsDevice ? [] : rulesFor(name, hostname, family, route, table);
  if (facts.isTunnel(best.device) && !facts.isTunnel(name)) return beside(name, best.device, rules);
  if (!facts.bindsDevice) return otherLink(name, hostname, best, rules);
  // RFC 3704, Section 2.2: a strict filter asks whether the answer would leave by the same link.
  const isStrict = family === "IPv4" && facts.reversePathFilter(name) === 1;
  return isStrict ? filtered(name, best.device) : undefined;
}

function noRoute(
  name: string,
  family: string,
  facts: LinkFacts,
): Omit<LinkProblem, "family"> {
  const ip = family === "IPv6" ? "ip -6" : "ip";
  const router = family === "IPv6" ? routerByNeighbours(name) : facts.router(name);
  // What enters a tunnel needs no router: the other end takes it.
  const via = facts.isTunnel(name) ? "" : ` via ${router ?? "ROUTER"}`;
  const advice = via.endsWith("ROUTER")
    ? "Add one, with the address of the link's router in place of ROUTER"
    : "Add one by the link's router";
  return {
    kind: "noRoute",
    message: `Cannot send by ${name} with ${family}: no route leads on by it. ${advice}`,
    cure: [`${ip} route add default${via} dev ${name} metric 1000`],
  };
}

/**
 * What a shell puts in the place of the router. Neighbours say of themselves that they are routers
 * (RFC 4861, Section 4.4), which the kernel tells by netlink only, and `ip` to its user.
 */
function routerByNeighbours(name: string): string {
  return `"$(ip -6 neigh show dev ${name} | awk '/ router / { print $1; exit }')"`;
}

function beside(
  name: string,
  tunnel: string,
  rules: readonly string[],
): Omit<LinkProblem, "family"> {
  const message = rules.length === 0
    ? `Packets by ${name} leave beside the tunnel ${tunnel}, which has the default route: name ` +
      `${name} only if that is meant`
    : `Packets leave by the tunnel ${tunnel}, which has the default route, not by ${name}: only if ` +
      `they are meant to leave beside it, run with --allow-ffi and name ${name}, or add a rule`;
  return { kind: "tunnel", message, cure: rules };
}

function otherLink(
  name: string,
  hostname: string,
  best: Route,
  rules: readonly string[],
): Omit<LinkProblem, "family"> {
  return {
    kind: "otherLink",
    message: `Packets from ${hostname} leave by ${best.device}, not by ${name}, unless a rule of ` +
      "the system says otherwise: run with --allow-ffi, or add a rule",
    cure: rules,
  };
}

/** What sends packets from an address by its link, whatever link has the better route. */
function rulesFor(
  name: string,
  hostname: string,
  family: string,
  route: Route,
  table: number,
): readonly string[] {
  const ip = family === "IPv6" ? "ip -6" : "ip";
  const via = route.gateway === undefined ? "" : ` via ${route.gateway}`;
  return [
    `${ip} route add default${via} dev ${name} table ${table}`,
    `${ip} rule add from ${hostname} table ${table}`,
  ];
}

function filtered(name: string, best: string): Omit<LinkProblem, "family"> {
  return {
    kind: "reversePathFilter",
    message: `What comes in by ${name} is dropped: its rp_filter is 1, and the better route is ` +
      `by ${best}`,
    cure: [`sysctl -w net.ipv4.conf.${name}.rp_filter=2`],
  };
}
