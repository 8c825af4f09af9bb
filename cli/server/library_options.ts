// What each thread of the server tells the library.

import type { ProxyHandlers, ServeOptions } from "../../mod.ts";
import { limitOptions } from "../flags/limit_flags.ts";
import { logOptions } from "../flags/log_flags.ts";
import { transportOptions } from "../flags/transport_options.ts";
import type { ServerOptions } from "./server_options.ts";

/** What carries tunnels, if the server is a proxy, and what judges clients. */
export type OwnOptions = Partial<ProxyHandlers> & Pick<ServeOptions, "clientCertificates">;

/**
 * The library's options for what was chosen on the command line. What a proxy needs gives way to what
 * was chosen.
 *
 * @param options What the command line says.
 * @param interfaces How many interfaces are used.
 * @param own What each thread makes for itself.
 */
export function libraryOptions(
  options: ServerOptions,
  interfaces: number,
  own: OwnOptions,
): Partial<ServeOptions> {
  return {
    ...own,
    ...transportOptions(options, interfaces),
    ...limitOptions(options),
    ...logOptions(options),
  };
}
