// Connects to a server by a URL or a name: `dial`.

import { MultipathConnection } from "./multipath_connection.ts";
import type { ConnectOptions } from "./options/options.ts";

/**
 * Connects to a server: the short way to `MultipathConnection.connect`.
 *
 * @param target A URL such as `https://example.com:6121/`, or all options. For `https:` the
 * protocol is HTTP/3 and the port 443 unless others are given.
 * @param options More about it, if the target is a URL.
 * @returns The connection, when its handshake is complete.
 *
 * @example
 * ```ts ignore
 * import { dial } from "@mpquic/mpquic";
 *
 * await using connection = await dial("https://example.com:6121/", { localAddresses: ["eth*"] });
 * console.log(connection.paths.length);
 * ```
 *
 * @category Connections
 */
export function dial(
  target: string | URL | ConnectOptions,
  options: Partial<ConnectOptions> = {},
): Promise<MultipathConnection> {
  try {
    return MultipathConnection.connect(connectOptions(target, options));
  } catch (error) {
    return Promise.reject(error);
  }
}

function connectOptions(
  target: string | URL | ConnectOptions,
  options: Partial<ConnectOptions>,
): ConnectOptions {
  if (typeof target !== "string" && !(target instanceof URL)) return { ...target, ...options };
  const url = new URL(target);
  const isHttp = url.protocol === "https:";
  const port = url.port === "" && isHttp ? 443 : Number(url.port);
  const { alpnProtocols = isHttp ? ["h3"] : [] } = options;
  if (alpnProtocols.length === 0) {
    throw new TypeError(`Cannot dial ${url.href}: name the protocol in alpnProtocols`);
  }
  return { hostname: url.hostname, port, ...options, alpnProtocols };
}
