// Finds the connection of a connection ID.

import { type ConnectionId, connectionIdKey } from "../packet/connection_id.ts";

/** Where a connection ID of ours leads. */
export interface IdEntry<Owner> {
  readonly id: ConnectionId;
  readonly owner: Owner;
  /** The path it belongs to. */
  readonly pathId: number;
}

/** Finds what belongs to a connection ID; the key is a number, the rest is compared. */
export class IdMap<Owner> {
  readonly #entries = new Map<number, IdEntry<Owner>>();

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
  }

  /** What the `length` bytes at `offset` lead to. */
  find(bytes: Uint8Array, offset: number, length: number): IdEntry<Owner> | undefined {
    const entry = this.#entries.get(connectionIdKey(bytes, offset, length));
    return entry?.id.length === length && entry.id.hasRest(bytes, offset) ? entry : undefined;
  }
}
