// One local address of a socket that is bound to all of them, as a port of its own.

import type { Ecn } from "../../bytes/ecn.ts";
import { formatIpAddress, parseIpAddress } from "../../bytes/ip_address.ts";
import type { Address } from "../../path/address/address.ts";
import type { SendingPort, SocketCapabilities } from "../socket.ts";
import { Source } from "./source.ts";

/**
 * So many local addresses have a port of their own. A machine has few; but on loopback any of 2^24 is
 * one, and the sender chooses among them. What comes to others is answered as the routes say.
 */
const MAX_PORTS = 256;

/** The socket that ports belong to. */
export interface SharedSocket {
  readonly address: Address;
  readonly buffer: Uint8Array | undefined;
  readonly largeBuffer: Uint8Array | undefined;
  readonly capabilities: SocketCapabilities;
  /** The largest datagram worth trying from a local address. */
  largestTo(remote: Address, from: string): number;
  /** Sends from a local address. */
  sendFrom(
    port: LocalPort,
    size: number,
    to: Address,
    mark: Ecn,
    destination: Uint8Array | undefined,
  ): void;
}

/** A local address: what comes to it is answered from it. */
export class LocalPort implements SendingPort {
  readonly address: Address;
  readonly source: Source;
  readonly capabilities: SocketCapabilities;
  readonly #socket: SharedSocket;

  constructor(socket: SharedSocket, hostname: string) {
    this.address = { ...socket.address, hostname };
    this.source = new Source(hostname);
    this.capabilities = socket.capabilities;
    this.#socket = socket;
  }

  get buffer(): Uint8Array | undefined {
    return this.#socket.buffer;
  }

  get largeBuffer(): Uint8Array | undefined {
    return this.#socket.largeBuffer;
  }

  largestTo(remote: Address): number {
    return this.#socket.largestTo(remote, this.address.hostname);
  }

  send(size: number, to: Address, mark: Ecn, destination?: Uint8Array): void {
    this.#socket.sendFrom(this, size, to, mark, destination);
  }
}

/** The local addresses at which a socket has heard something. */
export class LocalPorts {
  readonly #socket: SharedSocket;
  readonly #ports = new Map<number | string, LocalPort>();

  constructor(socket: SharedSocket) {
    this.#socket = socket;
  }

  /** The ports, in the order in which something came to them. */
  get all(): Iterable<LocalPort> {
    return this.#ports.values();
  }

  /** The port for a literal address. */
  at(hostname: string): LocalPort | undefined {
    const ip = parseIpAddress(hostname);
    if (ip === undefined) return undefined;
    const words = new Uint32Array(ip.slice().buffer);
    return words.length === 1 ? this.at4(words, 0) : this.at6(words, 0);
  }

  /** The port for the IPv4 address at a word. */
  at4(words: Uint32Array, at: number): LocalPort | undefined {
    const word = words[at]!;
    return this.#ports.get(word) ?? this.#make(word, words, at, 1);
  }

  /** The port for the IPv6 address at a word, which may stand for an IPv4 address. */
  at6(words: Uint32Array, at: number): LocalPort | undefined {
    const isMapped = words[at] === 0 && words[at + 1] === 0 && words[at + 2] === 0xffff_0000;
    if (isMapped) return this.at4(words, at + 3);
    const key = `${words[at]} ${words[at + 1]} ${words[at + 2]} ${words[at + 3]}`;
    return this.#ports.get(key) ?? this.#make(key, words, at, 4);
  }

  #make(
    key: number | string,
    words: Uint32Array,
    at: number,
    length: number,
  ): LocalPort | undefined {
    const ip = new Uint8Array(words.slice(at, at + length).buffer);
    // Nothing can be sent from the address of a group.
    const isMulticast = length === 4 ? ip[0] === 0xff : ip[0]! >= 224;
    if (isMulticast || this.#ports.size >= MAX_PORTS) return undefined;
    const port = new LocalPort(this.#socket, formatIpAddress(ip));
    this.#ports.set(key, port);
    return port;
  }
}
