// Copies packets that another path would deliver sooner.

import { ErrorCode } from "../../error/error_code.ts";
import { TransportError } from "../../error/quic_error.ts";
import { bindingOf } from "../../path/address/binding.ts";
import type { Path } from "../../path/path.ts";
import type { PathSet } from "../../path/path_set.ts";
import { Fate, type SentPacket } from "../../recovery/sent_packet.ts";
import { isStreamFrame } from "./copy_queue.ts";
import { bindingOf } from "../../path/binding.ts";
import { SendHalf } from "../../stream/send_half.ts";
import { arrivalAt, rateOf, toleranceOf } from "../../scheduler/forecast.ts";

/** The budget of copies: this part of all bytes sent, and this many datagrams in addition. */
const SHARE = 0.02;
const ALLOWANCE = 10;
/** Most copies of one packet; the second only if the first was lost. */
const MAX_COPIES = 2;
/** The part by which a forecast may be too late. */
const UNSURE = 1 / 8;
/** In slow start a rate may be larger than measured by so much: the measure is a round trip old. */
const GROWTH = 2;

/**
 * Finds packets in flight on one path that another path would deliver sooner. It is asked when
 * nothing else can be sent: at the end of a transfer or of a message.
 *
 * The end is not reached sooner unless every straggler is copied, so there are no copies while the
 * budget does not suffice for all of them.
 */
export class Reinjector {
  /** When something under way will be late, and a copy may be worth sending. */
  deadline = Infinity;
  /** Bytes copied so far. */
  copied = 0;
  readonly #paths: PathSet;
  /** The path for copies; at most one. Reused. */
  readonly #targets: Path[] = [];
  /** See {@linkcode next}. */
  #stalled = false;
  #first: SentPacket | undefined = undefined;
  #bytes = 0;

  constructor(paths: PathSet) {
    this.#paths = paths;
  }

  /** Where the packet goes that {@linkcode next} gave. */
  get targets(): readonly Path[] {
    return this.#targets;
  }

  /**
   * A packet to copy, each once, oldest first.
   *
   * @param stalled Whether there is more to send, for which the peer gives no credit until what is
   * under way has arrived.
   */
  next(stalled: boolean, now: number): SentPacket | undefined {
    this.deadline = Infinity;
    this.#stalled = stalled;
    const { paths } = this.#paths;
    if (paths.length < 2) return undefined;
    const best = this.#choose(paths, now);
    if (best === undefined) return undefined;
    const found = this.#findFor(best, paths, now);
    if (found !== undefined) return found;
    // What is under way on the best path itself can only go by another.
    for (const path of paths) {
      if (path === best || !isTarget(path, now)) continue;
      const other = this.#findFor(path, paths, now);
      if (other !== undefined) return other;
    }
    return undefined;
  }

  /** The first straggler that this path would bring across sooner. */
  #findFor(target: Path, paths: readonly Path[], now: number): SentPacket | undefined {
    this.#first = undefined;
    this.#bytes = 0;
    const arrival = arrivalAt(target, 0, now);
    for (const path of paths) {
      if (path !== target && path.live) this.#collect(path, target, arrival, now);
    }
    const first = this.#first as SentPacket | undefined;
    this.#targets[0] = target;
    if (first === undefined || this.#bytes > this.#budget(paths)) return undefined;
    first.copies++;
    this.copied += first.size;
    return first;
  }

