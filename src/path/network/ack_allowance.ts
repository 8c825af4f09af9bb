/**
 * How many bytes of pure acknowledgements for other paths may leave on a 4-tuple. No window holds
 * them back, and what they acknowledge may come by a path a thousand times as fast: at most a given
 * part of the window leaves within a round trip. The PINGs among them, if they get lost, keep that
 * window small on a slow path.
 */
export class AckAllowance {
  #spent = 0;
  #at = 0;

  /**
   * When a packet of them may leave; not after `now` if at once.
   *
   * @param window Bytes that may leave within a round trip.
   * @param rtt Its smoothed round-trip time.
   */
  nextAt(window: number, rtt: number, now: number): number {
    this.#recover(window, rtt, now);
    const over = this.#spent - window;
    return over <= 0 ? now : now + over * rtt / window;
  }

  /** A packet of acknowledgements for other paths left. */
  onSent(size: number): void {
    this.#spent += size;
  }

  #recover(window: number, rtt: number, now: number): void {
    const passed = Math.max(0, now - this.#at);
    this.#at = Math.max(this.#at, now);
    this.#spent = Math.max(0, this.#spent - passed * window / Math.max(rtt, 1));
  }
}
