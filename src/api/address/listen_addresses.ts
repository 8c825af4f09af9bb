// The addresses that a listener listens on, as the interfaces of the machine change.

import type { Connection } from "../../connection/connection.ts";
import type { Driver } from "../../io/driver.ts";
import {
  familyOf,
  isUnspecified,
  listLocalAddresses,
  type LocalAddress,
} from "../../io/interfaces.ts";
import type { SocketSet } from "../../io/socket_set.ts";
import { backgroundTimer } from "../../io/timer.ts";
import type { Address } from "../../path/address/address.ts";
import { serverAddresses } from "./local_addresses.ts";

/** Milliseconds between two looks at the interfaces of the machine. */
const POLL_INTERVAL = 2_000;

/** The sockets of a listener, and what makes more of them. */
export interface ListeningHub {
  readonly endpoint: { announce(addresses: readonly Address[]): void };
  readonly driver: Pick<Driver<Connection>, "wake">;
  readonly sockets: SocketSet;
  listen(hostnames: readonly string[], port: number): void;
}

/**
 * The addresses that a listener hears on. New ones of the machine are listened on as they come, and
 * connected clients are told which there are.
 *
 * The socket of an address that goes is kept: the address may return, and nothing is heard meanwhile.
 */
export class ListenAddresses {
  readonly #hub: ListeningHub;
  readonly #patterns: readonly string[] | undefined;
  readonly #list: () => readonly LocalAddress[] | undefined;
  #port = 0;
  #announced = "";
  #cancelTimer: (() => void) | undefined;

  /**
   * @param patterns Which of the machine's addresses; undefined for all.
   * @param list What the machine has; undefined if the program may not ask.
   */
  constructor(
    hub: ListeningHub,
    patterns: readonly string[] | undefined,
    list: () => readonly LocalAddress[] | undefined = listLocalAddresses,
  ) {
    this.#hub = hub;
    this.#patterns = patterns;
    this.#list = list;
  }

  /**
   * Opens the first sockets.
   *
   * @throws {TypeError} If the patterns match nothing.
   */
  open(port: number): void {
    const all = this.#list();
    const hostnames = serverAddresses(this.#patterns, all);
    this.#hub.listen(hostnames, port);
    this.#port = this.#hub.sockets.addresses[0]!.port;
    this.#announce(hostnames);
    // A socket for all addresses hears on those that come later, too.
    if (!hostnames.some(isUnspecified) && all !== undefined) this.#sleep();
  }

  /** Looks at the interfaces, and listens where nothing listens yet. */
  refresh(): void {
    const present = this.#present();
    const missing = present.filter((hostname) => !this.#hub.sockets.find(hostname));
    const opened = missing.filter((hostname) => this.#tryListen(hostname));
    const heard = present.filter((one) => opened.includes(one) || !missing.includes(one));
    if (heard.length > 0) this.#announce(heard);
  }

  /** No further addresses are looked for. */
  stop(): void {
    this.#cancelTimer?.();
    this.#cancelTimer = undefined;
  }

  #present(): readonly string[] {
    try {
      return serverAddresses(this.#patterns, this.#list()).filter((one) => !isUnspecified(one));
    } catch (error) {
      // An interface that has no address for the moment is no mistake.
      if (error instanceof TypeError) return [];
      throw error;
    }
  }

  /** An IPv6 address that is not proven to be unique yet cannot be used; the next look will do. */
  #tryListen(hostname: string): boolean {
    try {
      this.#hub.listen([hostname], this.#port);
      return true;
    } catch {
      return false;
    }
  }

  /** Clients ignore addresses that cannot be meant for them. */
  #announce(hostnames: readonly string[]): void {
    const text = hostnames.join(" ");
    if (text === this.#announced) return;
    this.#announced = text;
    const { endpoint, sockets, driver } = this.#hub;
    endpoint.announce(
      sockets.addresses.filter(({ hostname }) =>
        hostnames.includes(hostname) && !isUnspecified(hostname)
      ),
    );
    driver.wake();
  }

  #sleep(): void {
    this.#cancelTimer = backgroundTimer(() => {
      this.refresh();
      this.#sleep();
    }, POLL_INTERVAL);
  }
}