  /** The healthy path with room on which a datagram arrives first. */
  #choose(paths: readonly Path[], now: number): Path | undefined {
    let best: Path | undefined;
    let earliest = Infinity;
    for (const path of paths) {
      path.refresh(now);
      if (!isTarget(path, now)) continue;
      const arrival = arrivalAt(path, path.maxDatagramSize, now);
      if (arrival >= earliest) continue;
      best = path;
      earliest = arrival;
    }
    return best;
  }

  /** Sums up what a path carries that the target would deliver sooner. */
  #collect(path: Path, target: Path, arrival: number, now: number): void {
    const { sent } = path.space;
    const answer = path.nextAckAt;
    let ahead = 0;
    for (let number = sent.first; number < sent.next; number++) {
      const packet = sent.get(number);
      if (packet?.fate === Fate.Outstanding) ahead += packet.size;
      if (packet === undefined || !isStraggler(packet)) continue;
      const late = lateAt(packet, path, answer, now);
      const copy = arrival + (this.#bytes + packet.size) / rateOf(target);
      const due = this.#isDoubtful(packet, path)
        ? resentAt(packet, path, now)
        : dueAt(packet, path, target, late, ahead, now);
      if (copy < due) {
        this.#bytes += packet.size;
        if (this.#first === undefined || packet.timeSent < this.#first.timeSent) {
          this.#first = packet;
        }
      } else if (late > now && late < this.deadline) {
        this.deadline = late;
      }
    }
  }

  /**
   * Whether the arrival of a packet cannot be forecast: it left before a burst of losses was seen,
   * or the rate of its path is unknown and the window of the peer waits for it.
   */
  #isDoubtful(packet: SentPacket, path: Path): boolean {
    if (packet.timeSent < path.current.burstLossAt) return true;
    return this.#stalled && path.deliveryRate === 0;
  }

  #budget(paths: readonly Path[]): number {
    let sent = 0;
    for (const path of paths) sent += path.current.bytesSent;
    return SHARE * sent + ALLOWANCE * this.#targets[0]!.maxDatagramSize - this.copied;
  }
}

/**
 * Whether a copy may leave on the path now. Backups carry no copies; and where an answer is late, a
 * copy would only delay the probe timeout that shows what is wrong.
 */
function isTarget(path: Path, now: number): boolean {
  return path.healthy && path.room > 0 && path.status === "available" &&
    now < path.nextAckAt + toleranceOf(path);
}

/**
 * Whether a packet with stream data is neither acknowledged nor lost, and has no copy in flight.
 */
function isStraggler(packet: SentPacket): boolean {
  if (packet.fate !== Fate.Outstanding || packet.requeued || packet.copies === MAX_COPIES) {
    return false;
  }
  for (const { owner, kind, start, end } of packet.frames) {
    if (!isStreamFrame(kind) || !(owner instanceof SendHalf)) continue;
    if (bindingOf(owner.bound) !== undefined) continue;
    if (packet.copies === 0 || owner.isInFlightOnce(start, end)) return true;
  }
  return false;
}

/**
 * When a packet without an acknowledgement is late. On a path that the peer asks to avoid it is at
 * once: the peer may have found it broken, and would not see what is under way there.
 *
 * @param answer When the next acknowledgement is due, as the peer may hold that of a lone packet back.
 */
function lateAt(packet: SentPacket, path: Path, answer: number, now: number): number {
  if (path.status === "backup") return now;
  return Math.max(packet.timeSent + path.smoothedRtt, answer) + toleranceOf(path);
}

/**
 * Until when a copy must have arrived to be of use: when the packet itself will, or would if it were
 * sent again by the path's probe timeout, less what either of that is uncertain by.
 *
 * @param late When it is late.
 * @param ahead Bytes that the path still has to deliver, up to and with the packet.
 */
function dueAt(
  packet: SentPacket,
  path: Path,
  target: Path,
  late: number,
  ahead: number,
  now: number,
): number {
  const margin = Math.max(target.rttVariation, 1);
  const unsure = Math.max(path.rttVariation, margin);
  if (now >= late) return resentAt(packet, path, now) - unsure;
  const half = path.minRtt / 2;
  const soonest = packet.timeSent + half - margin;
  if (path.deliveryRate === 0) {
    return Math.max(soonest, packet.timeSent + path.smoothedRtt - half - unsure);
  }
  // In a long queue it takes as long as what lies before it; acknowledgements are on their way back.
  const drained = ahead / likelyRate(path);
  const due = Math.max(soonest, now + drained - half - Math.max(margin, UNSURE * drained));
  // Where slow start has ended the queue is what it was, and the rate may be known too low as yet.
  return path.inSlowStart ? due : Math.min(due, late - half);
}

/** When a packet arrives that the path's probe timeout sends again. */
function resentAt(packet: SentPacket, path: Path, now: number): number {
  return Math.max(now, packet.timeSent + path.probeTimeout) + path.smoothedRtt / 2;
}

/** The rate at which a path delivers what is under way, in bytes per millisecond. */
function likelyRate(path: Path): number {
  const rate = rateOf(path);
  if (!path.inSlowStart) return rate;
  const allowed = path.congestionWindow / path.smoothedRtt;
  return Math.max(rate, Math.min(GROWTH * path.deliveryRate, allowed));
}
