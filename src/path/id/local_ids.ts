// The connection IDs that we issued for one path ID.

import { ErrorCode } from "../../error/error_code.ts";
import { TransportError } from "../../error/quic_error.ts";
import { NEW_CONNECTION_ID, writeNewConnectionId } from "../../frame/connection_id.ts";
import type { FrameOwner, FrameSink, SentFrame } from "../../frame/sent_frame.ts";
import type { ConnectionId } from "../../packet/connection_id.ts";
import { MAX_IDS_OF_PATH } from "../../limits/limits.ts";

/** Makes connection IDs and knows which path they lead to; the endpoint is one. */
export interface IdIssuer {
  /** A new ID for a path of this connection. */
  issue(pathId: number): ConnectionId;
  /** The token that resets the connection by an ID (RFC 9000, Section 10.3): 16 bytes. */
  resetToken(id: ConnectionId): Uint8Array;
  /** The ID leads nowhere any more. */
  release(id: ConnectionId): void;
}

/** One ID and what the peer knows of it. */
interface Entry {
  readonly id: ConnectionId;
  readonly sequence: number;
  /** Whether the ID must be sent, or sent again. */
  pending: boolean;
}

/** Type, path, two numbers, length, 20 bytes of ID and 16 of token at most. */
const LARGEST_FRAME = 4 + 8 + 8 + 8 + 1 + 20 + 16;

/** The connection IDs we issued for one path ID, by which the peer reaches us. */
export class LocalIds implements FrameOwner {
  /** How many IDs must be told. */
  pendingCount = 0;
  readonly #pathId: number;
  readonly #issuer: IdIssuer;
  /** A new array at every change: an array that grows takes room for sixteen. */
  #entries: readonly Entry[] = [];
  #nextSequence = 0;
  /** The first number that the peer was never told. */
  #untold = 0;
  #limit = 0;
  /** IDs with lower numbers are to be retired by the peer. */
  #retireBefore = 0;
  #isClosed = false;
  /** The path ID that frames carry, -1 while multipath is not agreed on. */
  #wireId = -1;

  constructor(pathId: number, issuer: IdIssuer) {
    this.#pathId = pathId;
    this.#issuer = issuer;
  }

  /** From now on frames carry the path ID. */
  namePath(): void {
    this.#wireId = this.#pathId;
  }

  /** The sequence number the next ID would get. */
  get nextSequence(): number {
    return this.#nextSequence;
  }

  /** Whether any ID was issued. */
  get issued(): boolean {
    return this.#nextSequence > 0;
  }

  /** Notes an ID the peer knows already: the one of the handshake, or the preferred address's. */
  adopt(id: ConnectionId): void {
    this.#add(id, false);
    this.#untold = this.#nextSequence;
  }

  /** Issues as many IDs as the peer keeps (its active_connection_id_limit). */
  fill(limit: number): void {
    if (this.#isClosed) return;
    this.#limit = Math.min(limit, MAX_IDS_OF_PATH);
    // RFC 9000, Section 5.1.1: those that the same frames retire may exceed what the peer keeps.
    const kept = this.#entries.filter(({ sequence }) => sequence >= this.#retireBefore);
    for (let count = kept.length; count < this.#limit; count++) {
      this.#add(this.#issuer.issue(this.#pathId), true);
      this.pendingCount++;
    }
  }

  /** Has the peer retire all IDs that it knows, and gives it others (RFC 9000, Section 5.1.2). */
  renew(): void {
    if (this.#isClosed) return;
    this.#retireBefore = this.#nextSequence;
    if (this.#limit > 0) this.fill(this.#limit);
  }

  #add(id: ConnectionId, pending: boolean): void {
    this.#entries = this.#entries.concat({ id, sequence: this.#nextSequence++, pending });
  }

  /**
   * The peer retires an ID; it gets another.
   *
   * @param usedId The destination ID of the packet that says so.
   * @throws {TransportError} If it was never told, or carried this very frame.
   */
  onRetire(sequence: number, usedId: Uint8Array): void {
    // A peer that could retire IDs it was never told of would make us issue IDs without end.
    if (sequence >= this.#untold) {
      throw violation(`connection ID ${sequence} of path ${this.#pathId} was never told`);
    }
    const index = this.#entries.findIndex((entry) => entry.sequence === sequence);
    if (index < 0) return; // retired before
    const entry = this.#entries[index]!;
    // RFC 9000, Section 19.16: the packet must not be addressed to the ID it retires.
    if (entry.id.matches(usedId, 0, usedId.length)) {
      throw violation(`connection ID ${sequence} of path ${this.#pathId} is in use`);
    }
    this.#entries = this.#entries.toSpliced(index, 1);
    if (entry.pending) this.pendingCount--;
    this.#issuer.release(entry.id);
    if (this.#limit > 0) this.fill(this.#limit);
  }

  /** No more IDs are told; those known stay until {@linkcode release}. */
  close(): void {
    this.#isClosed = true;
    this.pendingCount = 0;
    for (const entry of this.#entries) entry.pending = false;
  }

  /** All IDs lead nowhere from now on. */
  release(): void {
    this.close();
    for (const entry of this.#entries) this.#issuer.release(entry.id);
    this.#entries = [];
  }

  /** Writes NEW_CONNECTION_ID or PATH_NEW_CONNECTION_ID frames, as many as fit. */
  writeFrames(sink: FrameSink): void {
    if (this.pendingCount === 0) return;
    for (const entry of this.#entries) {
      if (!entry.pending) continue;
      if (sink.room < LARGEST_FRAME) return;
      const { sequence, id } = entry;
      const token = this.#issuer.resetToken(id);
      // RFC 9000, Section 19.15: no frame retires beyond its own number.
      const retire = Math.min(sequence, this.#retireBefore);
      writeNewConnectionId(sink.writer, this.#wireId, sequence, retire, id.bytes, token);
      sink.record(this, NEW_CONNECTION_ID, sequence, 0);
      entry.pending = false;
      this.pendingCount--;
      this.#untold = Math.max(this.#untold, sequence + 1);
    }
  }

  onFrameAcked(_frame: SentFrame): void {}

  onFrameLost(frame: SentFrame): void {
    if (this.#isClosed) return;
    const entry = this.#entries.find((candidate) => candidate.sequence === frame.start);
    if (entry === undefined || entry.pending) return;
    entry.pending = true;
    this.pendingCount++;
  }
}

function violation(why: string): TransportError {
  return new TransportError(ErrorCode.ProtocolViolation, `Cannot retire a connection ID: ${why}`);
}
