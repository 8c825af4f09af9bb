// The access log: a line for each request, in the form that tools know or as JSON.

import { report } from "../console/output.ts";
import { whyNot } from "../console/why_not.ts";
import { writeAllSync } from "../console/write_all.ts";
import type { LogFormat } from "../flags/service_flags.ts";
import type { Exchange, ExchangeListener, RequestHead } from "./exchange.ts";

/** Characters that a field of a request may have in the log. */
const LONGEST_FIELD = 1_024;
/** Milliseconds for which lines are gathered. */
const INTERVAL = 100;
/** Characters that may wait; what comes beyond is left out. */
const MOST_WAITING = 4_000_000;

const encoder = new TextEncoder();

/** What a line shows. */
export interface LineOptions {
  readonly format: LogFormat;
  /** Whether what stands behind a question mark is shown. */
  readonly hasQuery: boolean;
}

/**
 * The line for a request, without its end.
 *
 * @param exchange The request and its answer.
 * @param options What the line shows.
 */
export function accessLine(exchange: Exchange, { format, hasQuery }: LineOptions): string {
  const { time, client, request, user, status, bytes, duration, isAborted } = exchange;
  const { pathname, search, host } = new URL(request.url);
  const method = cut(request.method);
  const target = cut(hasQuery ? pathname + search : pathname);
  const referer = refererOf(request, hasQuery);
  const agent = cut(request.agent);
  if (format === "combined") {
    const line = `${method} ${target} ${client.protocol}`;
    return `${client.address} - ${logName(user)} [${clfTime(time)}] "${
      escaped(line)
    }" ${status} ${bytes} ` +
      `"${escaped(referer || "-")}" "${escaped(agent || "-")}"`;
  }
  return asciiJson({
    time: time.toISOString(),
    client: client.address,
    ...user !== "" && { user: cut(user) },
    paths: client.paths(),
    protocol: client.protocol,
    method,
    host: cut(host),
    target,
    ...request.range !== "" && { range: cut(request.range) },
    status,
    bytes,
    duration_ms: Math.round(duration),
    aborted: isAborted,
    ...referer !== "" && { referer },
    ...agent !== "" && { agent },
  });
}

/** A name between spaces, so without any itself. */
function logName(user: string): string {
  return user === "" ? "-" : escaped(cut(user)).replaceAll(" ", "\\x20");
}

/** Where the visitor comes from has a query, too. */
function refererOf(request: RequestHead, hasQuery: boolean): string {
  const referer = cut(request.referer);
  return hasQuery ? referer : referer.replace(/[?#].*$/s, "");
}

function cut(text: string): string {
  return text.length > LONGEST_FIELD ? text.slice(0, LONGEST_FIELD) : text;
}

/** Each byte that is no plain character as `\xHH`, so that a line is one line, and its quotes are ours. */
function escaped(text: string): string {
  return text.replaceAll(
    /[^\x20-\x7e]+|["\\]/gu,
    (part) =>
      Array.from(encoder.encode(part), (byte) => `\\x${byte.toString(16).padStart(2, "0")}`).join(
        "",
      ),
  );
}

function asciiJson(value: unknown): string {
  return JSON.stringify(value).replaceAll(
    /[^\x20-\x7e]/g,
    (sign) => `\\u${sign.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}

const MONTHS = "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split(" ");

function clfTime(time: Date): string {
  const [day, hour, minute, second] = [
    time.getUTCDate(),
    time.getUTCHours(),
    time.getUTCMinutes(),
    time.getUTCSeconds(),
  ].map((number) => `${number}`.padStart(2, "0"));
  const date = `${day}/${MONTHS[time.getUTCMonth()]}/${time.getUTCFullYear()}`;
  return `${date}:${hour}:${minute}:${second} +0000`;
}

/**
 * A log in a file, or on standard output. It informs: a full disk costs lines, not answers; how many
 * is said once there is room again.
 */
export class AccessLog implements ExchangeListener {
  readonly #path: string;
  readonly #options: LineOptions;
  #file: Deno.FsFile | undefined;
  #lines: string[] = [];
  #waiting = 0;
  #missing = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;

  /**
   * @param path The file, to which lines are appended; "-" for standard output.
   * @param options What a line shows.
   * @throws {Error} If the file cannot be written.
   */
  constructor(path: string, options: LineOptions) {
    this.#path = path;
    this.#options = options;
    this.#open();
  }

  onEnd(exchange: Exchange): void {
    const line = accessLine(exchange, this.#options);
    if (this.#waiting + line.length > MOST_WAITING) {
      this.#missing++;
      return;
    }
    this.#waiting += line.length;
    this.#lines.push(line);
    this.#timer ??= setTimeout(() => this.flush(), INTERVAL);
  }

  /** Writes what waits. */
  flush(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    if (this.#lines.length === 0) return;
    const count = this.#lines.length;
    const bytes = encoder.encode(`${this.#lines.join("\n")}\n`);
    this.#lines = [];
    this.#waiting = 0;
    try {
      writeAllSync(this.#file ?? Deno.stdout, bytes);
    } catch {
      this.#missing += count;
      return;
    }
    if (this.#missing > 0) {
      report(`Cannot write all of the access log: ${this.#missing} lines miss`);
    }
    this.#missing = 0;
  }

  /** Writes on into the file that has the name now: the other one was moved away. */
  reopen(): void {
    this.flush();
    const before = this.#file;
    try {
      this.#open();
      before?.close();
    } catch (error) {
      report(`Cannot open the access log again: ${whyNot(error)}; the old one goes on`);
    }
  }

  close(): void {
    this.flush();
    this.#file?.close();
    this.#file = undefined;
  }

  #open(): void {
    if (this.#path === "-") return;
    this.#file = Deno.openSync(this.#path, { append: true, create: true, mode: 0o640 });
  }
}
