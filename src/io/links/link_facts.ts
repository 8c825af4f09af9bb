// What the system says about its links, as far as it may be asked.

import {
  isLinkLocal,
  listLocalAddresses,
  type LocalAddress,
  systemInterfaces,
} from "../interfaces.ts";
import { readRoutes4, readRoutes6, type Route } from "./route.ts";
import { likelyRouter } from "./router.ts";
import { readSystemFile } from "./system_file.ts";

/** What is known about the links of a machine. */
export interface LinkFacts {
  readonly addresses: readonly LocalAddress[];
  /** The routes of the main table; undefined if they cannot be read. */
  readonly routes: readonly Route[] | undefined;
  /** Whether a socket can be bound to an interface, whatever the routes say. */
  readonly bindsDevice: boolean;
  /** The strictest reverse-path filter that holds for an interface: 0, 1 or 2; undefined if unknown. */
  reversePathFilter(device: string): number | undefined;
  /** Whether an interface is a tunnel of a program on this machine. */
  isTunnel(device: string): boolean;
  /** How many packets an interface has sent since it is there; undefined if that cannot be read. */
  packetsSent(device: string): number | undefined;
  /** The IPv4 router that an interface probably has, whatever the routes say. */
  router(device: string): string | undefined;
}

/** Where Linux has them. */
const ROUTES_4 = "/proc/net/route";
const ROUTES_6 = "/proc/net/ipv6_route";
const SETTINGS = "/proc/sys/net/ipv4/conf";
const DEVICES = "/sys/class/net";
const NEIGHBOURS = "/proc/net/arp";

/** What the kernel says of an interface that is its own tunnel, whatever name it has. */
const WIREGUARD = "DEVTYPE=wireguard";
/** Names that tunnels have by custom, where the system cannot be asked what an interface is. */
const TUNNEL_NAME = /^(tun|tap|wg|utun|ppp|ipsec|tailscale|zt|nordlynx|proton)/;

/**
 * Asks the system.
 *
 * @param bindsDevice Whether the sockets in use can be bound to an interface.
 * @throws {TypeError} If the interfaces may not be listed.
 */
export function readLinkFacts(bindsDevice: boolean): LinkFacts {
  const addresses = listLocalAddresses();
  if (addresses === undefined) {
    throw new TypeError(
      "Cannot inspect the links: run with --allow-sys=networkInterfaces, and on Linux with " +
        "--allow-read and --allow-ffi",
    );
  }
  return {
    addresses,
    routes: readRoutes(),
    bindsDevice,
    reversePathFilter,
    isTunnel,
    packetsSent,
    router,
  };
}

/** The routes of the main table; undefined if they cannot be read. */
export function readRoutes(): readonly Route[] | undefined {
  const routes4 = readSystemFile(ROUTES_4);
  const routes6 = readSystemFile(ROUTES_6);
  if (routes4 === undefined && routes6 === undefined) return undefined;
  return [...readRoutes4(routes4 ?? ""), ...readRoutes6(routes6 ?? "")];
}

/** The kernel takes the larger of the setting for all interfaces and that of the interface. */
function reversePathFilter(device: string): number | undefined {
  const values = ["all", device].map((name) =>
    Number(readSystemFile(`${SETTINGS}/${name}/rp_filter`) ?? NaN)
  );
  return values.some(Number.isNaN) ? undefined : Math.max(...values);
}

function isTunnel(device: string): boolean {
  return readSystemFile(`${DEVICES}/${device}/tun_flags`) !== undefined ||
    readSystemFile(`${DEVICES}/${device}/uevent`)?.includes(WIREGUARD) === true ||
    TUNNEL_NAME.test(device);
}

function packetsSent(device: string): number | undefined {
  const text = readSystemFile(`${DEVICES}/${device}/statistics/tx_packets`);
  return text === undefined ? undefined : Number(text);
}

function router(device: string): string | undefined {
  const own = systemInterfaces().find(({ name, family, address }) =>
    name === device && family === "IPv4" && !isLinkLocal(address)
  );
  return own && likelyRouter(device, readSystemFile(NEIGHBOURS) ?? "", own.cidr);
}
