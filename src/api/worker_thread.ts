// The side of a crew that runs in the thread of a worker.

import { deliverStray, type StrayDatagram, takeSeat } from "../io/worker_seat.ts";
import type { BalancerConfiguration } from "../packet/balancer_code.ts";
import type { Order, Report } from "./crew_message.ts";
import type { CertificateOptions } from "./options/credentials.ts";
import type { ListenerStats } from "./stats/listener_stats.ts";

/** Milliseconds between two looks at what clients hold. */
const STATS_INTERVAL = 500;

/** A server as a worker runs it. */
export interface ThreadServer {
  readonly addrs: readonly { readonly hostname: string; readonly port: number }[];
  readonly stats: ListenerStats | undefined;
  setCertificates(certificates: CertificateOptions): void;
  setConnectionIds(configurations: readonly BalancerConfiguration[]): void;
  shutdown(): Promise<void>;
}

/**
 * Starts the server of a worker.
 *
 * @param options Those of the crew.
 * @param data What the application gives its workers.
 * @param signal Closes all connections.
 */
export type StartServer = (
  options: Record<string, unknown>,
  data: unknown,
  signal: AbortSignal,
) => Promise<ThreadServer>;

/** The thread that this module runs in. */
interface Thread {
  postMessage(report: Report): void;
  addEventListener(type: "message", listener: (event: MessageEvent<Order>) => void): void;
}

/**
 * Runs a server in the thread of a worker, as its crew says.
 *
 * @throws {TypeError} If this is no worker.
 */
export function runInThread(start: StartServer): void {
  if (!("WorkerGlobalScope" in globalThis)) {
    throw new TypeError(
      "Cannot serve in a worker: this is the main thread; call serveWorkers here",
    );
  }
  new WorkerThread(globalThis as unknown as Thread, start);
}

/** Does in the thread of a worker what its crew says. */
class WorkerThread {
  readonly #thread: Thread;
  readonly #start: StartServer;
  readonly #closing = new AbortController();
  #server: Promise<ThreadServer | undefined> = Promise.resolve(undefined);

  constructor(thread: Thread, start: StartServer) {
    this.#thread = thread;
    this.#start = start;
    thread.addEventListener("message", ({ data }) => this.#onOrder(data));
  }

  async #onOrder(order: Order): Promise<void> {
    if (order.kind === "start") this.#server = this.#begin(order);
    else if (order.kind === "datagram") deliverStray(order.stray);
    else if (order.kind === "certificates") {
      (await this.#server)?.setCertificates(order.certificates);
    } else if (order.kind === "connectionIds") {
      (await this.#server)?.setConnectionIds(order.configurations);
    } else {
      if (order.kind === "close") this.#closing.abort();
      await (await this.#server)?.shutdown();
      await this.#report();
      this.#thread.postMessage({ kind: "ended" });
    }
  }

  async #begin({ data, options, seat }: Order & { kind: "start" }): Promise<
    ThreadServer | undefined
  > {
    try {
      const handOn = (stray: StrayDatagram) =>
        this.#thread.postMessage({ kind: "datagram", stray });
      if (seat !== undefined) takeSeat({ ...seat, handOn });
      const server = await this.#start(options, data, this.#closing.signal);
      Deno.unrefTimer(setInterval(() => this.#report(), STATS_INTERVAL));
      const addrs = server.addrs.map(({ hostname, port }) =>
        ({ transport: "udp", hostname, port }) as const
      );
      this.#thread.postMessage({ kind: "ready", addrs });
      return server;
    } catch (error) {
      this.#thread.postMessage({ kind: "failed", message: (error as Error).message });
      return undefined;
    }
  }

  async #report(): Promise<void> {
    const stats = (await this.#server)?.stats;
    if (stats !== undefined) this.#thread.postMessage({ kind: "stats", stats });
  }
}
