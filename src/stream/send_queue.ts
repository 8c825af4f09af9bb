// The streams that have something to send, the most urgent first.

import { SmallSet } from "../bytes/small_set.ts";
import type { StreamOrder, StreamView } from "../scheduler/stream_order.ts";
import type { SendHalf } from "./send_half.ts";
import type { SendLimit } from "./send_limit.ts";

/**
 * The streams that have something to send now, most urgent first.
 *
 * Two lists are kept in the same order: all of them, and those that can go on without connection
 * credit because something of them was lost. Running out of credit then just changes the list.
 *
 * @internal
 */
export class SendQueue {
  readonly #connection: SendLimit;
  readonly #all: SortedStreams;
  readonly #creditFree: SortedStreams;
  /** Streams that have more to send than their own credit allows, which is used up. */
  readonly #stalled = new Set<SendHalf>();
  /** Counts servings; see {@linkcode StreamView.turn}. */
  #clock = 0;

  constructor(connection: SendLimit, order: StreamOrder) {
    this.#connection = connection;
    this.#all = new SortedStreams(order);
    this.#creditFree = new SortedStreams(order);
  }

  /** What can be sent now, most urgent first; a live array. */
  get views(): readonly SendHalf[] {
    return this.#connection.room > 0 ? this.#all.list : this.#creditFree.list;
  }

  /** What the streams are sorted by. */
  get order(): StreamOrder {
    return this.#all.order;
  }

  /** Whether some stream has nothing but fresh bytes, which need connection credit. */
  get needsCredit(): boolean {
    return this.#all.list.length > this.#creditFree.list.length;
  }

  /** Whether some stream is blocked by its own credit, so that a path may be idle. */
  get stalled(): boolean {
    return this.#stalled.size > 0 || this.#connection.room <= 0 && this.needsCredit;
  }

  /** Sorts everything by another order from now on. */
  setOrder(order: StreamOrder): void {
    this.#all.setOrder(order);
    this.#creditFree.setOrder(order);
  }

  /** Adds the stream if it has something to send, and removes it otherwise. */
  update(half: SendHalf): void {
    const free = half.hasCreditFree;
    if (half.bytesQueued > 0 && half.credit <= 0) this.#stalled.add(half);
    else if (this.#stalled.size > 0) this.#stalled.delete(half);
    this.#creditFree.put(half, free);
    const pending = free || half.hasFresh;
    // A stream that is new takes its place behind those that wait already.
    if (pending && half.turn < 0) half.takeTurn(this.#clock);
    this.#all.put(half, pending);
  }

  /** Takes the stream out, whatever it has. */
  remove(half: SendHalf): void {
    this.#stalled.delete(half);
    this.#all.put(half, false);
    this.#creditFree.put(half, false);
  }

  /** Finds the stream's place again after one of its keys has changed. */
  reposition(half: SendHalf): void {
    // Those that depend on it move as well.
    if (half.hasDependents) return this.setOrder(this.order);
    this.#all.reposition(half);
    this.#creditFree.reposition(half);
  }

  /** Notes that the stream got its share of a packet. */
  onServed(half: SendHalf): void {
    half.takeTurn(++this.#clock);
    this.#all.reposition(half);
    this.#creditFree.reposition(half);
  }
}

/** Streams in order, found again by identity, as their keys may have changed meanwhile. */
class SortedStreams {
  readonly list: SendHalf[] = [];
  order: StreamOrder;
  readonly #members = new SmallSet<SendHalf>();

  constructor(order: StreamOrder) {
    this.order = order;
  }

  setOrder(order: StreamOrder): void {
    this.order = order;
    this.list.sort((a, b) => this.#compare(a, b));
  }

  put(half: SendHalf, wanted: boolean): void {
    if (this.#has(half) === wanted) return;
    if (wanted) {
      this.#members.add(half);
      this.#insert(half);
    } else {
      this.#members.delete(half);
      this.list.splice(this.list.indexOf(half), 1);
    }
  }

  reposition(half: SendHalf): void {
    const { list } = this;
    if (list.length < 2 || !this.#members.has(half)) return;
    const at = list.indexOf(half);
    const next = list[at + 1];
    const previous = list[at - 1];
    const fits = (!previous || this.#compare(previous, half) <= 0) &&
      (!next || this.#compare(half, next) <= 0);
    if (fits) return;
    list.splice(at, 1);
    this.#insert(half);
  }

  /** Most lists are empty or have one stream: then there is nothing to look up. */
  #has(half: SendHalf): boolean {
    const { list } = this;
    if (list.length === 0) return false;
    return list[0] === half || list.length > 1 && this.#members.has(half);
  }

  #insert(half: SendHalf): void {
    const { list } = this;
    let low = 0;
    let high = list.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.#compare(list[middle]!, half) <= 0) low = middle + 1;
      else high = middle;
    }
    list.splice(low, 0, half);
  }

  #compare(a: StreamView, b: StreamView): number {
    return this.order(a, b) || a.id - b.id;
  }
}
