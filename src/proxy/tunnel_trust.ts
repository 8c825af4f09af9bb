// What the options of a tunnel mean for a connection over TCP.

import { authoritiesOf, trustOf } from "../api/options/trust.ts";
import type { H2ConnectOptions } from "../http2/h2_client.ts";
import { selectLocalAddresses } from "../io/interfaces.ts";
import type { TunnelOptions } from "./tunnel_options.ts";

/** Milliseconds that an unused connection is kept, as over QUIC. */
const IDLE_TIMEOUT = 2_000;

/**
 * How to connect over TCP with the trust that holds over QUIC.
 *
 * @returns The local addresses to try, and the rest.
 * @throws {TypeError} If no root certificates may be read.
 */
export function connectOptionsOf(
  options: TunnelOptions,
): H2ConnectOptions & { readonly addresses: readonly string[] } {
  const { insecure = false, idleTimeout = IDLE_TIMEOUT } = options;
  const { serverName, cert, key, revocation } = options;
  const ca = insecure ? [] : authoritiesOf(options);
  // The runtime knows no lists of revoked certificates.
  const trust = revocation && trustOf(options);
  return {
    ca,
    insecure,
    trust,
    serverName,
    cert,
    key,
    idleTimeout,
    addresses: addressesOf(options),
  };
}

/** Interfaces that have no address for the moment are no way. */
function addressesOf({ paths, localAddresses }: TunnelOptions): readonly string[] {
  const wanted = localAddresses ?? paths?.map(({ localAddress }) => localAddress) ?? [];
  const patterns = wanted.filter((one) => one !== undefined);
  if (patterns.length === 0 || patterns.length < wanted.length) return [];
  return selectLocalAddresses(patterns);
}
