// A route of the system: which addresses it is for, and by which device they are reached.

import { formatIpAddress, parseIpAddress } from "../../bytes/ip_address.ts";

/** A route of the system's main table. */
export interface Route {
  readonly family: "IPv4" | "IPv6";
  /** The interface by which packets leave. */
  readonly device: string;
  /** The addresses that it is for: those whose first `length` bits are these. */
  readonly prefix: Uint8Array;
  readonly length: number;
  /** The router that comes next; undefined if the destinations are on the link itself. */
  readonly gateway: string | undefined;
  /** Of routes for the same addresses, the system takes the one with the smallest. */
  readonly metric: number;
}

/** The flags `RTF_UP` and `RTF_REJECT` of route.h. */
const UP = 0x1;
const REJECT = 0x200;

/** The routes in the text of `/proc/net/route`; lines of another form are passed over. */
export function readRoutes4(text: string): readonly Route[] {
  const routes: Route[] = [];
  for (const line of text.split("\n").slice(1)) {
    const [device, to, via, flags, , , metric, mask] = line.trim().split(/\s+/);
    const prefix = reversed(to);
    const gateway = reversed(via);
    const bits = reversed(mask);
    if (device === undefined || !prefix || !gateway || !bits || !isUsable(flags)) continue;
    routes.push({
      family: "IPv4",
      device,
      prefix,
      length: ones(bits),
      gateway: addressOf(gateway),
      metric: Number(metric),
    });
  }
  return routes;
}

/** The routes in the text of `/proc/net/ipv6_route`; lines of another form are passed over. */
export function readRoutes6(text: string): readonly Route[] {
  const routes: Route[] = [];
  for (const line of text.split("\n")) {
    const [to, length, , , via, metric, , , flags, device] = line.trim().split(/\s+/);
    const prefix = fromHex(to, 16);
    const gateway = fromHex(via, 16);
    if (device === undefined || !prefix || !gateway || !isUsable(flags)) continue;
    routes.push({
      family: "IPv6",
      device,
      prefix,
      length: parseInt(length!, 16),
      gateway: addressOf(gateway),
      metric: parseInt(metric!, 16),
    });
  }
  return routes;
}

/**
 * The route that packets to `destination` take, by the longest prefix and then the smallest metric.
 *
 * @param destination A literal address.
 * @param device Only routes by this interface, as for a socket that is bound to it.
 */
export function routeTo(
  destination: string,
  routes: readonly Route[],
  device?: string,
): Route | undefined {
  const bytes = parseIpAddress(destination);
  if (bytes === undefined) return undefined;
  let best: Route | undefined;
  for (const route of routes) {
    if (device !== undefined && route.device !== device) continue;
    if (route.prefix.length !== bytes.length || !covers(route, bytes)) continue;
    const isBetter = best === undefined || route.length > best.length ||
      (route.length === best.length && route.metric < best.metric);
    if (isBetter) best = route;
  }
  return best;
}

function covers({ prefix, length }: Route, address: Uint8Array): boolean {
  for (let bit = 0; bit < length; bit += 8) {
    const mask = length - bit >= 8 ? 0xff : (0xff00 >> (length - bit)) & 0xff;
    if (((prefix[bit >> 3]! ^ address[bit >> 3]!) & mask) !== 0) return false;
  }
  return true;
}

function isUsable(flags: string | undefined): boolean {
  const bits = parseInt(flags ?? "", 16);
  return (bits & UP) !== 0 && (bits & REJECT) === 0;
}

/** The four bytes that the kernel writes as one number, the first byte last. */
function reversed(hex: string | undefined): Uint8Array | undefined {
  return fromHex(hex, 4)?.reverse();
}

function fromHex(hex: string | undefined, size: number): Uint8Array | undefined {
  if (hex === undefined || hex.length !== 2 * size || /[^0-9a-f]/i.test(hex)) return undefined;
  return Uint8Array.from({ length: size }, (_, i) => parseInt(hex.slice(2 * i, 2 * i + 2), 16));
}

function addressOf(bytes: Uint8Array): string | undefined {
  return bytes.every((byte) => byte === 0) ? undefined : formatIpAddress(bytes);
}

function ones(mask: Uint8Array): number {
  let count = 0;
  for (const byte of mask) for (let bits = byte; bits > 0; bits &= bits - 1) count++;
  return count;
}
