// Stands before the TCP server of the runtime and limits its clients.

import { BlockList, isIPv6 } from "node:net";
import type { LimitChoices } from "../flags/limit_flags.ts";
import { type TcpPatience, TcpRelay } from "./tcp_relay.ts";

/** How much of a TCP server clients may take up. */
export interface TcpLimits extends TcpPatience {
  /** Connections in all. */
  readonly connections: number;
  /** Connections of one address; of one /64 for IPv6, which is what a household gets. */
  readonly perAddress: number;
  /** Connections whose TLS handshake has not been answered yet. */
  readonly handshakes: number;
  /** Requests of a connection at a time; others wait. */
  readonly requests: number;
  /** Addresses of balancers, behind which are many clients. */
  readonly exempt?: BlockList;
}

/** What holds for the programs. */
export const tcpLimits: TcpLimits = {
  connections: 256,
  perAddress: 64,
  handshakes: 1_024,
  requests: 100,
  start: 10_000,
  idle: 30_000,
  stall: 60_000,
  rate: 0,
  grace: 10_000,
};

/**
 * The limits for what was chosen on the command line.
 *
 * @param choices What was chosen; the same flags limit clients of HTTP/3.
 */
export function tcpLimitsFor(choices: LimitChoices): TcpLimits {
  const { maxConnections, maxConnectionsPerAddress, maxHandshakes, maxRequests } = choices;
  const { idleTimeout, bodyTimeout, minBodyRate } = choices;
  return {
    connections: maxConnections ?? tcpLimits.connections,
    perAddress: maxConnectionsPerAddress ?? tcpLimits.perAddress,
    handshakes: maxHandshakes ?? tcpLimits.handshakes,
    requests: maxRequests ?? tcpLimits.requests,
    exempt: blockList(choices.exemptNetworks),
    start: tcpLimits.start,
    idle: idleTimeout ?? tcpLimits.idle,
    stall: bodyTimeout ?? tcpLimits.stall,
    rate: minBodyRate ?? tcpLimits.rate,
    grace: tcpLimits.grace,
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

/** Milliseconds to wait when no client can be taken. */
const PAUSE = 100;

/** Milliseconds between two looks for clients that have had their time. */
const INTERVAL = 500;

/**
 * Stands before a TCP server that waits for its clients without limits, as that of the runtime
 * does. A client that makes no progress is disconnected, and no client can take up all connections.
 */
export class TcpFront {
  readonly #listener: Deno.TcpListener;
  readonly #limits: TcpLimits;
  readonly #target: (serverName: string) => Deno.NetAddr;
  readonly #relays = new Set<TcpRelay>();
  readonly #timer: ReturnType<typeof setInterval>;
  #isStopped = false;

  /**
   * @param listener Where clients come in.
   * @param target Where the server is for those that come now and ask for a name; the name is empty
   * if they ask for none.
   * @param limits How much they may take up.
   */
  constructor(
    listener: Deno.TcpListener,
    target: (serverName: string) => Deno.NetAddr,
    limits: TcpLimits = tcpLimits,
  ) {
    this.#listener = listener;
    this.#target = target;
    this.#limits = limits;
    this.#timer = setInterval(() => this.#disconnectOverdue(), INTERVAL);
    this.#accept();
  }

  /** How many connections there are. */
  get size(): number {
    return this.#relays.size;
  }

  /**
   * The client whose connection to the server has this local port.
   *
   * @param port The port.
   */
  relayAt(port: number): TcpRelay | undefined {
    for (const relay of this.#relays) if (relay.port === port) return relay;
    return undefined;
  }

  /** Takes no more clients. */
  stop(): void {
    if (!this.#isStopped) this.#listener.close();
    this.#isStopped = true;
  }

  /** Ends all connections. */
  close(): void {
    this.stop();
    clearInterval(this.#timer);
    for (const relay of this.#relays) relay.close();
  }

  async #accept(): Promise<void> {
    while (!this.#isStopped) {
      try {
        this.#take(await this.#listener.accept());
      } catch {
        // It was closed, or there are no descriptors for one more connection; then later there may be.
        await new Promise((resolve) => setTimeout(resolve, PAUSE));
      }
    }
  }

  #take(client: Deno.TcpConn): void {
    const address = plainAddress(client.remoteAddr.hostname);
    const group = groupOf(address);
    if (!this.#makeRoom(group, this.#isExempt(address))) return client.close();
    const connect = (serverName: string) => {
      const { hostname, port } = this.#target(serverName);
      return Deno.connect({ hostname, port });
    };
    const relay = new TcpRelay(client, connect, group, this.#limits.requests);
    this.#relays.add(relay);
    relay.closed.then(() => this.#relays.delete(relay));
  }

  #isExempt(address: string): boolean {
    return this.#limits.exempt?.check(address, isIPv6(address) ? "ipv6" : "ipv4") ?? false;
  }

  /** Whether one more of this group may come in; where all places are taken, the greediest makes room. */
  #makeRoom(group: string, isExempt: boolean): boolean {
    const { connections, handshakes, perAddress } = this.#limits;
    const relays = [...this.#relays];
    if (!isExempt && (countOf(relays).get(group) ?? 0) >= perAddress) return false;
    const opening = relays.filter(({ isOpening }) => isOpening);
    // A client that cannot begin a handshake costs no other client its connection.
    return this.#makeRoomAmong(opening, handshakes, group) &&
      this.#makeRoomAmong([...this.#relays], connections, group);
  }

  #makeRoomAmong(relays: readonly TcpRelay[], most: number, group: string): boolean {
    if (relays.length < most) return true;
    const counts = countOf(relays);
    const [greediest, held] = [...counts].reduce((a, b) => b[1] > a[1] ? b : a);
    if ((counts.get(group) ?? 0) + 1 >= held) return false;
    const found = relays.filter((relay) => relay.group === greediest)
      .reduce((a, b) => b.progressAt < a.progressAt ? b : a); // idle for longest
    this.#relays.delete(found);
    found.close();
    return true;
  }

  #disconnectOverdue(): void {
    const now = performance.now();
    for (const relay of this.#relays) {
      if (relay.isOverdue(now, this.#limits)) relay.close();
    }
  }
}

/** How many of these belong to each group. */
function countOf(relays: readonly TcpRelay[]): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  for (const { group } of relays) counts.set(group, (counts.get(group) ?? 0) + 1);
  return counts;
}

/**
 * The group that a connection from this address counts for.
 *
 * @param hostname A literal address.
 */
export function groupOf(hostname: string): string {
  const address = plainAddress(hostname);
  if (!address.includes(":")) return address;
  const [head = "", tail] = address.split("::");
  const groups = head === "" ? [] : head.split(":");
  const rest = tail ? tail.split(":") : [];
  if (tail !== undefined) groups.push(...Array(8 - groups.length - rest.length).fill("0"), ...rest);
  return groups.slice(0, 4).map((part) => part.replace(/^0+(?=.)/, "")).join(":");
}

/** An address without a zone, and as IPv4 where it is that. */
function plainAddress(hostname: string): string {
  return /^::ffff:([0-9.]+)$/i.exec(hostname)?.[1] ?? hostname.split("%")[0]!;
}
