// The options of a listener that is one of several workers, started by the application.

import { type LentSocket, seatFor, takeSeat, type WorkerSeat } from "../../io/worker_seat.ts";
import type { ListenOptions } from "./options.ts";

/** The sockets at one address, as one process tells another: see `WorkerSockets`. */
export interface SharedSockets {
  readonly hostname: string;
  readonly port: number;
  readonly descriptors: readonly number[];
}

/** A listener with its place among workers, if it has one. */
export interface Seated {
  readonly options: ListenOptions;
  readonly seat: WorkerSeat | undefined;
}

/**
 * The place of a listener among the workers of a server: what its options say, or what its thread was
 * given.
 *
 * @returns It, and the options with the addresses and the port of its sockets.
 * @throws {TypeError} Which option cannot be used, and what to give.
 */
export function seated(options: ListenOptions): Seated {
  const { workerIndex, workerSockets } = options;
  if (workerIndex === undefined && workerSockets === undefined) {
    return { options, seat: seatFor(options.port) };
  }
  if (workerIndex === undefined || workerSockets === undefined) {
    throw new TypeError("Cannot listen as a worker: give workerIndex and workerSockets together");
  }
  const sockets = read(workerSockets).map((shared) => lent(shared, workerIndex));
  const seat = { number: workerIndex, sockets };
  takeSeat(seat);
  const localAddresses = sockets.map(({ hostname }) => hostname);
  return { options: { ...options, localAddresses, port: sockets[0]!.port }, seat };
}

function lent({ descriptors, hostname, port }: SharedSockets, index: number): LentSocket {
  const descriptor = descriptors[index];
  if (descriptor !== undefined) return { hostname, port, descriptor };
  throw new TypeError(
    `Cannot listen as worker ${index}: there are ${descriptors.length}, numbered from 0 on`,
  );
}

function read(text: string): readonly SharedSockets[] {
  try {
    const all: unknown = JSON.parse(text);
    if (Array.isArray(all) && all.length > 0 && all.every(areSockets)) return all;
  } catch {
    // It was written by something else.
  }
  throw new TypeError("Cannot use workerSockets: give the text of WorkerSockets as it is");
}

function areSockets(value: unknown): value is SharedSockets {
  const { descriptors, hostname, port } = (value ?? {}) as Partial<SharedSockets>;
  return typeof hostname === "string" && Number.isInteger(port) && Array.isArray(descriptors) &&
    descriptors.every(Number.isInteger);
}
