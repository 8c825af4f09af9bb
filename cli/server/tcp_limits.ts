// How much clients may take up of the server over TCP.

import { BlockList, isIPv6 } from "node:net";
import type { TcpServerLimits } from "../../mod.ts";
import type { LimitChoices } from "../flags/limit_flags.ts";

/** What holds where no flag says otherwise. */
export const tcpLimits = {
  connections: 256,
  perAddress: 64,
  handshakes: 1_024,
  idle: 30_000,
  stall: 60_000,
  minBodyRate: 0,
} as const satisfies TcpServerLimits;

/**
 * The limits for what was chosen on the command line.
 *
 * @param choices What was chosen; the same flags limit clients of HTTP/3.
 */
export function tcpLimitsFor(choices: LimitChoices): TcpServerLimits {
  const { maxRequests: requests } = choices;
  const exempt = blockList(choices.exemptNetworks);
  return {
    connections: choices.maxConnections ?? tcpLimits.connections,
    perAddress: choices.maxConnectionsPerAddress ?? tcpLimits.perAddress,
    handshakes: choices.maxHandshakes ?? tcpLimits.handshakes,
    idle: choices.idleTimeout ?? tcpLimits.idle,
    stall: choices.bodyTimeout ?? tcpLimits.stall,
    minBodyRate: choices.minBodyRate ?? tcpLimits.minBodyRate,
    isExempt: (hostname) => exempt.check(hostname, isIPv6(hostname) ? "ipv6" : "ipv4"),
    ...(requests !== undefined && { requests }),
  };
}

/** Networks, of which HTTP/3 has read each. */
function blockList(networks: readonly string[]): BlockList {
  const list = new BlockList();
  for (const network of networks) {
    const [address = "", bits] = network.split("/");
    const family = isIPv6(address) ? "ipv6" : "ipv4";
    if (bits === undefined) list.addAddress(address, family);
    else list.addSubnet(address, Number(bits), family);
  }
  return list;
}
