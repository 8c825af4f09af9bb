// Finds the connection of a connection ID.

import type { ConnectionId } from "../packet/connection_id.ts";
import type { Header } from "../packet/header.ts";

/** Where a connection ID of ours leads. */
export interface IdEntry<Owner> {
  readonly id: ConnectionId;
  readonly owner: Owner;
  /** The path it belongs to. */
  readonly pathId: number;
}

/** The destination ID of a packet. */
export type Destination = Pick<
  Header,
  "datagram" | "destinationStart" | "destinationLength" | "destinationKey"
>;

/** Finds what belongs to a connection ID; the key is a number, the rest is compared. */
export class IdMap<Owner> {
  readonly #entries = new Map<number, IdEntry<Owner>>();
  /** What was found last: datagrams of one connection come in runs. */
  #last: IdEntry<Owner> | undefined;

  /** How many IDs there are. */
  get size(): number {
    return this.#entries.size;
  }

  /** Adds an ID; false if another one has its key, so that another ID must be made. */
  add(id: ConnectionId, owner: Owner, pathId: number): boolean {
    if (this.#entries.has(id.key)) return false;
    this.#entries.set(id.key, { id, owner, pathId });
    return true;
  }

  delete(id: ConnectionId): void {
    this.#entries.delete(id.key);
    if (this.#last?.id.key === id.key) this.#last = undefined;
  }

  /** What the destination ID of a packet leads to. */
  find(packet: Destination): IdEntry<Owner> | undefined {
    const { destinationKey: key, destinationLength: length } = packet;
    const entry = this.#last?.id.key === key ? this.#last : this.#entries.get(key);
    if (entry !== undefined) this.#last = entry;
    if (entry?.id.length !== length) return undefined;
    return entry.id.hasRest(packet.datagram, packet.destinationStart) ? entry : undefined;
  }
}
