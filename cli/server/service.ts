// What surrounds a server that runs for a long time: its log, its metrics, its pace, its end.

import type { MultipathConnection, RequestHandler, serve } from "../../mod.ts";
import { Failure } from "../console/failure.ts";
import { print } from "../console/output.ts";
import { whyNot } from "../console/why_not.ts";
import type { FileHandler } from "../files/static_files.ts";
import type { ServiceChoices } from "../flags/service_flags.ts";
import { Throttle } from "../http/throttle.ts";
import { targetText } from "../paths/plan_paths.ts";
import { InterfaceNames } from "../paths/present_interfaces.ts";
import { AccessLog } from "./access_log.ts";
import type { ClientAuthority } from "./client_authority.ts";
import { type ClientHandler, type ExchangeListener, observed } from "./exchange.ts";
import { Metrics } from "./metrics.ts";
import { MetricsServer } from "./metrics_server.ts";
import type { SummedMetrics } from "./summed_metrics.ts";

/** The part of a server that metrics ask. */
type Counted = Pick<ReturnType<typeof serve>, "stats">;

/** Keeps the log and the metrics of a server. */
export class Service {
  readonly #choices: ServiceChoices;
  readonly #log: AccessLog | undefined;
  readonly #metrics: Metrics | undefined;
  #metricsServer: MetricsServer | undefined;
  #server: Counted | undefined;
  #isDraining = false;

  /** @throws {Failure} If the log cannot be written. */
  constructor(choices: ServiceChoices) {
    this.#choices = choices;
    this.#log = choices.accessLog === undefined ? undefined : openLog(choices.accessLog, choices);
    if (choices.metrics === undefined) return;
    const names = new InterfaceNames();
    this.#metrics = new Metrics({
      stats: () => this.#server?.stats,
      interfaceOf: (hostname) => names.nameOf(hostname) ?? "unknown",
      isDraining: () => this.#isDraining,
    });
  }

  /** A handler whose requests are logged and counted, and whose answers keep the pace. */
  watch(handler: FileHandler): ClientHandler {
    const { limitRate } = this.#choices;
    const listeners: ExchangeListener[] = [this.#log, this.#metrics].filter((one) =>
      one !== undefined
    );
    const pace = limitRate === undefined ? undefined : () => new Throttle(limitRate);
    return observed(handler, listeners, pace);
  }

  /**
   * The same handler for HTTP/3.
   *
   * @param authority Knows the users of certificates, if clients are asked for any.
   */
  overHttp3(
    handler: ClientHandler,
    authority: ClientAuthority | undefined,
  ): RequestHandler<MultipathConnection> {
    return (request, { connection, remoteAddr, completed }) => {
      this.#metrics?.see(connection);
      const [certificate] = connection.peerCertificates;
      return handler(request, {
        address: remoteAddr.hostname,
        protocol: "HTTP/3.0",
        paths: () => pathsOf(connection),
        completed,
        certificateUser: certificate && authority?.userOf(certificate),
      });
    };
  }

  /**
   * The server runs: its metrics can be asked for.
   *
   * @param workers What its workers count; left out if there are none.
   * @throws {Failure} If they cannot be served where they should be.
   */
  start(server: Counted, workers?: SummedMetrics): void {
    this.#server = server;
    const { metrics } = this.#choices;
    if (metrics === undefined) return;
    const isDraining = () => this.#isDraining;
    const own = this.#metrics!;
    const text = () => workers === undefined ? own.text() : workers.text(own.text());
    this.#metricsServer = new MetricsServer(metrics, { text }, isDraining);
    print(`Metrics at http://${targetText(this.#metricsServer.addr)}/metrics`);
  }

  /** The text of its metrics; undefined if it keeps none. */
  get metrics(): string | undefined {
    return this.#metrics?.text();
  }

  /** The log's file was moved away, say by a program that rotates logs. */
  reopen(): void {
    this.#log?.reopen();
  }

  /** The server takes no more requests. */
  drain(): void {
    this.#isDraining = true;
  }

  /** The server has ended. */
  close(): void {
    this.#log?.close();
  }
}

function openLog(path: string, { logFormat: format, logQuery: hasQuery }: ServiceChoices) {
  try {
    return new AccessLog(path, { format, hasQuery });
  } catch (error) {
    if (error instanceof Deno.errors.NotCapable) throw error;
    throw new Failure(
      `Cannot write the access log ${path}: ${whyNot(error)}; name another file with --access-log`,
    );
  }
}

function pathsOf({ paths }: MultipathConnection): string[] {
  return paths.map(({ localAddr, remoteAddr }) =>
    `${targetText(remoteAddr)}>${targetText(localAddr)}`
  );
}
