// The local addresses that paths of a client are wanted from, as interfaces come and go.

import { addressesOf, literalAddress, type LocalAddress } from "../../io/interfaces.ts";
import { clientAddresses, fittingAddresses } from "./local_addresses.ts";

/**
 * The local addresses that paths of a client are wanted from, as interfaces come and go.
 *
 * What is gone for the moment is missing from the answer, and nothing stands in for it: the other
 * addresses must not suffer from that, nor may a socket for all addresses take its place.
 */
export class PresentAddresses {
  readonly #patterns: readonly string[] | undefined;
  readonly #remotes: readonly string[];
  /** Addresses that interfaces had at some time: these can be missed. */
  readonly #seen = new Set<string>();
  /** Whether paths begin at addresses of interfaces, rather than wherever the system likes. */
  #isByInterface = false;

  /**
   * @param patterns What was asked for; undefined for whatever there is.
   * @param remotes The addresses of the server.
   */
  constructor(patterns: readonly string[] | undefined, remotes: readonly string[]) {
    this.#patterns = patterns && patterns.length > 0 ? patterns : undefined;
    this.#remotes = remotes;
  }

  /**
   * The addresses, best first.
   *
   * @param all What the machine has at present; undefined if we may not ask.
   */
  list(all: readonly LocalAddress[] | undefined): readonly string[] {
    for (const { hostname } of all ?? []) this.#seen.add(hostname);
    return this.#patterns ? this.#named(this.#patterns, all) : this.#fitting(all);
  }

  #named(
    patterns: readonly string[],
    all: readonly LocalAddress[] | undefined,
  ): readonly string[] {
    const present = (hostname: string) =>
      !this.#seen.has(hostname) || all === undefined ||
      all.some((address) => address.hostname === hostname);
    return [...new Set(patterns.flatMap((pattern) => matching(pattern, all).filter(present)))];
  }

  #fitting(all: readonly LocalAddress[] | undefined): readonly string[] {
    const fitting = fittingAddresses(this.#remotes, all ?? []);
    this.#isByInterface ||= fitting.length > 1;
    return this.#isByInterface ? fitting : clientAddresses(undefined, this.#remotes);
  }
}

/** Of names we cannot know more than nothing when we may not ask any more. */
function matching(
  pattern: string,
  all: readonly LocalAddress[] | undefined,
): readonly string[] {
  return all || literalAddress(pattern) !== undefined ? addressesOf(pattern, all) : [];
}
