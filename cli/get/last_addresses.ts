// The addresses at which servers were reached, for as long as name servers are silent.

import type { Carrier } from "../client/carrier.ts";
import { resolveInTime } from "../check/resolver.ts";
import { isIP } from "node:net";

/** Milliseconds that name servers have where an address is known that was good. */
const PATIENCE = 3_000;

/** The addresses of the servers that were reached, each by the name of its host. */
export class LastAddresses {
  readonly #byHost = new Map<string, string>();
  readonly #look: typeof resolveInTime;

  /** @param look Looks a name up; replaced in tests. */
  constructor(look: typeof resolveInTime = resolveInTime) {
    this.#look = look;
  }

  /**
   * A server was reached.
   *
   * @param hostname The host of its URL.
   * @param carrier The connection to it.
   */
  take(hostname: string, { rows }: Pick<Carrier, "rows">): void {
    const address = /^\[?(.*?)\]?:\d+$/.exec(rows[0]?.remote ?? "")?.[1];
    if (address !== undefined && isIP(address) !== 0) this.#byHost.set(hostname, address);
  }

  /**
   * The address at which a server was reached last, if its name cannot be looked up now. Names are
   * looked up by the system's first link, which may be the one that is lost.
   *
   * @param hostname The host of its URL.
   * @returns Undefined if the name servers answer, or the server was never reached.
   */
  async of(hostname: string): Promise<string | undefined> {
    const known = this.#byHost.get(hostname);
    if (known === undefined) return undefined;
    const found = await this.#look(hostname, PATIENCE).catch(() => undefined);
    return found === undefined ? known : undefined;
  }
}
