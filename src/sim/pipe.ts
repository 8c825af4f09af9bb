// One direction of a link: queue, rate, delay, loss.

import { Ecn } from "../bytes/ecn.ts";
import type { EventQueue, SimEvent } from "./event_queue.ts";
import type { SeededRandom } from "./seeded_random.ts";

/** How one direction of a link behaves. Probabilities are from 0 to 1, times in milliseconds. */
export interface PipeOptions {
  /** Bits per second, IP header included; `Infinity` for no serialiser. */
  rate: number;
  /** One-way delay. */
  delay: number;
  /** Bytes that may wait; the packet being sent is not among them. */
  queue: number;
  /**
   * Bytes that wait from which on a packet that is ECN-capable is marked as congested (RFC 3168);
   * `Infinity` for a router that marks none.
   */
  markFrom: number;
  /** What the link makes of the ECN mark of each packet, as broken routers do. */
  remark: ((mark: Ecn) => Ecn) | undefined;
  /** Largest IP packet; larger ones vanish. */
  mtu: number;
  /** Probability that a packet is lost after it has used the link. */
  loss: number;
  /** Loss in bursts (Gilbert-Elliott), on top of `loss`. */
  burst: BurstLoss | undefined;
  /** Probability that a packet is held back `reorderDelay` longer than the others. */
  reorder: number;
  /** How much longer. */
  reorderDelay: number;
  /** Probability that a packet arrives twice. */
  duplicate: number;
  /** Probability that one bit of the payload is flipped. */
  corrupt: number;
  /** Delay varies evenly by this much up and down. */
  jitter: number;
  /** Whether jitter keeps the order. */
  keepOrder: boolean;
}

/** A link that is now good, now bad; the state moves once per packet. */
export interface BurstLoss {
  /** Probability that a good link turns bad. */
  readonly toBad: number;
  /** Probability that a bad link turns good. */
  readonly toGood: number;
  /** Probability that a good link loses a packet. */
  readonly lossInGood: number;
  /** Probability that a bad link loses a packet. */
  readonly lossInBad: number;
}

/** What travels: one UDP datagram and what it costs on the wire. */
export interface Flight {
  /** The UDP payload. */
  readonly data: Uint8Array<ArrayBuffer>;
  /** Payload, UDP and IP header. */
  readonly wireSize: number;
  /** The ECN mark, which routers change. */
  mark: Ecn;
  /** Makes a flight with the same addresses and another payload. */
  withData(data: Uint8Array<ArrayBuffer>): Flight;
}

/** Why a packet did not come out at the other end. */
export type DropCause = "queue" | "loss" | "outage" | "mtu";

/** What a pipe did so far. */
export interface PipeCounters {
  /** Packets that came in. */
  offered: number;
  /** Packets that came out. */
  delivered: number;
  /** Bytes that came out, headers included. */
  deliveredBytes: number;
  /** Packets that came out twice. */
  duplicated: number;
  /** Packets that came out with a bit flipped. */
  corrupted: number;
  /** Packets that were held back. */
  reordered: number;
  /** Marked as congested. */
  marked: number;
  /** Packets that did not come out, by cause. */
  readonly dropped: Record<DropCause, number>;
}

/** What a pipe without wishes does: nothing but hand on. */
export const TRANSPARENT: Readonly<PipeOptions> = {
  rate: Infinity,
  delay: 0,
  queue: Infinity,
  markFrom: Infinity,
  remark: undefined,
  mtu: 1500,
  loss: 0,
  burst: undefined,
  reorder: 0,
  reorderDelay: 10,
  duplicate: 0,
  corrupt: 0,
  jitter: 0,
  keepOrder: true,
};

/**
 * One direction of a link: drop-tail queue, serialiser, chance, delay line.
 * Options may be changed while it runs; packets already flying keep the delay they left with.
 */
export class Pipe {
  /** How it behaves; may be changed at any time. */
  readonly options: PipeOptions;
  /** What it did so far. */
  readonly counters: PipeCounters = {
    offered: 0,
    delivered: 0,
    deliveredBytes: 0,
    duplicated: 0,
    corrupted: 0,
    reordered: 0,
    marked: 0,
    dropped: { queue: 0, loss: 0, outage: 0, mtu: 0 },
  };
  #onDelivery: (flight: Flight) => void = () => {};
  #onDrop: (flight: Flight, cause: DropCause) => void = () => {};
  readonly #events: EventQueue;
  readonly #chance: Record<"loss" | "reorder" | "duplicate" | "corrupt" | "jitter", SeededRandom>;
  readonly #waiting: Flight[] = [];
  #waitingBytes = 0;
  #sending: Flight | undefined;
  #isDown = false;
  #isHeld = false;
  #isBad = false;
  /** Packets that left in an earlier epoch are lost on the way. */
  #epoch = 0;
  #lastArrival = 0;

