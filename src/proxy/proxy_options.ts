// The options of a proxy's far side.

import type { ProxyLimits } from "./allowance.ts";
import type { DestinationOptions } from "./destinations.ts";
import type { ProxyUsers } from "./proxy_users.ts";

/**
 * How the far side of a proxy works: its users, and what they may do.
 *
 * @category Proxy
 */
export interface ProxyOptions extends DestinationOptions {
  /**
   * The users of the proxy; `"all"` for every client that reaches the server, which is right only if
   * the server lets no others in, by `clientCertificates` for example.
   */
  users: ProxyUsers | "all";
  /**
   * Names the user that a client's certificate is of, in DER. Its authority has been checked: the
   * server is told which to accept by `clientCertificates`. Lines `name:certificate` of the list say
   * which names are users.
   */
  certificateUser?: (certificate: Uint8Array) => string | undefined;
  /** What each user may take up. */
  limits?: ProxyLimits;
  /**
   * Milliseconds to look a name up and connect.
   *
   * @default {10000}
   */
  connectTimeout?: number;
  /**
   * Looks up a name, instead of the system's resolver. It is asked once for each tunnel, and the
   * tunnel leads to one of the addresses that it gave.
   */
  resolve?: (hostname: string, signal: AbortSignal) => Promise<string[]>;
  /**
   * What the proxy calls itself in `Proxy-Status` and `Via`: a token. By default a random one, as
   * loops are found by it.
   */
  name?: string;
}
