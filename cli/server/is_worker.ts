// Which thread this is.

/** Whether this is the thread of a worker. */
export const isWorker: boolean = "WorkerGlobalScope" in globalThis;
