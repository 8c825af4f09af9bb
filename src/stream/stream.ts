// A stream: a sending half, a receiving half, or both.

import type { ReceiveHalf } from "./receive_half.ts";
import type { SendHalf } from "./send_half.ts";

/** One stream: a sending half, a receiving half, or both. */
export class Stream {
  /** The stream's ID. */
  readonly id: number;
  /** Missing on a stream that only the peer sends on. */
  readonly send: SendHalf | undefined;
  /** Missing on a stream that only we send on. */
  readonly receive: ReceiveHalf | undefined;
  #context: unknown = undefined;
  #isTaken = false;

  /**
   * Whether bytes came as 0-RTT data, which an attacker may have replayed (RFC 9001, Section 9.2).
   */
  get early(): boolean {
    return this.receive?.early ?? false;
  }

  /** @internal */
  constructor(id: number, send: SendHalf | undefined, receive: ReceiveHalf | undefined) {
    this.id = id;
    this.send = send;
    this.receive = receive;
  }

  /** What the application remembers with this stream. */
  get context(): unknown {
    return this.#context;
  }

  /** The application remembers something with this stream, until the stream is forgotten. */
  remember(context: unknown): void {
    this.#context = context;
  }

  /** Whether the application has taken it, or never will; see `PeerStreamRoom`. */
  get isTaken(): boolean {
    return this.#isTaken;
  }

  /** The application has taken it, or never will. */
  take(): void {
    this.#isTaken = true;
  }

  /** Whether nothing more will happen on it. */
  get isDone(): boolean {
    return (!this.send || this.send.isDone) && (!this.receive || this.receive.isFinished);
  }
}
