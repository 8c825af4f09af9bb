// Closes a kept connection when no request needs it.

import { closedAtEnd } from "./closed_at_end.ts";
import type { H3Client } from "./client.ts";
import { later, laterInBackground } from "../timer.ts";
import type { H3Transport } from "../transport.ts";

/**
 * Milliseconds after the last request for which a connection keeps the process. Letting it go and
 * taking it again costs more than a request does, so it is not done between two that follow soon.
 */
const KEPT_ALIVE = 10;

/**
 * Watches a connection that is kept for further requests. If no caller has waited for anything for
 * a while, the connection is closed; if responses are left unread, it only stops keeping the
 * process alive. Without any, it stops that soon: a program that has what it wants can end.
 */
export class IdleWatch {
  readonly #client: H3Client;
  readonly #transport: H3Transport;
  readonly #timeout: number;
  readonly #onClose: () => void;
  /** Calls off the next look, if one is due. */
  #stop: (() => void) | undefined;
  #isWaitedFor = false;
  #keepsProcess = true;
  #dueAt = 0;
  /** When the last one ended waiting. */
  #quietSince = performance.now();

  /**
   * @param timeout Milliseconds during which no caller waits.
   * @param onClose Called when the connection is about to be closed.
   */
  constructor(client: H3Client, transport: H3Transport, timeout: number, onClose: () => void) {
    this.#client = client;
    this.#transport = transport;
    this.#timeout = timeout;
    this.#onClose = onClose;
    client.onWaiting = (isAnybody) => isAnybody ? this.#busy() : this.#quiet();
    client.onIdle = () => this.#quiet();
    client.closed.then(() => {
      this.#stop?.();
      closedAtEnd.delete(this);
    });
    this.#arm(KEPT_ALIVE);
  }

  /** The process is about to end. */
  close(): void {
    this.#letGo();
  }

  #busy(): void {
    this.#isWaitedFor = true;
    if (this.#keepsProcess) return;
    this.#keepsProcess = true;
    closedAtEnd.delete(this);
    this.#transport.ref?.();
  }

  #quiet(): void {
    this.#isWaitedFor = false;
    this.#quietSince = performance.now();
    if (!this.#client.isAccepting) return this.#letGo(); // no further request can use it
    const isLong = this.#dueAt > this.#quietSince + KEPT_ALIVE;
    if (isLong) this.#stop?.();
    if (isLong || this.#stop === undefined) this.#arm(KEPT_ALIVE);
  }

  /** Looks again after so many milliseconds, or when the connection is to be closed. */
  #arm(delay: number): void {
    const left = this.#quietSince + this.#timeout - performance.now();
    const wait = Math.max(0, Math.ceil(Math.min(delay, left)));
    this.#dueAt = performance.now() + wait;
    const start = this.#keepsProcess ? later : laterInBackground;
    this.#stop = start(wait, () => this.#check());
  }

  #check(): void {
    this.#stop = undefined;
    if (this.#isWaitedFor) return;
    const quiet = performance.now() - this.#quietSince;
    if (quiet >= this.#timeout) return this.#letGo();
    if (quiet < KEPT_ALIVE) return this.#arm(KEPT_ALIVE - quiet);
    if (this.#client.active === 0) this.#unref();
    this.#arm(Infinity);
  }

  #unref(): void {
    if (!this.#keepsProcess) return;
    this.#keepsProcess = false;
    closedAtEnd.add(this);
    this.#transport.unref?.();
  }

  #letGo(): void {
    if (this.#client.active > 0) {
      this.#keepsProcess = false;
      return this.#transport.unref?.();
    }
    this.#stop?.();
    this.#onClose();
    this.#client.close();
  }
}
