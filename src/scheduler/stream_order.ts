// The orders in which streams are served.

/**
 * What a stream order and a path scheduler see of a stream that has something to send.
 *
 * @category Schedulers
 */
export interface StreamView {
  /** The stream's ID (RFC 9000, Section 2.1). */
  readonly id: number;
  /** Higher goes first; 0 unless the application says otherwise. */
  readonly sendOrder: number;
  /** 0 (most urgent) to 7; 3 unless the application says otherwise (RFC 9218, Section 4.1). */
  readonly urgency: number;
  /** Whether the stream's parts are of use before it is complete (RFC 9218, Section 4.2). */
  readonly incremental: boolean;
  /** Bytes that were sent, the repeated ones counted once. */
  readonly bytesSent?: number;
  /** Bytes written that were never sent. */
  readonly bytesQueued: number;
  /** Bytes that must be sent again. */
  readonly bytesLost: number;
  /** Fresh bytes that the peer's window for the stream still allows. */
  readonly credit: number;
  /** Whether more is sure to follow: the application has more to write than it was let. */
  readonly growing: boolean;
  /** Bytes that the application has announced and not written yet; 0 if it announced none. */
  readonly bytesToCome?: number;
  /** The stream that goes before this one, in orders such as `strictPriorityOrder`. */
  readonly dependsOn?: StreamView | undefined;
  /** When it was served last: streams with a lower turn have waited longer. */
  readonly turn: number;
}

/**
 * Compares two streams: negative if `a` is to be sent first, positive if `b` is, 0 if it does not
 * matter (then the lower ID goes first).
 *
 * It is asked again about a stream whenever that stream was served, so it may look at everything
 * in the view.
 *
 * @example Small streams first
 * ```ts
 * import type { StreamOrder } from "@mpquic/mpquic";
 *
 * const shortestFirst: StreamOrder = (a, b) => a.bytesQueued - b.bytesQueued;
 * const small = {
 *   id: 4,
 *   sendOrder: 0,
 *   urgency: 3,
 *   incremental: false,
 *   bytesQueued: 10,
 *   bytesLost: 0,
 *   credit: 1_000,
 *   growing: false,
 *   turn: 0,
 * };
 * console.log(shortestFirst(small, { ...small, id: 0, bytesQueued: 99 }) < 0); // true
 * ```
 *
 * @category Schedulers
 */
export type StreamOrder = (a: StreamView, b: StreamView) => number;

/**
 * Serves streams in turn, a packet each.
 *
 * @param a A stream with something to send.
 * @param b Another one.
 * @returns Negative if `a` has waited longer.
 *
 * @example
 * ```ts
 * import { roundRobinOrder } from "@mpquic/mpquic";
 *
 * const a = {
 *   id: 0,
 *   sendOrder: 0,
 *   urgency: 3,
 *   incremental: false,
 *   bytesQueued: 9,
 *   bytesLost: 0,
 *   credit: 1_000,
 *   growing: false,
 *   turn: 7,
 * };
 * console.log(roundRobinOrder(a, { ...a, id: 4, turn: 6 }) > 0); // true
 * ```
 *
 * @category Schedulers
 */
export function roundRobinOrder(a: StreamView, b: StreamView): number {
  return a.turn - b.turn;
}

/**
 * Serves the streams of the highest `sendOrder`; those of equal `sendOrder` share alike.
 *
 * @param a A stream with something to send.
 * @param b Another one.
 * @returns Negative if `a` is to be sent first.
 *
 * @example
 * ```ts
 * import { priorityOrder } from "@mpquic/mpquic";
 *
 * const a = {
 *   id: 0,
 *   sendOrder: 0,
 *   urgency: 3,
 *   incremental: false,
 *   bytesQueued: 9,
 *   bytesLost: 0,
 *   credit: 1_000,
 *   growing: false,
 *   turn: 0,
 * };
 * console.log(priorityOrder(a, { ...a, id: 4, sendOrder: 10 }) > 0); // true
 * ```
 *
 * @category Schedulers
 */
export function priorityOrder(a: StreamView, b: StreamView): number {
  return b.sendOrder - a.sendOrder || a.turn - b.turn;
}

/**
 * Serves one stream after the other, by `sendOrder`, then by ID. A stream that depends on another
 * goes right behind that one, with all that depend on itself; its `sendOrder` only counts among those
 * that depend on the same. A stream that has nothing to send for the moment holds up no other.
 *
 * @param a A stream with something to send.
 * @param b Another one.
 * @returns Negative if `a` is to be sent first.
 *
 * @example
 * ```ts
 * import { strictPriorityOrder } from "@mpquic/mpquic";
 *
 * const a = {
 *   id: 0,
 *   sendOrder: 0,
 *   urgency: 3,
 *   incremental: false,
 *   bytesQueued: 9,
 *   bytesLost: 0,
 *   credit: 1_000,
 *   growing: false,
 *   turn: 8,
 * };
 * console.log(strictPriorityOrder(a, { ...a, id: 4, turn: 0 }) < 0); // true
 * console.log(strictPriorityOrder(a, { ...a, id: 8, sendOrder: 9, dependsOn: a }) < 0); // true
 * ```
 *
 * @category Schedulers
 */
export function strictPriorityOrder(a: StreamView, b: StreamView): number {
  if (a.dependsOn === undefined && b.dependsOn === undefined) {
    return b.sendOrder - a.sendOrder || a.id - b.id;
  }
  let depthOfA = depthOf(a);
  let depthOfB = depthOf(b);
  let x = a;
  let y = b;
  const deeper = depthOfA - depthOfB;
  for (; depthOfA > depthOfB; depthOfA--) x = x.dependsOn!;
  for (; depthOfB > depthOfA; depthOfB--) y = y.dependsOn!;
  // One stands above the other.
  if (x.id === y.id) return deeper;
  while (x.dependsOn?.id !== y.dependsOn?.id) {
    x = x.dependsOn!;
    y = y.dependsOn!;
  }
  return y.sendOrder - x.sendOrder || x.id - y.id;
}

/** How many streams a stream depends on, one by the other. */
function depthOf(stream: StreamView): number {
  let depth = 0;
  for (let above = stream.dependsOn; above !== undefined; above = above.dependsOn) depth++;
  return depth;
}

/**
 * Serves streams as HTTP's priorities ask (RFC 9218, Section 10): the most urgent first; among
 * equals those that are not incremental one after the other, then the incremental ones in turn.
 *
 * @param a A stream with something to send.
 * @param b Another one.
 * @returns Negative if `a` is to be sent first.
 *
 * @example
 * ```ts
 * import { urgencyOrder } from "@mpquic/mpquic";
 *
 * const a = {
 *   id: 4,
 *   sendOrder: 0,
 *   urgency: 3,
 *   incremental: false,
 *   bytesQueued: 9,
 *   bytesLost: 0,
 *   credit: 1_000,
 *   growing: false,
 *   turn: 0,
 * };
 * console.log(urgencyOrder(a, { ...a, id: 8, urgency: 1 }) > 0); // true
 * console.log(urgencyOrder(a, { ...a, id: 0, incremental: true }) < 0); // true
 * ```
 *
 * @category Schedulers
 */
export function urgencyOrder(a: StreamView, b: StreamView): number {
  if (a.urgency !== b.urgency) return a.urgency - b.urgency;
  if (a.incremental !== b.incremental) return a.incremental ? 1 : -1;
  return a.incremental ? a.turn - b.turn : a.id - b.id;
}
