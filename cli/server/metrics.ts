// What the server counts, as Prometheus reads it.

import type { ListenerStats, MultipathConnection } from "../../mod.ts";
import type { Exchange, ExchangeListener } from "./exchange.ts";

/** What resources are called in `server.stats`, and in the metrics. */
const RESOURCES = ["connections", "handshakes", "bytes", "files"] as const;
/** Methods that are told apart; a client may make up others. */
const METHODS: ReadonlySet<string> = new Set(["GET", "HEAD", "PUT", "OPTIONS"]);
/** Seconds that the buckets of durations end at. */
const BUCKETS = [0.005, 0.025, 0.1, 0.5, 2.5, 10, 60, 600];

/** A counter for each group of requests, in the order in which they came first. */
class Counters {
  readonly #values = new Map<string, number>();

  add(labels: string, count: number): void {
    this.#values.set(labels, (this.#values.get(labels) ?? 0) + count);
  }

  *lines(name: string): Iterable<string> {
    for (const [labels, value] of this.#values) yield `${name}{${labels}} ${value}`;
  }
}

/** What the metrics ask at the moment they are read. */
export interface MetricSources {
  readonly stats: () => ListenerStats | undefined;
  /** The name of the interface that has a local address. */
  readonly interfaceOf: (hostname: string) => string;
  readonly isDraining: () => boolean;
}

/**
 * Counts requests. No label names a client, a path of a URL or anything else that clients choose: each
 * value of a label costs memory for ever.
 */
export class Metrics implements ExchangeListener {
  readonly #sources: MetricSources;
  readonly #requests = new Counters();
  readonly #aborted = new Counters();
  readonly #bytes = new Counters();
  readonly #buckets: number[] = new Array(BUCKETS.length + 1).fill(0);
  readonly #connections = new Set<MultipathConnection>();
  readonly #startedAt = Date.now();
  #duration = 0;
  #inFlight = 0;

  constructor(sources: MetricSources) {
    this.#sources = sources;
  }

  /** A request came over this connection, whose paths are counted from now on. */
  see(connection: MultipathConnection): void {
    if (this.#connections.has(connection)) return;
    this.#connections.add(connection);
    const forget = () => this.#connections.delete(connection);
    connection.closed.then(forget, forget);
  }

  onBegin(): void {
    this.#inFlight++;
  }

  onEnd({ request, client, status, bytes, duration, isAborted }: Exchange): void {
    this.#inFlight--;
    const method = METHODS.has(request.method) ? request.method : "other";
    const labels = `protocol="${client.protocol}",method="${method}",code="${status}"`;
    this.#requests.add(labels, 1);
    if (isAborted) this.#aborted.add(`protocol="${client.protocol}"`, 1);
    this.#bytes.add(`protocol="${client.protocol}"`, bytes);
    const seconds = duration / 1_000;
    this.#duration += seconds;
    const index = BUCKETS.findIndex((end) => seconds <= end);
    this.#buckets[index < 0 ? BUCKETS.length : index]!++;
  }

  /** The text that Prometheus reads. */
  text(): string {
    const lines: string[] = [];
    const family = (name: string, type: string, help: string, values: Iterable<string>) =>
      lines.push(`# HELP ${name} ${help}`, `# TYPE ${name} ${type}`, ...values);
    const single = (name: string, type: string, help: string, value: number) =>
      family(name, type, help, [`${name} ${value}`]);
    const count = (name: string, help: string, counters: Counters) =>
      family(name, "counter", help, counters.lines(name));
    count("mpquic_http_requests_total", "Requests that are over.", this.#requests);
    count(
      "mpquic_http_requests_aborted_total",
      "Requests whose answer did not reach its end.",
      this.#aborted,
    );
    count("mpquic_http_response_bytes_total", "Bytes of content sent.", this.#bytes);
    single("mpquic_http_requests_in_flight", "gauge", "Requests under way.", this.#inFlight);
    family(
      "mpquic_http_request_duration_seconds",
      "histogram",
      "Time from a request to the end of its answer.",
      this.#durations("mpquic_http_request_duration_seconds"),
    );
    family(
      "mpquic_paths",
      "gauge",
      "Paths of connections that had a request.",
      this.#paths("mpquic_paths"),
    );
    single("mpquic_draining", "gauge", "1 while the server stops.", +this.#sources.isDraining());
    this.#stats(family);
    single(
      "process_start_time_seconds",
      "gauge",
      "When the server was started, in seconds since 1970.",
      this.#startedAt / 1_000,
    );
    single(
      "process_resident_memory_bytes",
      "gauge",
      "Memory of the process.",
      Deno.memoryUsage().rss,
    );
    return `${lines.join("\n")}\n`;
  }

  *#durations(name: string): Iterable<string> {
    let sum = 0;
    for (const [i, end] of [...BUCKETS, "+Inf"].entries()) {
      sum += this.#buckets[i]!;
      yield `${name}_bucket{le="${end}"} ${sum}`;
    }
    yield `${name}_sum ${this.#duration}`;
    yield `${name}_count ${sum}`;
  }

  *#paths(name: string): Iterable<string> {
    const counters = new Counters();
    for (const { paths } of this.#connections) {
      for (const { localAddr, status, stats } of paths) {
        const device = escapedLabel(this.#sources.interfaceOf(localAddr.hostname));
        counters.add(`interface="${device}",status="${status}",health="${stats.health}"`, 1);
      }
    }
    yield* counters.lines(name);
  }

  #stats(family: (name: string, type: string, help: string, values: string[]) => void): void {
    const stats = this.#sources.stats();
    if (stats === undefined) return;
    const rows = (name: string, value: "held" | "peak" | "refused") =>
      RESOURCES.map((resource) => `${name}{resource="${resource}"} ${stats[resource][value]}`);
    family("mpquic_held", "gauge", "What clients hold.", rows("mpquic_held", "held"));
    family("mpquic_held_peak", "gauge", "The most they held.", rows("mpquic_held_peak", "peak"));
    family(
      "mpquic_refused_total",
      "counter",
      "How often clients were refused something.",
      rows("mpquic_refused_total", "refused"),
    );
    family("mpquic_retries_sent_total", "counter", "Retry packets sent.", [
      `mpquic_retries_sent_total ${stats.retriesSent}`,
    ]);
  }
}

function escapedLabel(text: string): string {
  return text.replaceAll(/["\\\n]/g, (sign) => sign === "\n" ? "\\n" : `\\${sign}`);
}
