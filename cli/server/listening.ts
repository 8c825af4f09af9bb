// Where the server listens, in one thread or in several, and over TCP as well.

import {
  type MultipathConnection,
  type RequestHandler,
  serve,
  serveWorkers,
  type WorkerServer,
} from "../../mod.ts";
import { Failure } from "../console/failure.ts";
import { report } from "../console/output.ts";
import type { KeyPair } from "./certificate.ts";
import type { FleetOptions } from "./fleet.ts";
import { libraryOptions, type OwnOptions } from "./library_options.ts";
import type { ServerOptions } from "./server_options.ts";
import { PortInUse } from "./port_in_use.ts";
import { workerModule, type WorkerTask } from "./worker.ts";

/** The server, however many threads serve. */
export type HttpServer =
  & Pick<
    ReturnType<typeof serve>,
    "addr" | "addrs" | "setCertificates" | "setConnectionIds" | "shutdown" | "stats"
  >
  & Partial<Pick<WorkerServer, "close" | "isAlone" | "replaceWorkers">>;

/** Where a server listens, and by which keys. */
export interface ListeningPlace extends KeyPair, FleetOptions {
  /** Certificates for further names. */
  readonly certificates: readonly KeyPair[];
  /** Local addresses, or interfaces; none for all. */
  readonly localAddresses: readonly string[];
}

/** Ports of the system's choice that are tried before the server gives up. */
const MOST_PORTS = 5;

/**
 * Listens over UDP, and over TCP at the port of the same number. A port that the system chose for
 * UDP may be another program's over TCP; then the system chooses again.
 *
 * @param port What the command line says; 0 lets the system choose.
 * @param overUdp Listens over UDP.
 * @param overTcp Listens over TCP where the server over UDP does.
 * @throws {PortInUse} If another program has the port.
 */
export async function listenOnBoth<Server extends Pick<HttpServer, "shutdown">, Tcp>(
  port: number,
  overUdp: () => Promise<Server>,
  overTcp: (server: Server) => Promise<Tcp>,
): Promise<{ readonly server: Server; readonly tcp: Tcp }> {
  for (let tries = 1;; tries++) {
    const server = await overUdp();
    try {
      return { server, tcp: await overTcp(server) };
    } catch (error) {
      await server.shutdown();
      if (port !== 0 || tries === MOST_PORTS || !(error instanceof PortInUse)) throw error;
    }
  }
}

/**
 * Listens, and serves in this thread.
 *
 * @param options What the command line says.
 * @param place Where, and by which keys.
 * @param handler Answers requests.
 * @param own What each thread makes for itself: what carries tunnels, and what judges clients.
 * @param signal Closes all connections.
 */
export function listen(
  options: ServerOptions,
  place: ListeningPlace,
  handler: RequestHandler<MultipathConnection>,
  own: OwnOptions,
  signal: AbortSignal,
): HttpServer {
  const more = libraryOptions(options, place.localAddresses.length, own);
  try {
    return serve({ ...listenOptions(options, place), ...more, signal }, handler);
  } catch (error) {
    throw cannotListen(error, place, options.port);
  }
}

/**
 * Listens, and serves in threads.
 *
 * @param options What the command line says.
 * @param place Where, and by which keys.
 * @param args The words of the command line, which the threads read as well.
 */
export async function listenWorkers(
  options: ServerOptions,
  place: ListeningPlace,
  args: readonly string[],
): Promise<HttpServer> {
  const task: WorkerTask = { args, interfaceCount: place.localAddresses.length };
  try {
    const server = await serveWorkers({
      ...listenOptions(options, place),
      workers: options.workers!,
      module: workerModule,
      data: task,
      onWorkerError: (message) =>
        report(`A worker has died, and another one takes over: ${message}`),
    });
    if (server.isAlone) {
      report("Only one core serves: sockets cannot be shared here; give --allow-ffi on Linux");
    }
    return server;
  } catch (error) {
    throw cannotListen(error, place, options.port);
  }
}

function listenOptions({ port }: ServerOptions, place: ListeningPlace) {
  const { localAddresses, ...identity } = place;
  const addresses = localAddresses.length > 0 ? { localAddresses: [...localAddresses] } : {};
  return { port, ...addresses, ...identity };
}

function cannotListen(
  error: unknown,
  { localAddresses }: ListeningPlace,
  port: number,
): unknown {
  const place = localAddresses.join(", ") || "this machine";
  if (error instanceof Deno.errors.AddrInUse) return new PortInUse("UDP", place, port);
  if (error instanceof Deno.errors.AddrNotAvailable) {
    return new Failure(
      `Cannot listen on ${place}: this machine does not have that address; name another with --host or -n`,
    );
  }
  if (!(error instanceof Deno.errors.PermissionDenied)) return error;
  return new Failure(
    `Cannot listen on port ${port}: that is not allowed; choose one above 1023 with -port`,
  );
}
