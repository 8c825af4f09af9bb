// UDP of a program through tunnels: what a UDP ASSOCIATE is for (RFC 1928).

import type { UdpTunnel } from "../../mod.ts";
import type { Gateway } from "./gateway.ts";
import { readSocksTarget } from "./socks.ts";

/** Hosts that one association talks to at a time. */
const MOST_HOSTS = 256;
/** Datagrams that wait for a tunnel. */
const MOST_WAITING = 16;
/** Milliseconds in which a host that there was no way to is not asked for again. */
const REFUSAL_MEMORY = 2_000;
/** RSV and FRAG before the address. */
const HEADER = 3;

/** A way to one host. */
interface Flow {
  tunnel: UdpTunnel | undefined;
  /** Datagrams that came before the tunnel. */
  readonly waiting: Uint8Array<ArrayBuffer>[];
  readonly abort: AbortController;
}

/**
 * The UDP socket of a program. It takes datagrams of the program's address only, and from the first
 * one on of its port only. Fragments are dropped.
 */
export class UdpAssociation {
  readonly #socket: Deno.DatagramConn;
  readonly #gateway: Gateway;
  readonly #hostname: string;
  readonly #onTold: (text: string) => void;
  readonly #flows = new Map<string, Flow>();
  /** Until when there is no way to these hosts. */
  readonly #refused = new Map<string, number>();
  #program: Deno.NetAddr | undefined;
  #isClosed = false;
  #hasTold = false;

  /**
   * @param local The address of ours that the program reached: the socket is there, too.
   * @param hostname The program's address.
   * @param onTold Takes a sentence for the user, about datagrams that do not fit.
   */
  constructor(local: string, hostname: string, gateway: Gateway, onTold: (text: string) => void) {
    this.#socket = Deno.listenDatagram({ transport: "udp", hostname: local, port: 0 });
    this.#gateway = gateway;
    this.#hostname = hostname;
    this.#onTold = onTold;
    this.#run();
  }

  /** Where the program sends to. */
  get port(): number {
    return (this.#socket.addr as Deno.NetAddr).port;
  }

  /** Ends all of it. */
  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#socket.close();
    for (const key of this.#flows.keys()) this.#end(key);
  }

  async #run(): Promise<void> {
    while (!this.#isClosed) {
      try {
        const [data, from] = await this.#socket.receive();
        this.#take(data.slice(), from as Deno.NetAddr);
      } catch {
        // The socket was closed, or a datagram of ours met no program.
      }
    }
  }

  #take(data: Uint8Array<ArrayBuffer>, from: Deno.NetAddr): void {
    if (from.hostname !== this.#hostname) return;
    if (this.#program !== undefined && from.port !== this.#program.port) return;
    if (data.length < HEADER || data[2] !== 0) return;
    const address = readSocksTarget(data.subarray(HEADER));
    if (address === undefined) return;
    this.#program ??= from;
    const end = HEADER + address.size;
    if (this.#isRefused(address.target)) return;
    const flow = this.#flow(address.target, data.slice(HEADER, end));
    const payload = data.subarray(end);
    if (flow.tunnel) this.#send(flow.tunnel, payload);
    else if (flow.waiting.length < MOST_WAITING) flow.waiting.push(payload);
  }

  #isRefused(target: string): boolean {
    const until = this.#refused.get(target) ?? 0;
    if (until > performance.now()) return true;
    this.#refused.delete(target);
    return false;
  }

  #refuse(target: string): void {
    this.#refused.delete(target);
    this.#refused.set(target, performance.now() + REFUSAL_MEMORY);
    const { size } = this.#refused;
    if (size > MOST_HOSTS) this.#refused.delete(this.#refused.keys().next().value!);
  }

  /** @param address The host as the program wrote it: so it is written in what comes back. */
  #flow(target: string, address: Uint8Array<ArrayBuffer>): Flow {
    const key = target;
    const known = this.#flows.get(key);
    if (known !== undefined) {
      // Behind all the others: the one that was used longest ago goes first.
      this.#flows.delete(key);
      this.#flows.set(key, known);
      return known;
    }
    if (this.#flows.size >= MOST_HOSTS) this.#end(this.#flows.keys().next().value!);
    const flow: Flow = { tunnel: undefined, waiting: [], abort: new AbortController() };
    this.#flows.set(key, flow);
    this.#open(key, flow, address);
    return flow;
  }

  async #open(key: string, flow: Flow, address: Uint8Array<ArrayBuffer>): Promise<void> {
    try {
      const tunnel = await this.#gateway.connectUdp(key, flow.abort.signal);
      flow.tunnel = tunnel;
      for (const payload of flow.waiting.splice(0)) this.#send(tunnel, payload);
      for (let data; (data = await tunnel.read()) !== undefined;) await this.#hand(address, data);
    } catch {
      // The gateway refuses the host, or is not there: datagrams are lost, as they may be.
    }
    if (this.#flows.get(key) !== flow) return;
    this.#flows.delete(key);
    if (flow.tunnel === undefined) this.#refuse(key);
  }

  #send(tunnel: UdpTunnel, payload: Uint8Array<ArrayBuffer>): void {
    if (payload.length > tunnel.maxSize && !this.#hasTold) {
      this.#hasTold = true;
      this.#onTold(
        `Datagrams of ${payload.length} bytes do not fit: the paths carry ${tunnel.maxSize} at most`,
      );
    }
    tunnel.send(payload);
  }

  async #hand(address: Uint8Array<ArrayBuffer>, data: Uint8Array<ArrayBuffer>): Promise<void> {
    const datagram = new Uint8Array(HEADER + address.length + data.length);
    datagram.set(address, HEADER);
    datagram.set(data, HEADER + address.length);
    if (!this.#program || this.#isClosed) return;
    try {
      await this.#socket.send(datagram, this.#program);
    } catch {
      // It is lost, as datagrams may be: with the address before it, it may be too long for UDP.
    }
  }

  #end(key: string): void {
    const flow = this.#flows.get(key);
    this.#flows.delete(key);
    flow?.abort.abort(new Error("The association has ended"));
    flow?.tunnel?.close();
  }
}
