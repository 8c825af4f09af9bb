/**
 * What an ACK or PATH_ACK frame said. One instance is filled again for every such frame, so a
 * reader that keeps a value copies it.
 */
export class AckFrame {
  /** The largest packet number acknowledged. */
  largest = -1;
  /** The delay as it was on the wire, before the peer's exponent is applied. */
  delay = 0;
  /** How many ranges `bounds` holds. */
  count = 0;
  /** Start (inclusive) and end (exclusive) of each range, the newest range first. */
  readonly bounds: number[] = [];
  /** Whether the three counts below were sent. */
  hasEcn = false;
  ect0 = 0;
  ect1 = 0;
  ce = 0;

  /** The smallest number in the range at `index`; 0 is the newest range. */
  startAt(index: number): number {
    return this.bounds[index * 2]!;
  }

  /** The number behind the range at `index`. */
  endAt(index: number): number {
    return this.bounds[index * 2 + 1]!;
  }
}
