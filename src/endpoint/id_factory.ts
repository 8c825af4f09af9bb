// Issues the connection IDs of an endpoint.

import { concatBytes } from "../bytes/bytes.ts";
import { HmacKey } from "../crypto/hkdf.ts";
import type { Random } from "../crypto/random.ts";
import type { Connection } from "../connection/connection.ts";
import type { ConnectionIds } from "../connection/options.ts";
import type { Header } from "../packet/header.ts";
import { ConnectionId } from "../packet/connection_id.ts";
import type { IdLayout } from "../packet/id_layout.ts";
import { RESET_TOKEN_LENGTH } from "../packet/stateless_reset.ts";
import type { IdMap } from "./id_map.ts";
import { ResetMap } from "./reset_map.ts";

/** Longer than any ID, so that no reset token is made of it. */
const RESET_MAP_LABEL = new TextEncoder().encode("what tokens of peers are mixed with");

/** Makes connection IDs and reset tokens for all connections of an endpoint. */
export class IdFactory {
  readonly layout: IdLayout;
  readonly #map: IdMap<ConnectionHandle>;
  readonly #resets: ResetMap<ConnectionHandle>;
  readonly random: Random;
  /** Only its holder can make reset tokens (RFC 9000, Section 10.3.2). */
  readonly #resetKey: HmacKey;

  /** @param resetKey Kept over restarts, it lets the next process reset what this one left. */
  constructor(
    layout: IdLayout,
    map: IdMap<ConnectionHandle>,
    random: Random,
    resetKey?: Uint8Array,
  ) {
    this.layout = layout;
    this.#map = map;
    this.random = random;
    this.#resetKey = new HmacKey("sha256", resetKey ?? random.bytes(32));
    this.#resets = new ResetMap(this.#resetKey.hash(RESET_MAP_LABEL));
  }

  /** An ID that leads nowhere yet: the server's in a Retry. */
  make(): Uint8Array {
    return this.layout.make(this.random);
  }

  /** The other worker that the destination of a packet names; -1 if it names none. */
  otherWorker({ datagram, destinationLength, destinationStart }: Header): number {
    if (destinationLength !== this.layout.length) return -1;
    return this.layout.otherWorker?.(datagram, destinationStart) ?? -1;
  }

  /** The token that belongs to an ID. */
  resetToken(id: Uint8Array): Uint8Array {
    const owner = this.layout.ownerOf?.(id);
    const named = owner === undefined ? id : concatBytes(owner, id);
    return this.#resetKey.hash(named).subarray(0, RESET_TOKEN_LENGTH);
  }

  /** The connections that may use an ID of the peer with this token. */
  ownersOf(token: Uint8Array): readonly ConnectionHandle[] {
    return this.#resets.find(token);
  }

  /** The source of IDs for one connection. */
  forConnection(handle: ConnectionHandle): ConnectionIds {
    const map = this.#map;
    const resets = this.#resets;
    return {
      length: this.layout.length,
      issue: (pathId) => this.#issue(handle, pathId),
      resetToken: (id) => this.resetToken(id.bytes),
      release: (id) => map.delete(id),
      watch: (token) => resets.add(token, handle),
      unwatch: (token) => resets.delete(token, handle),
      pathOf: (header) => {
        const entry = map.find(header);
        return entry?.owner === handle ? entry.pathId : -1;
      },
    };
  }

  #issue(handle: ConnectionHandle, pathId: number): ConnectionId {
    for (;;) {
      const id = new ConnectionId(this.make());
      if (!this.#map.add(id, handle, pathId)) continue;
      handle.issued?.push(id);
      return id;
    }
  }

  /** Nothing came of a connection: the IDs that were issued for it lead nowhere again. */
  withdraw({ issued }: ConnectionHandle): void {
    for (const id of issued ?? []) this.#map.delete(id);
  }
}

/** Stands for a connection while that is being made: it needs IDs before it exists. */
export interface ConnectionHandle {
  connection: Connection | undefined;
  /** The IDs that were issued so far, as long as nothing may come of the connection. */
  issued: ConnectionId[] | undefined;
}
