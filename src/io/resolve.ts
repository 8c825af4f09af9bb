// Resolves the name of a host.

import { lookup } from "node:dns/promises";
import { literalAddress } from "./interfaces.ts";

/**
 * The addresses of a host, best first, as the system orders them. Literal addresses pass through;
 * names are asked of the system's resolver, so `/etc/hosts` counts.
 *
 * @throws {TypeError} When the name has no address.
 */
export async function resolveHost(hostname: string, signal?: AbortSignal): Promise<string[]> {
  signal?.throwIfAborted();
  const literal = literalAddress(hostname);
  if (literal !== undefined) return [literal];
  const query = lookup(hostname, { all: true, verbatim: true });
  let found: { address: string }[];
  try {
    found = await (signal ? abortable(query, signal) : query);
  } catch (error) {
    signal?.throwIfAborted();
    throw new TypeError(`Cannot resolve "${hostname}": ${reasonOf(error, hostname)}`, {
      cause: error,
    });
  }
  const addresses = [...new Set(found.map(({ address }) => address))];
  if (addresses.length === 0) {
    throw new TypeError(`Cannot resolve "${hostname}": it has no address`);
  }
  return addresses;
}

/** The runtime asks no name server without a permission for the name, and says EPERM (Deno 2.9). */
function reasonOf(error: unknown, hostname: string): string {
  const { code, message } = error as Error & { code?: unknown };
  return code === "EPERM" ? `run with --allow-net, or with --allow-net=${hostname}` : message;
}

function abortable<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const abort = () => reject(signal.reason);
    signal.addEventListener("abort", abort, { once: true });
    promise.then(resolve, reject).finally(() => signal.removeEventListener("abort", abort));
  });
}
