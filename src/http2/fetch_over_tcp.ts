// Carries requests of `fetch` over TCP, for servers that UDP does not reach.

import { IDLE_TIMEOUT } from "../http3/client/connection_pool.ts";
import { Identities } from "../http3/client/identities.ts";
import type { FetchConnectOptions } from "../http3/options.ts";
import { TcpClient } from "./tcp_client.ts";

/** Clients that are kept; the connections of others end when no request has used them. */
const MOST_CLIENTS = 64;

/** By what they expect of servers. */
const clients = new Map<string, TcpClient>();
const identities = new Identities();

/**
 * Sends a request by the runtime's `fetch`, or, as that one knows no lists of revoked certificates,
 * by a client that asks them if there are any.
 *
 * @param init What the runtime's `fetch` takes.
 * @param options What is expected of the server.
 */
export function fetchOverTcp(
  request: Request,
  init: RequestInit,
  options: FetchConnectOptions,
): Promise<Response> {
  const { revocation, caCerts, cert, key, idleTimeout = IDLE_TIMEOUT } = options;
  if (revocation === undefined) return globalThis.fetch(request, init);
  const id = identities.keyOf([revocation, caCerts, cert, key, idleTimeout]);
  let client = clients.get(id);
  if (client === undefined) {
    if (clients.size >= MOST_CLIENTS) clients.delete(clients.keys().next().value!);
    client = new TcpClient({
      revocation,
      idleTimeout,
      ...caCerts && { caCerts },
      ...cert !== undefined && { cert },
      ...key !== undefined && { key },
    });
    clients.set(id, client);
  }
  return client.fetch(request);
}
