/** A model of flows through one drop-tail bottleneck in virtual time, for tests of controllers. */
import type {
  CongestionControl,
  CongestionController,
  RttView,
} from "../../src/congestion/controller.ts";
import type { PacketSample } from "../../src/congestion/packet_sample.ts";
import type { CouplingGroup } from "../../src/congestion/coupling_group.ts";
import { DeliveryRate } from "../../src/congestion/delivery_rate.ts";
import { Pacer } from "../../src/congestion/pacer.ts";
import { SeededRandom } from "../../src/sim/seeded_random.ts";

export const DATAGRAM = 1200;

/** Bytes per ms of so many Mbit/s. */
export function megabits(value: number): number {
  return value * 125;
}

class Packet implements PacketSample {
  delivered = 0;
  deliveredTime = 0;
  firstSentTime = 0;
  lostAtSend = 0;
  inFlightAtSend = 0;
  appLimited = false;
  acked = false;
  lost = false;
  constructor(readonly number: number, readonly size: number, readonly timeSent: number) {}
}

class Rtt implements RttView {
  latest = 0;
  smoothed = 333;
  variation = 166;
  min = Infinity;
  sample(value: number): void {
    if (this.min === Infinity) {
      this.smoothed = value;
      this.variation = value / 2;
    } else {
      this.variation += (Math.abs(this.smoothed - value) - this.variation) / 4;
      this.smoothed += (value - this.smoothed) / 8;
    }
    this.latest = value;
    this.min = Math.min(this.min, value);
  }
}

/** A heap of calls to make, by time and then by order of arrival. */
export class Timeline {
  now = 0;
  #heap: { at: number; order: number; call: () => void }[] = [];
  #order = 0;

  at(time: number, call: () => void): void {
    const heap = this.#heap;
    let i = heap.length;
    const entry = { at: Math.max(time, this.now), order: this.#order++, call };
    heap.push(entry);
    while (i > 0 && before(entry, heap[(i - 1) >> 1]!)) {
      heap[i] = heap[(i - 1) >> 1]!;
      i = (i - 1) >> 1;
    }
    heap[i] = entry;
  }

  run(until: number): void {
    while (this.#heap.length > 0 && this.#heap[0]!.at <= until) {
      const entry = this.#pop();
      this.now = entry.at;
      entry.call();
    }
    this.now = until;
  }

  #pop(): { at: number; order: number; call: () => void } {
    const heap = this.#heap;
    const top = heap[0]!;
    const last = heap.pop()!;
    if (heap.length === 0) return top;
    let i = 0;
    while (true) {
      let child = 2 * i + 1;
      if (child >= heap.length) break;
      if (child + 1 < heap.length && before(heap[child + 1]!, heap[child]!)) child++;
      if (!before(heap[child]!, last)) break;
      heap[i] = heap[child]!;
      i = child;
    }
    heap[i] = last;
    return top;
  }
}

function before(a: { at: number; order: number }, b: { at: number; order: number }): boolean {
  return a.at < b.at || (a.at === b.at && a.order < b.order);
}

export interface LinkOptions {
  /** Bytes per ms. */
  rate: number;
  /** Bytes the queue holds. */
  queue: number;
  /** Chance of a packet to be lost at random. */
  loss?: number;
  seed?: number;
}

/** A queue with a rate behind it. */
export class Link {
  rate: number;
  drops = 0;
  readonly #timeline: Timeline;
  readonly #options: LinkOptions;
  readonly #random: SeededRandom;
  #freeAt = 0;

  constructor(timeline: Timeline, options: LinkOptions) {
    this.#timeline = timeline;
    this.#options = options;
    this.#random = new SeededRandom(options.seed ?? 1);
    this.rate = options.rate;
  }

  /** When a packet comes out, or -1 if it is dropped. */
  pass(size: number): number {
    const { now } = this.#timeline;
    const start = Math.max(now, this.#freeAt);
    if ((start - now) * this.rate > this.#options.queue) {
      this.drops++;
      return -1;
    }
    this.#freeAt = start + size / this.rate;
    const { loss = 0 } = this.#options;
    return loss > 0 && this.#random.below(1_000_000) < loss * 1_000_000 ? -1 : this.#freeAt;
  }
}

export interface FlowOptions {
  control: CongestionControl;
  /** Round-trip time without queues. */
  rtt: number;
  group?: CouplingGroup;
  start?: number;
  /** Bytes the application has made by a time; all there is by default. */
  supply?: (now: number) => number;
  /** Packets per ACK. */
  ackEvery?: number;
  seed?: number;
  /** How late a timer fires, ms. */
  lateness?: number;
}

/** A sender, its receiver and the way back. */
export class Flow {
  readonly controller: CongestionController;
  readonly pacer: Pacer = new Pacer(DATAGRAM);
  readonly rate: DeliveryRate = new DeliveryRate();
  readonly rtt: Rtt = new Rtt();
  /** Bytes that arrived, and packets declared lost. */
  received = 0;
  lost = 0;
  inFlight = 0;
  sent = 0;
  doneAt = Infinity;
  onReceive: ((packet: PacketSample, delay: number, now: number) => void) | undefined;
  readonly #timeline: Timeline;
  readonly #link: Link;
  readonly #options: FlowOptions;
  readonly #packets: Packet[] = [];
  #next = 0;
  #oldest = 0;
  #wake = Infinity;
  #pendingAcks: Packet[] = [];
  #ackTimer = 0;
  #progress = 0;
  #probes = 0;

