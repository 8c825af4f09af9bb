// The clients of connections that applications made.

import type { H3ClientOptions } from "../options.ts";
import type { H3Transport } from "../transport.ts";
import { H3Client } from "./client.ts";

const clients = new WeakMap<H3Transport, H3Client>();

/**
 * The client of a connection that the application made: all that go over it share one.
 *
 * @param options Those of the first that asks count.
 * @throws {TypeError} If the connection is in use already.
 */
export function clientOver(transport: H3Transport, options: H3ClientOptions): H3Client {
  const known = clients.get(transport);
  if (known) return known;
  const client = new H3Client(transport, options);
  clients.set(transport, client);
  return client;
}
