// Tells the peer the address at which it is seen.

import { parseIpAddress } from "../../bytes/ip_address.ts";
import { addressSize, OBSERVED_ADDRESS, writeObservedAddress } from "../../frame/address.ts";
import type { FrameOwner, FrameSink, SentFrame } from "../../frame/sent_frame.ts";
import type { Address } from "./address.ts";

/** Counts the observations told on one connection; each is newer than those before. */
export class ObservationCounter {
  #next = 0;

  take(): number {
    return this.#next++;
  }
}

/**
 * Tells the peer which of its addresses this end sees on one 4-tuple (OBSERVED_ADDRESS, address
 * discovery, Section 4). It travels on that 4-tuple only.
 */
export class Observation implements FrameOwner {
  /** Whether it must be told (again). */
  due = true;
  readonly #seen: Address;
  readonly #sequence: number;

  constructor(seen: Address, counter: ObservationCounter) {
    this.#seen = seen;
    this.#sequence = counter.take();
  }

  /** Writes the frame, if it is due and fits. */
  writeFrame(sink: FrameSink): void {
    const ip = this.due ? parseIpAddress(this.#seen.hostname) : undefined;
    if (ip !== undefined) {
      if (sink.room < addressSize(this.#sequence, ip)) return;
      writeObservedAddress(sink.writer, this.#sequence, ip, this.#seen.port);
      sink.record(this, OBSERVED_ADDRESS, this.#sequence, 0);
    }
    this.due = false;
  }

  onFrameAcked(_frame: SentFrame): void {}

  onFrameLost(_frame: SentFrame): void {
    this.due = true;
  }
}

/** Which address each end of a 4-tuple sees of the other, as far as they tell. */
export class AddressReports {
  #observation: Observation | undefined = undefined;
  #ours: Address | undefined = undefined;
  #sequence = -1;

  /** What the peer is told, if it wants to know. */
  get observation(): Observation | undefined {
    return this.#observation;
  }

  /** The peer wants to know which of its addresses this end sees. */
  tell(remote: Address, counter: ObservationCounter): void {
    this.#observation ??= new Observation(remote, counter);
  }

  /** The newest report of the peer about our own address. */
  get ours(): Address | undefined {
    return this.#ours;
  }

  /**
   * The peer reports our own address.
   *
   * @param sequence Only the highest counts.
   * @returns Whether that is news.
   */
  onReport(sequence: number, address: Address): boolean {
    if (sequence <= this.#sequence) return false;
    this.#sequence = sequence;
    this.#ours = address;
    return true;
  }
}
