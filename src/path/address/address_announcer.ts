// Tells a client the further addresses of the server.

import { parseIpAddress } from "../../bytes/ip_address.ts";
import {
  addressSize,
  ALTERNATIVE_ADDRESS,
  REMOVE_ADDRESS,
  removeAddressSize,
  writeAddAddress,
  writeAlternativeAddress,
  writeRemoveAddress,
} from "../../frame/address.ts";
import type { FrameOwner, FrameSink, SentFrame } from "../../frame/sent_frame.ts";
import { type Address, formatAddress } from "./address.ts";

/** The extension by which a client wants to learn addresses. */
export type AnnouncementKind = "alternative" | "added" | "none";

/** An address and what must be told of it. */
interface Entry {
  readonly ip: Uint8Array;
  readonly port: number;
  /** Of ALTERNATIVE_ADDRESS: counts the news of this address. */
  status: number;
  /** Of ADD_ADDRESS: names this address. */
  id: number;
  present: boolean;
  pending: boolean;
}

/**
 * Tells a client at which further addresses the server can be reached, and which are gone:
 * ALTERNATIVE_ADDRESS, or ADD_ADDRESS and REMOVE_ADDRESS, whichever the client understands.
 */
export class AddressAnnouncer implements FrameOwner {
  #kind: AnnouncementKind = "none";
  #limit = Infinity;
  readonly #entries = new Map<string, Entry>();
  /** Numbers of addresses that are gone, until the client knows, and whether that must be told. */
  readonly #gone = new Map<number, boolean>();
  #nextId = 0;
  #pendingCount = 0;

  /** @param limit How many addresses the client keeps. */
  start(kind: AnnouncementKind, limit: number): void {
    this.#kind = kind;
    this.#limit = limit;
  }

  /** Whether frames wait. */
  get pending(): boolean {
    return this.#kind !== "none" && this.#pendingCount > 0;
  }

  /** Sets the addresses that stand now; what changed is told. */
  set(addresses: readonly Address[]): void {
    const wanted = new Set<string>();
    for (const address of addresses) {
      const ip = parseIpAddress(address.hostname);
      if (ip === undefined || wanted.size >= this.#limit) continue;
      const key = formatAddress(address);
      wanted.add(key);
      const entry = this.#entries.get(key);
      if (entry === undefined) this.#add(key, ip, address.port);
      else if (!entry.present) this.#change(entry, true);
    }
    for (const [key, entry] of this.#entries) {
      if (entry.present && !wanted.has(key)) this.#change(entry, false);
    }
  }

  #add(key: string, ip: Uint8Array, port: number): void {
    const entry = { ip, port, status: 0, id: this.#nextId++, present: true, pending: true };
    this.#entries.set(key, entry);
    this.#pendingCount++;
  }

  #change(entry: Entry, present: boolean): void {
    entry.present = present;
    entry.status++;
    // A number names an address once: one that comes back gets another, and the client has to hear
    // that the old number is gone all the same.
    if (present) entry.id = this.#nextId++;
    else if (this.#kind === "added") this.#tellGone(entry.id);
    const isDue = present || this.#kind !== "added";
    if (entry.pending !== isDue) this.#pendingCount += isDue ? 1 : -1;
    entry.pending = isDue;
  }

  #tellGone(id: number): void {
    if (!this.#gone.get(id)) this.#pendingCount++;
    this.#gone.set(id, true);
  }

  /** Writes what is due, as far as it fits. */
  writeFrames(sink: FrameSink): void {
    if (!this.pending) return;
    for (const [id, isPending] of this.#gone) {
      if (!isPending) continue;
      if (sink.room < removeAddressSize(id)) return;
      writeRemoveAddress(sink.writer, id);
      sink.record(this, REMOVE_ADDRESS, id, 0);
      this.#gone.set(id, false);
      this.#pendingCount--;
    }
    for (const entry of this.#entries.values()) {
      if (!entry.pending) continue;
      if (!this.#write(sink, entry)) return;
      entry.pending = false;
      this.#pendingCount--;
    }
  }

  #write(sink: FrameSink, entry: Entry): boolean {
    const { ip, port, status, id, present } = entry;
    if (this.#kind === "alternative") {
      if (sink.room < 1 + addressSize(status, ip)) return false;
      writeAlternativeAddress(sink.writer, status, ip, port, false, !present);
    } else {
      if (!present) return true; // it was never told of
      if (sink.room < addressSize(id, ip)) return false;
      writeAddAddress(sink.writer, id, ip, port);
    }
    sink.record(this, ALTERNATIVE_ADDRESS, id, status);
    return true;
  }

  onFrameAcked({ kind, start }: SentFrame): void {
    if (kind !== REMOVE_ADDRESS) return;
    if (this.#gone.get(start)) this.#pendingCount--;
    this.#gone.delete(start);
  }

  /** The newest word on an address counts; an older one that was lost need not be repeated. */
  onFrameLost(frame: SentFrame): void {
    if (frame.kind === REMOVE_ADDRESS) {
      if (this.#gone.has(frame.start)) this.#tellGone(frame.start);
      return;
    }
    for (const entry of this.#entries.values()) {
      if (entry.id !== frame.start || entry.status !== frame.end || entry.pending) continue;
      entry.pending = true;
      this.#pendingCount++;
    }
  }
}
