// The names of interfaces by their addresses.

import { isUnspecified, listLocalAddresses } from "../io/interfaces.ts";
import { plainText } from "./plain_text.ts";

/** Addresses whose names are remembered: more than a machine has at a time. */
const MOST = 256;

/** Remembers which interface has an address, or had it last. */
export class InterfaceNames {
  readonly #names = new Map<string, string>();

  /** What to call a path: its interface; else where it begins, or where it leads. */
  of({ hostname }: Deno.NetAddr, remote: Deno.NetAddr): string {
    if (isUnspecified(hostname)) return remote.hostname;
    if (!this.#names.has(hostname)) this.#look(hostname);
    const name = this.#names.get(hostname);
    // Of the loopback interface the address tells more.
    return name === undefined || /^lo\d*$/.test(name) ? hostname : name;
  }

  #look(wanted: string): void {
    if (this.#names.size >= MOST) this.#names.clear();
    const found = listLocalAddresses()?.find(({ hostname }) => hostname === wanted);
    if (found !== undefined) this.#names.set(wanted, plainText(found.name));
  }
}