  /** Makes a pipe; what is left out of the options does nothing to packets. */
  constructor(events: EventQueue, random: SeededRandom, options: Partial<PipeOptions> = {}) {
    this.#events = events;
    this.options = { ...TRANSPARENT, ...options };
    // A stream each, so that more loss does not change which packets are reordered.
    this.#chance = {
      loss: random.fork("loss"),
      reorder: random.fork("reorder"),
      duplicate: random.fork("duplicate"),
      corrupt: random.fork("corrupt"),
      jitter: random.fork("jitter"),
    };
  }

  /**
   * Joins the pipe to what is behind it.
   *
   * @param onDelivery Where packets come out.
   * @param onDrop Hears of every packet that does not come out.
   */
  join(
    onDelivery: (flight: Flight) => void,
    onDrop: (flight: Flight, cause: DropCause) => void = () => {},
  ): void {
    this.#onDelivery = onDelivery;
    this.#onDrop = onDrop;
  }

  /** Whether it is cut. */
  get isDown(): boolean {
    return this.#isDown;
  }

  /** Bytes that wait now, without the packet being sent. */
  get waitingBytes(): number {
    return this.#waitingBytes;
  }

  /** Silent cut: what waits and what flies is lost, and so is what comes. */
  down(): void {
    if (this.#isDown) return;
    this.#isDown = true;
    this.#epoch++;
    for (const flight of this.#waiting) this.#drop(flight, "outage");
    this.#waiting.length = 0;
    this.#waitingBytes = 0;
  }

  /** Joins it again. */
  up(): void {
    this.#isDown = false;
  }

  /** Stops sending without losing anything but what does not fit the queue. */
  hold(): void {
    this.#isHeld = true;
  }

  /** Goes on sending. */
  release(): void {
    this.#isHeld = false;
    this.#sendNext();
  }

  /** Takes a packet in. */
  push(flight: Flight): void {
    this.counters.offered++;
    if (this.#isDown) return this.#drop(flight, "outage");
    const { remark } = this.options;
    if (remark !== undefined) flight.mark = remark(flight.mark);
    if (flight.wireSize > this.options.mtu) return this.#drop(flight, "mtu");
    if (!this.#sending && !this.#isHeld) return this.#send(flight);
    if (this.#waitingBytes + flight.wireSize > this.options.queue) {
      return this.#drop(flight, "queue");
    }
    if (this.#waitingBytes >= this.options.markFrom) this.#mark(flight);
    this.#waiting.push(flight);
    this.#waitingBytes += flight.wireSize;
  }

  /** A packet that is not ECN-capable is left alone: the queue drops it when it is full. */
  #mark(flight: Flight): void {
    if (flight.mark === Ecn.NotEct) return;
    flight.mark = Ecn.Ce;
    this.counters.marked++;
  }

  #send(flight: Flight): void {
    const { rate } = this.options;
    if (rate === Infinity) return this.#depart(flight, this.#epoch);
    this.#sending = flight;
    const epoch = this.#epoch;
    const duration = flight.wireSize * 8000 / rate;
    this.#events.call(this.#events.now + duration, () => {
      this.#sending = undefined;
      this.#depart(flight, epoch);
      this.#sendNext();
    });
  }

  #sendNext(): void {
    while (!this.#sending && !this.#isHeld && this.#waiting.length > 0) {
      const flight = this.#waiting.shift()!;
      this.#waitingBytes -= flight.wireSize;
      this.#send(flight);
    }
  }

  #depart(flight: Flight, epoch: number): void {
    if (epoch !== this.#epoch) return this.#drop(flight, "outage");
    if (this.#isLost()) return this.#drop(flight, "loss");
    const { corrupt, duplicate } = this.options;
    if (this.#chance.corrupt.chance(corrupt) && flight.data.length > 0) {
      this.counters.corrupted++;
      flight = flight.withData(flipBit(flight.data, this.#chance.corrupt));
    }
    if (this.#chance.duplicate.chance(duplicate)) {
      this.counters.duplicated++;
      this.#fly(flight.withData(flight.data.slice()), epoch);
    }
    this.#fly(flight, epoch);
  }

  #isLost(): boolean {
    const { loss, burst } = this.options;
    const random = this.#chance.loss;
    if (burst) {
      this.#isBad = this.#isBad ? !random.chance(burst.toGood) : random.chance(burst.toBad);
      if (random.chance(this.#isBad ? burst.lossInBad : burst.lossInGood)) return true;
    }
    return random.chance(loss);
  }

  #fly(flight: Flight, epoch: number): void {
    const { delay, jitter, keepOrder, reorder, reorderDelay } = this.options;
    let arrival = this.#events.now + delay;
    if (jitter > 0) {
      arrival = Math.max(this.#events.now, arrival + this.#chance.jitter.between(-jitter, jitter));
      if (keepOrder) arrival = Math.max(arrival, this.#lastArrival);
    }
    this.#lastArrival = Math.max(this.#lastArrival, arrival);
    if (this.#chance.reorder.chance(reorder)) {
      this.counters.reordered++;
      arrival += reorderDelay;
    }
    this.#events.at(arrival, new Arrival(this, flight, epoch));
  }

  /** Called by the delay line. */
  arrive(flight: Flight, epoch: number): void {
    if (epoch !== this.#epoch) return this.#drop(flight, "outage");
    this.counters.delivered++;
    this.counters.deliveredBytes += flight.wireSize;
    this.#onDelivery(flight);
  }

  #drop(flight: Flight, cause: DropCause): void {
    this.counters.dropped[cause]++;
    this.#onDrop(flight, cause);
  }
}

class Arrival implements SimEvent {
  readonly #pipe: Pipe;
  readonly #flight: Flight;
  readonly #epoch: number;

  constructor(pipe: Pipe, flight: Flight, epoch: number) {
    this.#pipe = pipe;
    this.#flight = flight;
    this.#epoch = epoch;
  }

  fire(): void {
    this.#pipe.arrive(this.#flight, this.#epoch);
  }
}

function flipBit(data: Uint8Array<ArrayBuffer>, random: SeededRandom): Uint8Array<ArrayBuffer> {
  const copy = data.slice();
  const bit = random.below(copy.length * 8);
  copy[bit >>> 3]! ^= 1 << (bit & 7);
  return copy;
}
