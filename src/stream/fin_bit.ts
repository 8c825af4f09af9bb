// What has become of the end of a stream.

import { STREAM } from "../frame/stream.ts";

/** What happened to the FIN bit. */
export const Fin = { None: 0, Pending: 1, InFlight: 2, Acknowledged: 3 } as const;
/** One of the values of {@linkcode Fin}. */
export type Fin = (typeof Fin)[keyof typeof Fin];

/** The kind under which frames with FIN are recorded. */
export const FIN_KIND = STREAM | 1;

/** The end of a stream on its way: one FIN, and copies of it on other paths. */
export class FinBit {
  state: Fin = Fin.None;
  /** Copies under way beyond the first. */
  #copies = 0;

  /** The application has ended the stream. */
  request(): void {
    this.state = Fin.Pending;
  }

  /** The stream is reset before the bit left. */
  cancel(): void {
    if (this.state === Fin.Pending) this.state = Fin.None;
  }

  /** A frame with it has arrived. */
  onAcknowledged(): void {
    this.state = Fin.Acknowledged;
  }

  /** A frame with it left. */
  onSent(): void {
    if (this.state === Fin.InFlight) this.#copies++;
    else if (this.state === Fin.Pending) this.state = Fin.InFlight;
  }

  /** A frame with it is lost. */
  onLost(): void {
    if (this.state !== Fin.InFlight) return;
    if (this.#copies > 0) this.#copies--;
    else this.state = Fin.Pending;
  }

  /** All that was sent counts as never sent. */
  restart(): void {
    this.#copies = 0;
    if (this.state === Fin.InFlight) this.state = Fin.Pending;
  }
}
