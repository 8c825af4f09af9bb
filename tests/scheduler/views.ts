import type { PathView, ScheduleContext } from "../../src/scheduler/scheduler.ts";
import { type StreamView, urgencyOrder } from "../../src/scheduler/stream_order.ts";

type Writable<T> = { -readonly [Key in keyof T]: T[Key] };

/**
 * A path of 12 000 bytes of window and 20 ms, idle, which has delivered that; `room` follows from the
 * rest.
 */
export function pathView(id: number, more: Partial<PathView> = {}): PathView {
  const smoothedRtt = more.smoothedRtt ?? 20;
  const view: Writable<PathView> = {
    id,
    status: "available",
    smoothedRtt,
    rttVariation: 0,
    minRtt: smoothedRtt,
    measured: true,
    room: 0,
    congestionWindow: 12_000,
    bytesInFlight: 0,
    inSlowStart: false,
    doubles: false,
    deliveryRate: (more.congestionWindow ?? 12_000) / smoothedRtt,
    maxDatagramSize: 1_200,
    lastSentAt: 0,
    nextSendAt: 0,
    nextAckAt: Infinity,
    owesAck: false,
    answeredBy: () => 0,
    ...more,
  };
  const left = view.congestionWindow - view.bytesInFlight;
  if (more.room === undefined) view.room = left >= view.maxDatagramSize ? left : 0;
  return view;
}

/** A stream of ordinary urgency with `bytes` fresh bytes, all of which may leave. */
export function streamView(id: number, bytes: number, more: Partial<StreamView> = {}): StreamView {
  return {
    id,
    sendOrder: 0,
    urgency: 3,
    incremental: false,
    bytesQueued: bytes,
    bytesLost: 0,
    credit: 1e9,
    growing: false,
    turn: 0,
    ...more,
  };
}

/** The beginning of time, plenty of credit, the order of RFC 9218. */
export function contextOf(more: Partial<ScheduleContext> = {}): ScheduleContext {
  return { now: 0, credit: 1e9, order: urgencyOrder, waiting: false, ...more };
}
