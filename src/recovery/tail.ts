/**
 * The probe behind the last data of a transfer: a small packet that follows what is in flight, so
 * that the loss of its end shows within a round trip.
 */
export class Tail {
  #isDue = false;
  #decidesAt = Infinity;
  #notedAt = 0;

  /** Whether the packet is to leave now. */
  get isDue(): boolean {
    return this.#isDue;
  }

  /** When it is decided whether what is in flight was the end. */
  get decidesAt(): number {
    return this.#decidesAt;
  }

  /** There is no more to send for now: what is in flight may be the end of a transfer. */
  note(wait: number, now: number): void {
    this.#notedAt = now;
    this.#decidesAt = now + wait;
  }

  /**
   * Decides whether it was the end.
   *
   * @param lastSentAt When the last packet left that asks for an answer; Infinity if all are answered.
   */
  expire(lastSentAt: number, now: number): void {
    if (now < this.#decidesAt) return;
    this.#decidesAt = Infinity;
    this.#isDue = lastSentAt <= this.#notedAt;
  }

  /** The packet leaves. */
  onWritten(): void {
    this.#isDue = false;
  }

  /** Nothing is in flight any more. */
  clear(): void {
    this.#isDue = false;
    this.#decidesAt = Infinity;
  }
}
