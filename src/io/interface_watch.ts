// Tells of changes among the addresses of the machine.

import { listLocalAddresses, type LocalAddress } from "./interfaces.ts";
import { backgroundTimer } from "./timer.ts";

/** Milliseconds between two looks at the interfaces of the machine. */
const INTERVAL = 1_000;

/**
 * Tells of changes among the addresses of the machine. There is one look at them for all who wait for
 * a change: a program may have thousands of connections, and changes are rare.
 */
export class InterfaceWatch {
  readonly #list: () => readonly LocalAddress[] | undefined;
  readonly #interval: number;
  readonly #listeners = new Set<() => void>();
  #known = "";
  #cancelTimer: (() => void) | undefined;

  /** @param list What the machine has; undefined if the program may not ask. */
  constructor(
    list: () => readonly LocalAddress[] | undefined = listLocalAddresses,
    interval = INTERVAL,
  ) {
    this.#list = list;
    this.#interval = interval;
  }

  /** Calls a listener after each change from now on; returns what ends that. */
  watch(listener: () => void): () => void {
    if (this.#listeners.size === 0) {
      this.#known = this.#text();
      this.#sleep();
    }
    this.#listeners.add(listener);
    return () => {
      this.#listeners.delete(listener);
      if (this.#listeners.size === 0) this.#cancelTimer?.();
    };
  }

  #sleep(): void {
    this.#cancelTimer = backgroundTimer(() => {
      this.#sleep();
      this.#look();
    }, this.#interval);
  }

  #look(): void {
    const text = this.#text();
    if (text === this.#known) return;
    this.#known = text;
    for (const listener of [...this.#listeners]) listener();
  }

  #text(): string {
    return this.#list()?.map(({ name, hostname }) => `${name} ${hostname}`).join() ?? "";
  }
}

/** The one of this isolate. */
export const interfaceWatch = new InterfaceWatch();