  constructor(timeline: Timeline, link: Link, options: FlowOptions) {
    this.#timeline = timeline;
    this.#link = link;
    this.#options = options;
    this.controller = options.control({
      maxDatagramSize: DATAGRAM,
      random: new SeededRandom(options.seed ?? 1),
      ...(options.group ? { group: options.group } : {}),
    });
    timeline.at(options.start ?? 0, () => {
      this.#send();
      this.#watch();
    });
  }

  #send(): void {
    const { now } = this.#timeline;
    if (now < (this.#options.start ?? 0)) return;
    const supply = this.#options.supply?.(now) ?? Infinity;
    while (this.inFlight + DATAGRAM <= this.controller.window) {
      if (this.sent + DATAGRAM > supply) {
        this.rate.markAppLimited(this.inFlight);
        return this.#wakeAt(now + 5);
      }
      if (this.pacer.room(now) < DATAGRAM) return this.#wakeAt(this.pacer.wakeAt(now));
      this.#sendOne(now);
    }
  }

  #wakeAt(time: number): void {
    if (this.#wake <= time && this.#wake > this.#timeline.now) return;
    const at = time + (this.#options.lateness ?? 0);
    this.#wake = at;
    this.#timeline.at(at, () => {
      if (this.#wake !== at) return;
      this.#wake = Infinity;
      this.#send();
    });
  }

  #sendOne(now: number): void {
    const packet = new Packet(this.#next++, DATAGRAM, now);
    this.#packets.push(packet);
    this.inFlight += DATAGRAM;
    this.sent += DATAGRAM;
    this.rate.onSent(packet, this.inFlight, now);
    this.controller.onSent(packet, this.inFlight, now);
    this.pacer.onSent(DATAGRAM, now);
    const out = this.#link.pass(DATAGRAM);
    if (out < 0) return;
    this.#timeline.at(out + this.#options.rtt / 2, () => this.#receive(packet));
  }

  #receive(packet: Packet): void {
    const { now } = this.#timeline;
    this.received += packet.size;
    this.onReceive?.(packet, now - packet.timeSent, now);
    this.#pendingAcks.push(packet);
    if (this.#pendingAcks.length >= (this.#options.ackEvery ?? 1)) return this.#sendAck();
    const timer = ++this.#ackTimer;
    this.#timeline.at(now + 25, () => {
      if (timer === this.#ackTimer && this.#pendingAcks.length > 0) this.#sendAck();
    });
  }

  #sendAck(): void {
    const acked = this.#pendingAcks;
    this.#pendingAcks = [];
    this.#ackTimer++;
    this.#timeline.at(this.#timeline.now + this.#options.rtt / 2, () => this.#onAck(acked));
  }

  #onAck(acked: Packet[]): void {
    const { now } = this.#timeline;
    const prior = this.inFlight;
    const largest = acked[acked.length - 1]!;
    this.rtt.sample(now - largest.timeSent);
    this.#progress = now;
    this.#probes = 0;
    for (const packet of acked) this.#onAcked(packet, now);
    this.#detectLosses(largest.number, now);
    this.rate.finish(this.rtt.min, prior);
    this.controller.onAckProcessed(this.rate, this.rtt, this.inFlight, now);
    this.rate.next();
    this.pacer.update(this.controller, { unheld: this.rtt.smoothed }, DATAGRAM, now);
    this.#send();
  }

  #onAcked(packet: Packet, now: number): void {
    packet.acked = true;
    if (packet.lost) {
      this.rate.onSpuriousLoss(packet);
      this.rate.onAcked(packet, now);
      this.controller.onSpuriousLoss(packet, now);
      return;
    }
    this.inFlight -= packet.size;
    this.rate.onAcked(packet, now);
    this.controller.onAcked(packet, this.rtt, this.inFlight, now);
  }

  #detectLosses(largest: number, now: number): void {
    for (; this.#oldest <= largest - 3; this.#oldest++) {
      const packet = this.#packets[this.#oldest]!;
      if (!packet.acked && !packet.lost) this.#onLost(packet, now);
    }
  }

  #onLost(packet: Packet, now: number): void {
    packet.lost = true;
    this.lost++;
    this.inFlight -= packet.size;
    this.rate.onLost(packet);
    this.controller.onLost(packet, this.inFlight, false, now);
  }

  /** A probe timeout, coarse but enough to get going again after a tail loss. */
  #watch(): void {
    const { now } = this.#timeline;
    const timeout = (this.rtt.smoothed + 4 * this.rtt.variation + 25) * 2 ** this.#probes;
    if (this.inFlight > 0 && now - this.#progress > timeout) {
      this.#probes = Math.min(this.#probes + 1, 4);
      this.#progress = now;
      this.#sendOne(now);
    }
    this.#timeline.at(now + 10, () => this.#watch());
  }
}

/** Runs one flow alone; returns it with the bytes that arrived between `from` and `until`. */
export function runAlone(
  link: LinkOptions,
  flow: FlowOptions,
  from: number,
  until: number,
): { flow: Flow; link: Link; bytes: number; lossesBefore: number } {
  const timeline = new Timeline();
  const made = new Link(timeline, link);
  const one = new Flow(timeline, made, flow);
  timeline.run(from);
  const before = one.received;
  const lossesBefore = one.lost;
  timeline.run(until);
  return { flow: one, link: made, bytes: one.received - before, lossesBefore };
}
