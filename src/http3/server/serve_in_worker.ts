// Serves HTTP/3 in a worker: `serveInWorker`.

import { MultipathConnection } from "../../api/multipath_connection.ts";
import { runInThread } from "../../api/worker_thread.ts";
import type { ServeOptions } from "../options.ts";
import type { RequestHandler } from "../handler.ts";
import { createServe } from "./http_server.ts";

/**
 * Options of a worker's server that cannot be copied from another thread, as they are functions: what
 * `serveWorkers` does not take.
 *
 * @category HTTP/3
 */
export type WorkerServeOptions = Omit<
  ServeOptions,
  "port" | "cert" | "key" | "localAddresses" | "secret" | "instance" | "connectionIds" | "signal"
>;

/**
 * What a worker serves with: a handler, or a handler with options that follow from the data.
 *
 * @category HTTP/3
 */
export type WorkerService =
  | RequestHandler<MultipathConnection>
  | {
    /** Makes the response to each request. */
    readonly handler: RequestHandler<MultipathConnection>;
    /** What is the worker's own: functions, such as `onError`. */
    readonly options: WorkerServeOptions;
  };

const serve = createServe((options) => MultipathConnection.listen(options));

/**
 * Serves HTTP/3 in a worker that `serveWorkers` has started. The module that workers run calls it
 * once.
 *
 * @param start Makes the handler of this worker from the data that `serveWorkers` was given.
 * @throws {TypeError} If this is no worker.
 *
 * @example
 * ```ts ignore
 * // worker.ts
 * import { serveInWorker } from "@mpquic/mpquic";
 *
 * serveInWorker((greeting) => () => new Response(String(greeting)));
 * ```
 *
 * @category HTTP/3
 */
export function serveInWorker(
  start: (data: unknown) => WorkerService | Promise<WorkerService>,
): void {
  runInThread(async (given, data, signal) => {
    const service = await start(data);
    const { handler, options } = typeof service === "function"
      ? { handler: service, options: {} }
      : service;
    // The crew gives what a server needs.
    return serve({ ...options, ...given as unknown as ServeOptions, signal }, handler);
  });
}
