// A worker of the server: a thread that serves the files.

import { reportLive, serveInWorker } from "../../mod.ts";
import { ClientFiles } from "./client_files.ts";
import { silent } from "./file_news.ts";
import { makeHandler } from "./handler.ts";
import { isWorker } from "./is_worker.ts";
import { libraryOptions } from "./library_options.ts";
import { readServerOptions, type ServerOptions } from "./server_options.ts";
import { Service } from "./service.ts";
import { WorkerLine } from "./worker_line.ts";

/** What the program gives its workers. */
export interface WorkerTask {
  /** The words of the command line. */
  readonly args: readonly string[];
  /** How many interfaces the server was told to use. */
  readonly interfaceCount: number;
}

/** What workers run: this file, or the one that it was bundled into. */
export const workerModule: URL = new URL(import.meta.url);

if (isWorker) {
  serveInWorker(async (data) => {
    const { args, interfaceCount } = data as WorkerTask;
    // The main thread has read them before.
    const options = readServerOptions(args) as ServerOptions;
    const service = new Service(options);
    const handler = service.watch(await makeHandler(options, silent));
    if (options.live !== undefined) reportLive();
    const clients = await ClientFiles.open(options, silent);
    const reopen = () => {
      service.reopen();
      clients.look();
    };
    WorkerLine.toProgram({ metrics: () => service.metrics, reopen });
    return {
      handler: service.overHttp3(handler, clients.authority),
      options: libraryOptions(options, interfaceCount, clients.options),
    };
  });
}
