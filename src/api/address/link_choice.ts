// By which link the packets of a client's socket are to leave.

import {
  addressesOf,
  isLoopback,
  listLocalAddresses,
  literalAddress,
  type LocalAddress,
} from "../../io/interfaces.ts";
import { readRoutes } from "../../io/links/link_facts.ts";
import { type Route, routeTo } from "../../io/links/route.ts";

/**
 * Chooses the link for a local address. The routes of a system choose by the destination: of two
 * default routes, all packets take the better one, whatever address they come from. So a socket is
 * bound to its interface, if the application has named that interface.
 *
 * A socket is left to the routes when the server is on this machine, which is reached by no link,
 * and when no route leads to the server by the link: bound to it, packets would vanish silently. Nor
 * are addresses bound that the application has written out, or not named: past a tunnel that has the
 * default route goes only what is meant to.
 */
export class LinkChoice {
  readonly #patterns: readonly string[];
  readonly #remotes: readonly string[];
  readonly #list: () => readonly LocalAddress[] | undefined;
  readonly #routes: () => readonly Route[] | undefined;

  /**
   * @param patterns What the application has named.
   * @param remotes The addresses of the server.
   */
  constructor(
    patterns: readonly string[],
    remotes: readonly string[],
    list: () => readonly LocalAddress[] | undefined = listLocalAddresses,
    routes: () => readonly Route[] | undefined = readRoutes,
  ) {
    this.#patterns = patterns.filter((pattern) => literalAddress(pattern) === undefined);
    this.#remotes = remotes;
    this.#list = list;
    this.#routes = routes;
  }

  /** Whether sockets may be bound at all: none is that leads to a loopback address. */
  get choosesLinks(): boolean {
    return this.#patterns.length > 0 && !this.#remotes.some(isLoopback);
  }

  /** The interface for a socket at this local address; undefined for what the routes say. */
  deviceFor(hostname: string): string | undefined {
    if (this.#patterns.length === 0) return undefined;
    const all = this.#list();
    const own = all?.find((address) => address.hostname === hostname);
    if (all === undefined || own === undefined || isLoopback(hostname)) return undefined;
    const isHere = (remote: string) =>
      isLoopback(remote) || all.some((address) => address.hostname === remote);
    if (this.#remotes.some(isHere)) return undefined;
    const onLink = all.filter(({ name }) => name === own.name);
    const isNamed = this.#patterns.some((pattern) =>
      pattern === own.name ||
      (isNameOf(pattern, own.name) && addressesOf(pattern, onLink).includes(hostname))
    );
    return isNamed && this.#isRouted(own.name) ? own.name : undefined;
  }

  /** Whether a route leads to one of the server's addresses by this interface, if that is known. */
  #isRouted(device: string): boolean {
    const routes = this.#routes();
    return routes === undefined ||
      this.#remotes.some((remote) => routeTo(remote, routes, device) !== undefined);
  }
}

/** Whether a pattern such as `wlan*` is the beginning of an interface's name. */
function isNameOf(pattern: string, name: string): boolean {
  return pattern.endsWith("*") && name.startsWith(pattern.slice(0, -1));
}
