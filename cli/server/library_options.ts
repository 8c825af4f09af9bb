// What each thread of the server tells the library.

import type { ProxyHandlers, ServeOptions } from "../../mod.ts";
import { limitOptions } from "../flags/limit_flags.ts";
import { logOptions } from "../flags/log_flags.ts";
import { transportOptions } from "../flags/transport_options.ts";
import type { ServerOptions } from "./server_options.ts";

/**
 * The library's options for what was chosen on the command line. What a proxy needs gives way to what
 * was chosen.
 *
 * @param options What the command line says.
 * @param interfaces How many interfaces are used.
 * @param proxy Carries tunnels, if the server is a proxy.
 */
export function libraryOptions(
  options: ServerOptions,
  interfaces: number,
  proxy: ProxyHandlers | undefined,
): Partial<ServeOptions> {
  return {
    ...proxy,
    ...transportOptions(options, interfaces),
    ...limitOptions(options),
    ...logOptions(options),
  };
}
