// The path IDs of a connection.

import type { Path } from "./path.ts";
import { RangeSet } from "../bytes/range_set.ts";
import { ErrorCode } from "../error/error_code.ts";
import { TransportError } from "../error/quic_error.ts";
import { type IdSource, PathSlot } from "./id/path_slot.ts";

/** The path IDs of a connection: those in play, and those used up. */
export class PathSlots {
  readonly #issuer: IdSource;
  readonly #remoteIdLimit: number;
  readonly #slots = new Map<number, PathSlot<Path>>();
  /** None ever comes back (MPQUIC, Section 3.4). */
  readonly #usedUp = new RangeSet();
  #isMultipath = false;

  constructor(issuer: IdSource, remoteIdLimit: number) {
    this.#issuer = issuer;
    this.#remoteIdLimit = remoteIdLimit;
  }

  /** All path IDs that are not used up. */
  get all(): IterableIterator<PathSlot<Path>> {
    return this.#slots.values();
  }

  get(id: number): PathSlot<Path> | undefined {
    return this.#slots.get(id);
  }

  /** The slot of an ID that is not used up, made if need be. */
  make(id: number): PathSlot<Path> {
    let slot = this.#slots.get(id);
    if (slot === undefined) {
      slot = new PathSlot(id, this.#issuer, this.#remoteIdLimit);
      if (this.#isMultipath) slot.enableMultipath();
      this.#slots.set(id, slot);
    }
    return slot;
  }

  /** From now on frames name paths. */
  enableMultipath(): void {
    this.#isMultipath = true;
    for (const slot of this.#slots.values()) slot.enableMultipath();
  }

  isUsedUp(id: number): boolean {
    return this.#usedUp.has(id);
  }

  /**
   * The path IDs from 1 to a limit that are not used up. Those that are used up are passed over in
   * one step: a peer that keeps a low path ID can have thousands above that used up.
   */
  *inPlay(limit: number): Generator<number> {
    const used = this.#usedUp;
    for (let id = used.nextOutside(1); id <= limit; id = used.nextOutside(id + 1)) yield id;
  }

  /** Nothing of it matters any more. */
  remove(slot: PathSlot<Path>): void {
    this.#slots.delete(slot.id);
    this.#usedUp.add(slot.id, slot.id + 1);
    slot.release();
  }

  /**
   * RFC 9000, Section 5.1: a connection ID is issued once, whatever the path.
   *
   * @throws {TransportError} If it was issued before, for another path or with another number.
   */
  checkNewId(slot: PathSlot<Path>, sequence: number, cid: Uint8Array): void {
    for (const other of this.#slots.values()) {
      const known = other.remote.sequenceOf(cid);
      if (known < 0 || (other === slot && known === sequence)) continue;
      throw new TransportError(
        ErrorCode.ProtocolViolation,
        `Cannot accept connection ID ${sequence} of path ${slot.id}: path ${other.id} has it`,
      );
    }
  }

  /** Whether these bytes are a stateless reset token of the peer (RFC 9000, Section 10.3.1). */
  isResetToken(token: Uint8Array): boolean {
    for (const slot of this.#slots.values()) if (slot.remote.isResetToken(token)) return true;
    return false;
  }
}
