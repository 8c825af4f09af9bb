import type { H3Client } from "./client.ts";
import { later } from "../timer.ts";
import type { H3Transport } from "../transport.ts";

/**
 * Watches a connection that is kept for further requests. If no caller has waited for anything for
 * a while, the connection is closed; if responses are left unread, it only stops keeping the
 * process alive.
 */
export class IdleWatch {
  readonly #client: H3Client;
  readonly #transport: H3Transport;
  readonly #timeout: number;
  readonly #onClose: () => void;
  /** Calls off the next look, if one is due. */
  #stop: (() => void) | undefined;
  #isWaitedFor = false;
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
    client.closed.then(() => this.#stop?.());
    this.#arm(timeout);
  }

  #busy(): void {
    this.#isWaitedFor = true;
    this.#transport.ref?.();
  }

  #quiet(): void {
    this.#isWaitedFor = false;
    this.#quietSince = performance.now();
    if (!this.#client.accepting) this.#letGo(); // no further request can use it
    else if (this.#stop === undefined) this.#arm(this.#timeout);
  }

  #arm(delay: number): void {
    this.#stop = later(delay, () => this.#check());
  }

  #check(): void {
    this.#stop = undefined;
    if (this.#isWaitedFor) return;
    const left = this.#quietSince + this.#timeout - performance.now();
    if (left > 0) this.#arm(Math.ceil(left));
    else this.#letGo();
  }

  #letGo(): void {
    if (this.#client.active > 0) return this.#transport.unref?.();
    this.#stop?.();
    this.#onClose();
    this.#client.close();
  }
}
