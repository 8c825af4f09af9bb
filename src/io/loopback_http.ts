// HTTP for this machine alone: a server on both loopback addresses, with one port.

/** The loopback addresses, and how URLs write them. */
const PLACES = [["127.0.0.1", "127.0.0.1"], ["::1", "[::1]"]] as const;
/** How often another free port is taken, if it is free on one of the addresses only. */
const ATTEMPTS = 8;

/** Answers a request. */
export type LoopbackHandler = (request: Request) => Response | Promise<Response>;

/** A server that only this machine reaches. It does not keep the process. */
export interface LoopbackHttp {
  /** The port, the same on all addresses. */
  readonly port: number;
  /** The addresses that it has, as URLs write them, with the port. */
  readonly hosts: readonly string[];
  /** Takes no more requests, and waits until those under way are answered. */
  shutdown(): Promise<void>;
}

/**
 * Serves HTTP on the loopback addresses that the machine has.
 *
 * @param port The port; 0 for any that is free on all of them.
 * @param handler Answers requests.
 * @throws {Deno.errors.AddrInUse} If the port is taken.
 * @throws {TypeError} If the program may not listen there; the user is never asked.
 */
export function serveOnLoopback(port: number, handler: LoopbackHandler): LoopbackHttp {
  const places = PLACES.filter(([hostname]) => mayListen(hostname, port));
  if (places.length === 0) {
    throw new TypeError(
      "Cannot listen on loopback: run with --allow-net, or --allow-net=127.0.0.1",
    );
  }
  for (let left = ATTEMPTS;; left--) {
    const servers: Deno.HttpServer<Deno.NetAddr>[] = [];
    try {
      for (const [hostname] of places) listenIfPresent(servers, hostname, port, handler);
      return new LoopbackServer(servers);
    } catch (error) {
      for (const server of servers) server.shutdown();
      if (port !== 0 || left <= 0 || !(error instanceof Deno.errors.AddrInUse)) throw error;
    }
  }
}

class LoopbackServer implements LoopbackHttp {
  readonly port: number;
  readonly hosts: readonly string[];
  readonly #servers: readonly Deno.HttpServer<Deno.NetAddr>[];

  constructor(servers: readonly Deno.HttpServer<Deno.NetAddr>[]) {
    this.#servers = servers;
    this.port = servers[0]!.addr.port;
    this.hosts = servers.map(({ addr: { hostname, port } }) => {
      const host = PLACES.find(([place]) => place === hostname)?.[1] ?? hostname;
      return new URL(`http://${host}:${port}/`).host; // without the port if it is 80
    });
    for (const server of servers) server.unref();
  }

  async shutdown(): Promise<void> {
    await Promise.all(this.#servers.map((server) => server.shutdown()));
  }
}

/** Listens at an address, unless the machine does not have it and there is another. */
function listenIfPresent(
  servers: Deno.HttpServer<Deno.NetAddr>[],
  hostname: string,
  wanted: number,
  handler: LoopbackHandler,
): void {
  const port = servers[0]?.addr.port ?? wanted;
  const onError = () => new Response(null, { status: 500 });
  try {
    servers.push(Deno.serve({ hostname, port, onError, onListen: () => {} }, handler));
  } catch (error) {
    const isAbsent = !(error instanceof Deno.errors.AddrInUse) && servers.length > 0;
    if (!isAbsent) throw error;
  }
}

function mayListen(hostname: string, port: number): boolean {
  const host = hostname.includes(":") ? `[${hostname}]:${port}` : `${hostname}:${port}`;
  return Deno.permissions.querySync({ name: "net", host }).state === "granted";
}
