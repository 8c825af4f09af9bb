// Shows in a browser what the connections of a program do: `serveLive`.

import { monotonicNow } from "../io/clock.ts";
import { type LoopbackHttp, serveOnLoopback } from "../io/loopback_http.ts";
import { SystemRandom } from "../io/random.ts";
import { backgroundInterval, backgroundTimer } from "../io/timer.ts";
import { Collector } from "./collector.ts";
import { Gate } from "./gate.ts";
import { LivePage } from "./live_page.ts";
import { LiveStore } from "./live_store.ts";
import { plainText } from "./plain_text.ts";
import { hearThreads, reportToThread } from "./thread_line.ts";

/** Milliseconds between two looks at the connections. */
const INTERVAL = 250;
/** Milliseconds that viewers have to take the last message. */
const LONGEST_END = 500;

/**
 * How a live view is served.
 *
 * @category Traces
 */
export interface LiveOptions {
  /** The TCP port, on `127.0.0.1` and `::1`; 0 (the default) for any that is free. */
  port?: number;
  /** What the page is called. */
  title?: string;
}

/**
 * A page that shows what the connections of the program do; see {@linkcode serveLive}.
 *
 * @category Traces
 */
export interface LiveView extends AsyncDisposable {
  /**
   * Where to look. The address is good for one browser; once it was opened, this is another one, for
   * the next browser.
   */
  readonly url: string;
  /** Where it listens, as URLs write it: `127.0.0.1:PORT`, and `[::1]:PORT` if there is IPv6. */
  readonly hosts: readonly string[];
  /** How many pages look now. */
  readonly viewers: number;
  /** Tells viewers that the program ends, and stops. Their pages keep what they show. */
  close(): Promise<void>;
}

/**
 * Shows in a browser what the connections of the program do: for each path the rate, round-trip time,
 * window and losses of the last five minutes, and what happens to it and why.
 *
 * All connections are shown whose handshakes are completed from then on, those of `fetch` and `serve`
 * too, in this thread and in those that call {@linkcode reportLive}; of a thread no more than 32 at a
 * time, the others are counted.
 *
 * The page is served on loopback only, to the browser that opens `url` first: other users of the
 * machine, and pages of other origins, see nothing. It does not keep the process.
 *
 * @param options The port and the title.
 * @returns The view, which listens.
 * @throws {Deno.errors.AddrInUse} If the port is taken.
 * @throws {TypeError} If the program may not listen on loopback, or an option is out of range.
 *
 * @example
 * ```ts ignore
 * import { fetch, serveLive } from "@mpquic/mpquic";
 *
 * await using view = serveLive({ title: "download" });
 * console.log(`Open ${view.url}`);
 * const response = await fetch("https://example.com/film.mp4");
 * await Deno.writeFile("film.mp4", response.body!);
 * ```
 *
 * @category Traces
 */
export function serveLive(options: LiveOptions = {}): LiveView {
  const { port = 0, title = "mpquic" } = options;
  if (!Number.isInteger(port) || port < 0 || port > 65_535) {
    throw new TypeError(`Cannot listen on port ${port}: give a whole number from 0 to 65535`);
  }
  return new ServedView(port, plainText(title));
}

/**
 * Reports what the connections of this thread do to the live view of another thread of the program,
 * such as that of {@linkcode serveWorkers}. Where there is no live view, nothing hears it.
 *
 * @returns Ends the reports.
 *
 * @example In the module of a worker
 * ```ts ignore
 * import { reportLive, serveInWorker } from "@mpquic/mpquic";
 *
 * serveInWorker(() => {
 *   reportLive();
 *   return { handler: () => new Response("hello") };
 * });
 * ```
 *
 * @category Traces
 */
export function reportLive(): () => void {
  const collector = new Collector(epochNow);
  const stop = reportToThread(`${crypto.randomUUID()}-`, collector, INTERVAL);
  return () => {
    stop();
    collector.stop();
  };
}

/** Milliseconds since 1970 by a clock that is not set meanwhile, the same in all threads. */
function epochNow(): number {
  return performance.timeOrigin + monotonicNow();
}

class ServedView implements LiveView {
  readonly #gate = new Gate(new SystemRandom());
  readonly #store = new LiveStore();
  readonly #collector: Collector;
  readonly #page: LivePage;
  readonly #http: LoopbackHttp;
  readonly #stopTimer: () => void;
  readonly #stopHearing: () => void;
  #closing: Promise<void> | undefined;

  constructor(port: number, title: string) {
    // Few programs show anything: the page is read when it is needed.
    const files = import("./page/files.ts").then(({ pageFiles }) => pageFiles);
    files.catch(() => {}); // each request tells it
    this.#page = new LivePage(this.#gate, this.#store, files, { title, interval: INTERVAL });
    this.#http = serveOnLoopback(port, (request) => this.#page.answer(request));
    this.#gate.guard(this.#http.hosts);
    this.#collector = new Collector(epochNow);
    this.#stopTimer = backgroundInterval(() => this.#look(), INTERVAL);
    this.#stopHearing = hearThreads((name, report) => this.#store.take(name, report, epochNow()));
  }

  get url(): string {
    return `http://${this.hosts[0]}/?token=${this.#gate.token}`;
  }

  get hosts(): readonly string[] {
    return this.#http.hosts;
  }

  get viewers(): number {
    return this.#page.viewers;
  }

  close(): Promise<void> {
    return this.#closing ??= this.#close();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #close(): Promise<void> {
    this.#look();
    this.#stopTimer();
    this.#stopHearing();
    this.#collector.stop();
    this.#page.end();
    const late = Promise.withResolvers<void>();
    const cancel = backgroundTimer(late.resolve, LONGEST_END);
    await Promise.race([this.#http.shutdown(), late.promise]);
    cancel();
  }

  #look(): void {
    this.#store.take("", this.#collector.report(), epochNow());
  }
}
