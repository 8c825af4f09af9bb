// A link of the simulation: two pipes.

import type { EventQueue } from "./event_queue.ts";
import { Pipe, type PipeOptions } from "./pipe.ts";
import type { SeededRandom } from "./seeded_random.ts";

/** How a link behaves; `up` and `down` override single directions. */
export interface LinkOptions extends Partial<PipeOptions> {
  /** From the host that the link belongs to. */
  up?: Partial<PipeOptions>;
  /** Towards the host that the link belongs to. */
  down?: Partial<PipeOptions>;
}

/** A duplex link between one or more interfaces and the rest of the network. */
export class Link {
  /** From the hosts that the link belongs to. */
  readonly upward: Pipe;
  /** Towards them. */
  readonly downward: Pipe;
  readonly #events: EventQueue;

  /** Makes a link; `Network.link` adds it to a network. */
  constructor(events: EventQueue, random: SeededRandom, options: LinkOptions = {}) {
    const { up = {}, down = {}, ...both } = options;
    this.#events = events;
    this.upward = new Pipe(events, random.fork("up"), { ...both, ...up });
    this.downward = new Pipe(events, random.fork("down"), { ...both, ...down });
  }

  /** Changes both directions from now on. */
  set(options: Partial<PipeOptions>): void {
    Object.assign(this.upward.options, options);
    Object.assign(this.downward.options, options);
  }

  /** Cuts both directions silently; what flies is lost. */
  down(): void {
    this.upward.down();
    this.downward.down();
  }

  /** Joins both directions again. */
  up(): void {
    this.upward.up();
    this.downward.up();
  }

  /** Stops both directions; what comes waits, and nothing is lost but what the queues cannot hold. */
  hold(): void {
    this.upward.hold();
    this.downward.hold();
  }

  /** Lets go on what was held. */
  release(): void {
    this.upward.release();
    this.downward.release();
  }

  /** Holds the link from one time to another. */
  pause(from: number, to: number): void {
    this.#events.call(from, () => this.hold());
    this.#events.call(to, () => this.release());
  }

  /** Cuts the link from one time to another; for good if `to` is left out. */
  outage(from: number, to = Infinity): void {
    this.#events.call(from, () => this.down());
    this.#events.call(to, () => this.up());
  }
}

/** The queue of the evaluation's links: one bandwidth-delay product, at least 30 packets. */
export function queueOf(rate: number, rtt: number): number {
  return Math.max(rate / 8000 * rtt, 30 * 1500);
}
