// Sockets for workers that an application starts itself: `openWorkerSockets`.

import { opensNative } from "../io/open_socket.ts";
import { MAX_WORKERS } from "../packet/worker_mask.ts";
import type { ListenOptions } from "./options/options.ts";
import type { SharedSockets } from "./options/worker_options.ts";
import { WorkerGroups } from "./worker_groups.ts";

/**
 * What the sockets of workers depend on. The workers are given the same values.
 *
 * @category Connections
 */
export interface WorkerSocketOptions extends
  Pick<
    ListenOptions,
    "connectionIds" | "key" | "localAddresses" | "native" | "port" | "secret"
  > {
  /** How many workers there are, from 1 to 32. */
  workerCount: number;
}

/**
 * The sockets of workers that an application starts itself: processes, or threads. Each worker has
 * one at each address, and the kernel gives it the datagrams of its connections, whatever address
 * they come from.
 *
 * @category Connections
 */
export class WorkerSockets implements Disposable {
  readonly #groups: WorkerGroups;
  readonly #count: number;

  /** Use `openWorkerSockets`. */
  constructor(options: WorkerSocketOptions) {
    const { native, workerCount: count } = options;
    if (!Number.isInteger(count) || count < 1 || count > MAX_WORKERS) {
      throw new TypeError(
        `Cannot open sockets for ${count} workers: give a whole number from 1 to ${MAX_WORKERS}`,
      );
    }
    if (!opensNative(native)) {
      throw new TypeError(
        "Cannot share sockets: those of the system are needed (64-bit Linux, --allow-ffi)",
      );
    }
    this.#count = count;
    this.#groups = new WorkerGroups(options, count, true);
    try {
      this.accept(this.#all);
    } catch (error) {
      this.#groups.close();
      throw error;
    }
  }

  get #all(): number[] {
    return Array.from({ length: this.#count }, (_, index) => index);
  }

  /** Where the workers listen. */
  get addrs(): readonly Deno.NetAddr[] {
    return this.#groups.addrs;
  }

  /** The first address they listen at. */
  get addr(): Deno.NetAddr {
    return this.addrs[0]!;
  }

  /**
   * What the workers are told, as their option `workerSockets`. It holds for threads of this process,
   * and for processes that this one has started.
   */
  get text(): string {
    const lent = this.#all.map((index) => this.#groups.socketsOf(index));
    const shared: SharedSockets[] = this.addrs.map(({ hostname, port }, at) => {
      return { hostname, port, descriptors: lent.map((sockets) => sockets[at]!.descriptor) };
    });
    return JSON.stringify(shared);
  }

  /**
   * Which workers get new clients from now on; at first all do. Their connections they keep.
   *
   * @param indexes Some of the workers; one that stands there twice gets twice as many.
   * @throws {TypeError} If there is none, or no such worker.
   *
   * @example Worker 1 gets no new clients while it is replaced
   * ```ts ignore
   * sockets.accept([0, 2, 3]);
   * ```
   */
  accept(indexes: readonly number[]): void {
    const all = this.#all;
    const unknown = indexes.find((index) => !all.includes(index));
    if (indexes.length === 0 || unknown !== undefined) {
      throw new TypeError(
        `Cannot give new clients to ${unknown ?? "no worker"}: name some of ${all.join(", ")}`,
      );
    }
    this.#groups.steer(all, indexes);
  }

  /** Closes them here; workers that listen have theirs still. */
  close(): void {
    this.#groups.close();
  }

  /** The same as `close()`. */
  [Symbol.dispose](): void {
    this.close();
  }
}

/**
 * Opens the sockets of workers that an application starts itself, with `listen` or `serve` in each of
 * them. `serveWorkers` does all of this for threads.
 *
 * The program that calls this keeps the sockets as long as there are workers, and starts those again
 * that end. A datagram that meets another worker than its own is dropped, and counted as a stray; no
 * worker resets connections of another. One that has taken the place of a dead one resets those of
 * that, so that their clients learn of it. Processes read 0-RTT data of sessions that they have given
 * themselves; limits count for each worker.
 *
 * @param options Where to listen, and what connection IDs depend on.
 * @throws {TypeError} Where sockets cannot be shared: without the sockets of the system.
 *
 * @example
 * ```ts ignore
 * import { openWorkerSockets, serve } from "@mpquic/mpquic";
 *
 * const index = Deno.env.get("INDEX");
 * if (index === undefined) {
 *   using sockets = openWorkerSockets({ port: 443, key, workerCount: 4 });
 *   await startProcesses(4, sockets.text); // with INDEX and SOCKETS in their environment
 * } else {
 *   const workerSockets = Deno.env.get("SOCKETS")!;
 *   serve({ port: 443, cert, key, workerIndex: Number(index), workerSockets }, handler);
 * }
 * ```
 *
 * @category Connections
 */
export function openWorkerSockets(options: WorkerSocketOptions): WorkerSockets {
  return new WorkerSockets(options);
}
