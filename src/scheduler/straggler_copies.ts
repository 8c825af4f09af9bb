// Copies packets that another path would deliver sooner.

import { Readiness } from "./readiness.ts";
import { arrivalAt, rateOf, toleranceOf } from "./forecast.ts";
import type {
  FlightPacket,
  FlightPath,
  PacketCopy,
  Reinjection,
  ReinjectionContext,
  ReinjectionPolicy,
} from "./reinjection.ts";

/** The budget of copies: this part of all bytes sent, and this many datagrams in addition. */
const SHARE = 0.02;
const ALLOWANCE = 10;
/** The part by which a forecast may be too late. */
const UNSURE = 1 / 8;
/** In slow start a rate may be larger than measured by so much: the measure is a round trip old. */
const GROWTH = 1.75;

/**
 * Finds packets in flight on one path that another path would deliver sooner. It is asked when
 * nothing else can be sent: at the end of a transfer or of a message.
 *
 * The end is not reached sooner unless every straggler is copied, so there are no copies while the
 * budget does not suffice for all of them.
 */
class StragglerCopies implements Reinjection {
  /** When something under way will be late, and a copy may be worth sending. */
  deadline = Infinity;
  /** Bytes copied so far. */
  #copied = 0;
  #answer: PacketCopy | undefined = undefined;
  /** The oldest straggler found so far, and the bytes of all. */
  #first: FlightPacket | undefined = undefined;
  #from: FlightPath | undefined = undefined;
  #number = 0;
  #bytes = 0;

  next(paths: readonly FlightPath[], context: ReinjectionContext): PacketCopy | undefined {
    const { now } = context;
    this.deadline = Infinity;
    const best = this.#choose(paths, now);
    if (best === undefined) return undefined;
    const found = this.#findFor(best, paths, context);
    if (found !== undefined) return found;
    // What is under way on the best path itself can only go by another.
    for (const path of paths) {
      if (path === best || !isTarget(path, now)) continue;
      const other = this.#findFor(path, paths, context);
      if (other !== undefined) return other;
    }
    return undefined;
  }

  /** The first straggler that this path would bring across sooner. */
  #findFor(
    target: FlightPath,
    paths: readonly FlightPath[],
    context: ReinjectionContext,
  ): PacketCopy | undefined {
    this.#first = this.#from = undefined;
    this.#bytes = 0;
    const arrival = arrivalAt(target, 0, context.now);
    for (const path of paths) {
      if (path === target || path.unanswered === 0) continue;
      if (path.readiness >= Readiness.Opening) this.#collect(path, target, arrival, context);
    }
    return this.#take(target, paths);
  }

  /** The packet that was found, unless there is no budget for all of them. */
  #take(target: FlightPath, paths: readonly FlightPath[]): PacketCopy | undefined {
    const [first, from, number] = [this.#first, this.#from, this.#number];
    if (first === undefined || from === undefined) return undefined;
    if (this.#bytes > this.#budget(target, paths)) return undefined;
    this.#copied += first.size;
    const answer = this.#answer ??= { from, number, to: target };
    answer.from = from;
    answer.number = number;
    answer.to = target;
    return answer;
  }

  /** The healthy path with room on which a datagram arrives first. */
  #choose(paths: readonly FlightPath[], now: number): FlightPath | undefined {
    let best: FlightPath | undefined;
    let earliest = Infinity;
    for (const path of paths) {
      if (!isTarget(path, now)) continue;
      const arrival = arrivalAt(path, path.maxDatagramSize, now);
      if (arrival >= earliest) continue;
      best = path;
      earliest = arrival;
    }
    return best;
  }

  /** Sums up what a path carries that the target would deliver sooner. */
  #collect(
    path: FlightPath,
    target: FlightPath,
    arrival: number,
    context: ReinjectionContext,
  ): void {
    const { now } = context;
    const sent = path.packets;
    const answer = path.nextAckAt;
    let ahead = 0;
    for (let number = sent.first; number < sent.next; number++) {
      const packet = sent.get(number);
      if (packet === undefined || !packet.isOutstanding) continue;
      ahead += packet.size;
      if (!context.isCopyable(path, number)) continue;
      const late = lateAt(packet, path, answer, now);
      const copy = arrival + (this.#bytes + packet.size) / rateOf(target);
      const due = isDoubtful(packet, path, context)
        ? resentAt(packet, path, now)
        : dueAt(packet, path, target, late, ahead, now);
      if (copy < due) {
        this.#bytes += packet.size;
        if (this.#first === undefined || packet.timeSent < this.#first.timeSent) {
          this.#first = packet;
          this.#from = path;
          this.#number = number;
        }
      } else if (late > now && late < this.deadline) {
        this.deadline = late;
      }
    }
  }

  #budget(target: FlightPath, paths: readonly FlightPath[]): number {
    let sent = 0;
    for (const path of paths) sent += path.bytesSent;
    return SHARE * sent + ALLOWANCE * target.maxDatagramSize - this.#copied;
  }
}

/**
 * Copies packets in flight that another path would deliver sooner, at the end of a transfer or of a
 * message, within a budget of two per cent.
 *
 * @category Schedulers
 */
export const stragglerCopies: ReinjectionPolicy = {
  forConnection: () => new StragglerCopies(),
};

/**
 * Whether the arrival of a packet cannot be forecast: it left before a burst of losses was seen, or
 * the rate of its path is unknown and the window of the peer waits for it.
 */
function isDoubtful(
  packet: FlightPacket,
  path: FlightPath,
  { stalled }: ReinjectionContext,
): boolean {
  if (packet.timeSent < path.burstLossAt) return true;
  return stalled && path.deliveryRate === 0;
}

/**
 * Whether a copy may leave on the path now. Backups carry no copies; and where an answer is late, a
 * copy would only delay the probe timeout that shows what is wrong.
 */
function isTarget(path: FlightPath, now: number): boolean {
  return path.readiness >= Readiness.Healthy && path.room > 0 && path.status === "available" &&
    now < path.nextAckAt + toleranceOf(path);
}

/**
 * When a packet without an acknowledgement is late. On a path that the peer asks to avoid it is at
 * once: the peer may have found it broken, and would not see what is under way there.
 *
 * @param answer When the next acknowledgement is due, as the peer may hold that of a lone packet back.
 */
function lateAt(packet: FlightPacket, path: FlightPath, answer: number, now: number): number {
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
  packet: FlightPacket,
  path: FlightPath,
  target: FlightPath,
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
function resentAt(packet: FlightPacket, path: FlightPath, now: number): number {
  return Math.max(now, packet.timeSent + path.probeTimeout) + path.smoothedRtt / 2;
}

/** The rate at which a path delivers what is under way, in bytes per millisecond. */
function likelyRate(path: FlightPath): number {
  const rate = rateOf(path);
  if (!path.inSlowStart) return rate;
  const allowed = path.congestionWindow / path.smoothedRtt;
  return Math.max(rate, Math.min(GROWTH * path.deliveryRate, allowed));
}
