// Counts the bytes that must leave before each stream is done, for schedulers that plan ahead.

import type { StreamOrder, StreamView } from "./stream_order.ts";

/** Streams that take turns are compared with at most this many others. */
const MAX_SHARING = 32;
/** Approximate bytes that a stream sends in one turn. */
const QUANTUM = 1_200;

/** What counts as the end of a stream that still grows. */
export const GrowthCounts = {
  /** The bytes queued now. */
  AsReady: 0,
  /**
   * The bytes queued now and as many as were sent already: a stream of unknown length is expected
   * to last as long again.
   */
  AsLong: 1,
} as const;
/** One of the values of {@linkcode GrowthCounts}. */
export type GrowthCounts = (typeof GrowthCounts)[keyof typeof GrowthCounts];

/** Bytes of a stream that can be sent now. */
export function readyOf(stream: StreamView): number {
  return stream.bytesLost + Math.min(stream.bytesQueued, stream.credit);
}

/** Bytes of a stream that must leave before it is done. */
export function pendingOf(stream: StreamView, growth: GrowthCounts): number {
  const ready = readyOf(stream);
  if (growth === GrowthCounts.AsReady) return ready;
  const { bytesToCome = 0 } = stream;
  if (!stream.growing) return ready + bytesToCome;
  return stream.bytesSent === undefined ? Infinity : ready + stream.bytesSent;
}

/**
 * The first stream that needs more than `capacity` bytes to be sent before it is done: its own,
 * those of the streams before it, and what streams that take turns with it send meanwhile.
 *
 * The loops end with the first such stream, so they see no more of a long list than fits.
 *
 * @returns Its index; -1 if all are done with less.
 */
export function firstBeyond(
  streams: readonly StreamView[],
  order: StreamOrder,
  capacity: number,
  growth: GrowthCounts,
): number {
  let ahead = 0;
  for (let start = 0; start < streams.length;) {
    const end = groupEnd(streams, order, start);
    let sum = 0;
    for (let i = start; i < end; i++) sum += pendingOf(streams[i]!, growth);
    if (ahead + sum > capacity) {
      for (let i = start; i < end; i++) {
        if (ahead + bytesInGroup(streams, start, end, i, growth) > capacity) return i;
      }
    }
    ahead += sum;
    start = end;
  }
  return -1;
}

/** Bytes that a group of streams that share alike sends until stream `index` of it is done. */
export function bytesInGroup(
  streams: readonly StreamView[],
  start: number,
  end: number,
  index: number,
  growth: GrowthCounts,
): number {
  const mine = pendingOf(streams[index]!, growth);
  // Each of the others gets as much as this stream, but for the last turn.
  const share = Math.max(0, mine - QUANTUM);
  let sum = mine;
  for (let i = start; i < end; i++) {
    if (i !== index) sum += Math.min(pendingOf(streams[i]!, growth), share);
  }
  return sum;
}

/** Where the streams end that take turns with the one at `start`. */
export function groupEnd(
  streams: readonly StreamView[],
  order: StreamOrder,
  start: number,
): number {
  const first = streams[start]!;
  const limit = Math.min(streams.length, start + MAX_SHARING);
  let end = start + 1;
  while (end < limit && takeTurns(order, first, streams[end]!)) end++;
  return end;
}

/** Whether only turns decide the order of two streams. */
export function takeTurns(order: StreamOrder, a: StreamView, b: StreamView): boolean {
  left.copy(a);
  right.copy(b);
  left.turn = 0;
  right.turn = 1;
  const early = order(left, right);
  left.turn = 2;
  return (early < 0) !== (order(left, right) < 0);
}

/** A copy of a stream view whose turn can be changed, to test an order. */
class Probe implements StreamView {
  id = 0;
  sendOrder = 0;
  urgency = 3;
  incremental = false;
  bytesSent = 0;
  bytesQueued = 0;
  bytesLost = 0;
  credit = 0;
  growing = false;
  bytesToCome = 0;
  dependsOn: StreamView | undefined = undefined;
  turn = 0;

  copy(view: StreamView): void {
    this.id = view.id;
    this.sendOrder = view.sendOrder;
    this.urgency = view.urgency;
    this.incremental = view.incremental;
    this.bytesSent = view.bytesSent ?? Infinity;
    this.bytesQueued = view.bytesQueued;
    this.bytesLost = view.bytesLost;
    this.credit = view.credit;
    this.growing = view.growing;
    this.bytesToCome = view.bytesToCome ?? 0;
    this.dependsOn = view.dependsOn;
  }
}

const left = new Probe();
const right = new Probe();
