/** The paths, as far as they say how long to wait; asked only where that matters. */
export interface ProbedPaths {
  readonly largestProbeTimeout: number;
}

/** The idle timeout of a connection (RFC 9000, Section 10.1; MPQUIC, Section 5.9). Times in ms. */
export class Idle {
  /** When the connection is given up. */
  deadline = Infinity;
  /** When a packet was last received and opened; at first, when the connection was made. */
  heardAt = -Infinity;
  #timeout: number;
  /** Whether anything ack-eliciting was sent since the last packet arrived. */
  #hasSent = false;

  /** @param timeout 0 for none. */
  constructor(timeout: number) {
    this.#timeout = timeout;
  }

  /** RFC 9000, Section 10.1: the shorter of what both ends announce; 0 announces none. */
  onPeerTimeout(timeout: number): void {
    if (timeout > 0) this.#timeout = this.#timeout > 0 ? Math.min(this.#timeout, timeout) : timeout;
  }

  /** A packet was received and opened. */
  onReceived(probeTimeout: number, now: number): void {
    this.#hasSent = false;
    this.heardAt = now;
    this.#restart(probeTimeout, now);
  }

  /** An ack-eliciting packet left; only the first since the last arrival counts. */
  onSent(paths: ProbedPaths, now: number): void {
    if (this.#hasSent) return;
    this.#hasSent = true;
    this.#restart(paths.largestProbeTimeout, now);
  }

  #restart(probeTimeout: number, now: number): void {
    // At least three probe timeouts, so that a few lost packets do not end the connection.
    if (this.#timeout > 0) this.deadline = now + Math.max(this.#timeout, 3 * probeTimeout);
  }

  stop(): void {
    this.deadline = Infinity;
  }
}
