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
    this.#announce(this.#present());
    // A socket for all addresses hears on those that come later, too, but may not tell them apart.
    if (all !== undefined && (!hostnames.some(isUnspecified) || this.#tellsLocal)) this.#sleep();
  }

  /** Looks at the interfaces, and listens where nothing listens yet. */
  refresh(): void {
    const present = this.#present();
    const missing = present.filter((hostname) => this.#heardAt(hostname) === undefined);
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
      const all = this.#list();
      const wanted = serverAddresses(this.#patterns, all);
      const named = wanted.filter((one) => !isUnspecified(one));
      if (all === undefined || !this.#tellsLocal) return named;
      const heard = serverAddresses(undefined, all).filter((one) => this.#heardAt(one));
      return [...new Set([...named, ...heard])];
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
    const { endpoint, driver } = this.#hub;
    endpoint.announce(
      hostnames.map((hostname) => this.#heardAt(hostname)).filter((address) =>
        address !== undefined
      ),
    );
    driver.wake();
  }

  /** Where clients reach this address, if something listens there and answers from there. */
  #heardAt(hostname: string): Address | undefined {
    const { sockets } = this.#hub;
    const own = sockets.find(hostname);
    if (own !== undefined) return isUnspecified(hostname) ? undefined : own.address;
    const anywhere = sockets.find("::") ??
      (familyOf(hostname) === "IPv4" ? sockets.find("0.0.0.0") : undefined);
    if (!anywhere?.capabilities.packetInfo) return undefined;
    return { ...anywhere.address, hostname };
  }

  /** Whether a socket for all addresses tells them apart. */
  get #tellsLocal(): boolean {
    return this.#hub.sockets.sockets.some(({ address, capabilities }) =>
      isUnspecified(address.hostname) && capabilities.packetInfo
    );
  }

  #sleep(): void {
    this.#cancelTimer = backgroundTimer(() => {
      this.refresh();
      this.#sleep();
    }, POLL_INTERVAL);
  }
}
