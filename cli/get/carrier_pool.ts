// The connections of a command, one for each server.

import type { Carrier } from "../client/carrier.ts";

/** Connects to the server of a URL. */
export type OpenCarrier = (url: URL) => Promise<Carrier>;

/** Keeps one connection for each origin, and makes another once it has failed. */
export class CarrierPool implements AsyncDisposable {
  readonly #open: OpenCarrier;
  readonly #byOrigin = new Map<string, Promise<Carrier>>();
  readonly #all: Carrier[] = [];
  #count = 0;

  /** @param open Connects to the server of a URL. */
  constructor(open: OpenCarrier) {
    this.#open = open;
  }

  /** All connections that there are or were, for what is shown of their paths. */
  get carriers(): readonly Carrier[] {
    return this.#all;
  }

  /** How many connections were made. */
  get count(): number {
    return this.#count;
  }

  /**
   * The connection to the server of a URL.
   *
   * @param url The URL.
   */
  async carrierFor(url: URL): Promise<Carrier> {
    for (let known; (known = this.#byOrigin.get(url.origin)) !== undefined;) {
      const carrier = await known;
      if (carrier.isOpen) return carrier;
      // Another transfer may have replaced a connection that had ended, while this one waited.
      if (this.#byOrigin.get(url.origin) === known) this.#byOrigin.delete(url.origin);
    }
    const opening = this.#open(url);
    this.#byOrigin.set(url.origin, opening);
    try {
      const carrier = await opening;
      this.#all.push(carrier);
      this.#count++;
      return carrier;
    } catch (error) {
      this.#byOrigin.delete(url.origin);
      throw error;
    }
  }

  /**
   * Forgets a connection that has failed: the next request makes another one.
   *
   * @param url A URL of its server.
   * @param carrier The connection.
   */
  async drop(url: URL, carrier: Carrier): Promise<void> {
    if (await this.#byOrigin.get(url.origin)?.catch(() => {}) !== carrier) return;
    this.#byOrigin.delete(url.origin);
    await carrier[Symbol.asyncDispose]();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const open = await Promise.allSettled(this.#byOrigin.values());
    this.#byOrigin.clear();
    await Promise.all(open.map(async (one) => {
      if (one.status === "fulfilled") await one.value[Symbol.asyncDispose]();
    }));
  }
}
