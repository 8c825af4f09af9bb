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
