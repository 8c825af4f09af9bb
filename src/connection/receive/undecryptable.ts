// Packets that arrived before their keys.

import type { Ecn } from "../../bytes/ecn.ts";
import type { Address } from "../../path/address/address.ts";
import type { Port } from "../../path/address/port.ts";
import { MAX_UNDECRYPTABLE_BYTES, MAX_UNDECRYPTABLE_PACKETS } from "../../limits/limits.ts";

/** A packet that came before its keys. */
export interface KeptPacket {
  readonly bytes: Uint8Array;
  readonly port: Port;
  readonly remote: Address;
  /** When it came. */
  readonly receivedAt: number;
  /** The ECN mark of its datagram. */
  readonly mark: Ecn;
}

/** Packets that came before their keys (RFC 9001, Section 5.7), within bounds. */
export class Undecryptable {
  #packets: KeptPacket[] = [];
  #bytes = 0;

  /** Keeps a copy, if there is room. */
  keep(packet: Uint8Array, port: Port, remote: Address, now: number, mark: Ecn): void {
    if (
      this.#packets.length >= MAX_UNDECRYPTABLE_PACKETS ||
      this.#bytes + packet.length > MAX_UNDECRYPTABLE_BYTES
    ) return;
    this.#packets.push({ bytes: packet.slice(), port, remote, receivedAt: now, mark });
    this.#bytes += packet.length;
  }

  /** All packets kept, to be tried once more. */
  take(): KeptPacket[] {
    const packets = this.#packets;
    this.#packets = [];
    this.#bytes = 0;
    return packets;
  }
}
