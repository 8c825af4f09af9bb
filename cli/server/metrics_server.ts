// A server of its own, for those who run the other one: metrics, and whether it is well.

import { Failure } from "../console/failure.ts";
import type { MetricsAddress } from "../flags/service_flags.ts";
import type { Metrics } from "./metrics.ts";

/** The media type of the text format of Prometheus. */
const TYPE = "text/plain; version=0.0.4; charset=utf-8";

/** `/metrics` and `/healthz`, over HTTP. */
export class MetricsServer {
  readonly #server: Deno.HttpServer<Deno.NetAddr>;

  /**
   * @param at Where it is to listen.
   * @param metrics What it tells.
   * @param isDraining Whether the server takes no more requests: a balancer then sends none.
   */
  constructor(
    { hostname, port }: MetricsAddress,
    metrics: Pick<Metrics, "text">,
    isDraining: () => boolean,
  ) {
    try {
      this.#server = Deno.serve({ hostname, port, onListen: () => {} }, ({ method, url }) => {
        const { pathname } = new URL(url);
        if (method !== "GET" && method !== "HEAD") return new Response(null, { status: 405 });
        if (pathname === "/healthz") {
          return isDraining()
            ? new Response("stopping\n", { status: 503 })
            : new Response("well\n");
        }
        if (pathname !== "/metrics") return new Response("See /metrics\n", { status: 404 });
        return new Response(metrics.text(), { headers: { "content-type": TYPE } });
      });
    } catch (error) {
      if (error instanceof Deno.errors.NotCapable) throw error;
      throw new Failure(
        `Cannot listen for metrics at ${hostname} port ${port}: ${
          (error as Error).message
        }; name another address with --metrics`,
      );
    }
    this.#server.unref();
  }

  /** Where it listens. */
  get addr(): Deno.NetAddr {
    return this.#server.addr;
  }
}
