#!/usr/bin/env -S deno run --unstable-net --allow-net --allow-read --allow-write --allow-sys=networkInterfaces --allow-env
/**
 * Fetches URLs over one HTTP/3 connection that uses several network paths at once.
 *
 * ```sh
 * deno run -A --unstable-net jsr:@mpquic/mpquic/client -n eth0,wlan0 https://server.example:6121/
 * ```
 *
 * @module
 */
import type { Carrier } from "./client/carrier.ts";
import { type ClientOptions, clientProgram, readClientOptions } from "./client/client_options.ts";
import { lostConnection } from "./console/connect_failure.ts";
import { Failure } from "./console/failure.ts";
import { absenceLines } from "./paths/interfaces.ts";
import { logOptions } from "./flags/log_flags.ts";
import { requestLines, responseHead, responseLines } from "./http/message_text.ts";
import { openCarrier } from "./client/open_carrier.ts";
import { print, report } from "./console/output.ts";
import { diagnoseLink } from "./paths/link_diagnosis.ts";
import { PathNews } from "./paths/path_news.ts";
import {
  doubled,
  type PlannedPath,
  planPaths,
  readTarget,
  type Target,
} from "./paths/plan_paths.ts";
import {
  choosePresentInterfaces,
  InterfaceNames,
  resolveHost,
} from "./paths/present_interfaces.ts";
import { onInterruption, runProgram, say } from "./console/program.ts";
import { stoppable } from "./console/stoppable.ts";
import { printable } from "./console/printable.ts";
import { type Progress, summaryLines } from "./client/progress.ts";
import { bestStyle, ProgressDisplay } from "./client/progress_display.ts";
import { helpWidth, terminalSize } from "./console/terminal_size.ts";
import { followRedirects } from "./http/redirects.ts";
import { RequestContent } from "./http/request_content.ts";
import { requestHeaders } from "./flags/request_flags.ts";
import { MultipathCarrier } from "./client/multipath_carrier.ts";
import { type Answer, openOutput, Transfer, type TransferOptions } from "./client/transfer.ts";
import { usageText } from "./flags/usage.ts";
import { version } from "./console/version.ts";

/** Milliseconds after which all paths should have been tried. */
const PATHS_DUE = 3_000;

/** Takes a line for people, unless they want none. */
type Note = (line: string) => unknown;

if (import.meta.main) await runProgram(clientProgram.name, () => runClient(Deno.args));

/**
 * Runs the client to its end.
 *
 * @param args The words of the command line.
 * @returns The exit code.
 */
export async function runClient(args: readonly string[]): Promise<number> {
  const options = readClientOptions(args);
  if (options === "help") return say(usageText(clientProgram, helpWidth()));
  if (options === "version") return say(version);
  const interruption = new AbortController();
  const stop = (failure: Failure) => interruption.abort(failure);
  const forget = onInterruption(() => stop(new Failure("Stopped before the end", 130)));
  const { maxTime } = options;
  const timer = maxTime && setTimeout(() => stop(tooSlow(maxTime)), maxTime);
  try {
    return await download(options, interruption.signal);
  } finally {
    clearTimeout(timer);
    forget();
  }
}

function tooSlow(maxTime: number): Failure {
  return new Failure(
    `Cannot finish in ${maxTime / 1000} s; allow more with --max-time, or leave it out`,
  );
}

/** Finds out which interface goes to which address, before anything is sent. */
async function makePlan(options: ClientOptions, note: Note): Promise<readonly PlannedPath[]> {
  const chosen = choosePresentInterfaces(options.interfaces);
  const interfaces = options.fakeMultipath ? doubled(chosen) : chosen;
  const port = Number(options.urls[0]!.port || 443);
  const targets = options.multipathAddresses.map((text) => readTarget(text, port));
  planPaths(interfaces, targets.map(() => [])); // refuses what cannot fit before it looks anything up
  const plan = planPaths(interfaces, await Promise.all(targets.map(resolved)));
  absenceLines(chosen).forEach(note);
  return plan;
}

/** All addresses that a host has. */
async function resolved({ hostname, port }: Target): Promise<Target[]> {
  return (await resolveHost(hostname)).map((hostname) => ({ hostname, port }));
}

async function download(options: ClientOptions, signal: AbortSignal): Promise<number> {
  const { data } = options;
  const content = data.length > 0 ? await stoppable(RequestContent.of(data), signal) : undefined;
  const note = (line: string) => isQuiet(options) || report(`${clientProgram.name}: ${line}`);
  const plan = await stoppable(makePlan(options, note), signal);
  await using carrier = await connect(plan, options, note, signal);
  const started = performance.now();
  const transfer = new Transfer({
    urls: options.urls,
    delay: options.delay,
    fetch: (one, isNamed) =>
      isNamed
        ? ask(carrier, one, requestInit(options, content, signal), verbose, content)
        : ask(carrier, one, resourceInit(options, signal), verbose),
    openOutput: outputOf(options),
    head: headOf(options, carrier),
    onAnswer: (answer) => noteAnswer(display, answer, options),
    signal,
  });
  const read = (): Progress => ({
    elapsed: performance.now() - started,
    bytes: transfer.bytes,
    expected: transfer.expected,
    paths: carrier.rows,
  });
  using display = new ProgressDisplay(read, options.silent ? "none" : bestStyle());
  const verbose = (line: string) => options.verbose && display.note(line);
  if (carrier instanceof MultipathCarrier) {
    verbose(`* ${carrier.summary}`);
    tellPaths(carrier, plan, options, (line) => isQuiet(options) || display.note(line));
  }
  await stoppable(transfer.run(), signal);
  display.end();
  const failures = failuresOf(transfer);
  if (failures.length < options.urls.length) printSummary(read(), options);
  return tellAll(failures);
}

/** What became of each URL that failed, in a sentence. */
function failuresOf({ failed, broken }: Transfer): Failure[] {
  return [
    ...failed.map(refusal),
    ...broken.map(({ url, error }) => lostConnection(error, url.host)),
  ];
}

/** Each URL has a fate of its own: all are told, the exit code is that of the first failure. */
function tellAll(failures: readonly Failure[]): number {
  for (const { message } of failures) report(`${clientProgram.name}: ${printable(message)}`);
  return failures[0]?.exitCode ?? 0;
}

async function connect(
  plan: readonly PlannedPath[],
  options: ClientOptions,
  note: Note,
  signal: AbortSignal,
): Promise<Carrier> {
  const logs = logOptions(options);
  return await openCarrier(options.urls[0]!, plan, options, { logs, note, signal });
}

/** Tells what becomes of the paths; the transfer does not wait for them. */
function tellPaths(
  carrier: MultipathCarrier,
  plan: readonly PlannedPath[],
  { verbose }: ClientOptions,
  note: Note,
): void {
  const names = new InterfaceNames();
  const isNamed = plan.length > 0;
  const options = { tell: note, names, diagnose: diagnoseLink, isNamed, isVerbose: verbose };
  const news = new PathNews(options);
  carrier.tellPaths(news).finally(() => news.end());
  const count = plan.filter(({ localAddress, addresses }) => !localAddress || addresses[0]).length;
  if (count < 2) return;
  if (!carrier.multipath) return void note("The server allows one path only; going on with it");
  const timer = setTimeout(() => {
    const { known } = news;
    if (known < count) note(`Of ${count} paths the server allows only ${known} so far`);
  }, PATHS_DUE);
  Deno.unrefTimer(timer);
}

function requestInit(
  options: ClientOptions,
  content: RequestContent | undefined,
  signal: AbortSignal,
): RequestInit {
  const { method } = options;
  const headers = requestHeaders(options);
  if (!content) return { method, headers, signal };
  const body = content.body();
  const isLong = body instanceof ReadableStream && content.length !== undefined;
  if (isLong) headers.set("content-length", String(content.length));
  return { method, headers, body, signal };
}

/** What a page loads is asked for as browsers do, with the fields of the page's request. */
function resourceInit(options: ClientOptions, signal: AbortSignal): RequestInit {
  return { headers: requestHeaders({ ...options, data: [] }), signal };
}

async function ask(
  carrier: Carrier,
  url: URL,
  init: RequestInit,
  verbose: (line: string) => void,
  content?: RequestContent,
): Promise<Response> {
  const send = async (at: URL, how: RequestInit) => {
    requestLines(how.method ?? "GET", at, new Headers(how.headers)).forEach(verbose);
    const response = await carrier.send(at, how);
    responseLines(carrier.protocolOf(response), response).forEach(verbose);
    return response;
  };
  return await followRedirects(url, init, send, content && (() => content.body()));
}

function printSummary(end: Progress, { output, silent }: ClientOptions): void {
  if (silent) return;
  // Where the body goes to standard output, nothing else may.
  const [tell, stream] = output === "-" ? [report, Deno.stderr] as const : [print, Deno.stdout];
  const width = stream.isTerminal() ? terminalSize().columns : Infinity;
  for (const line of summaryLines(end, width)) tell(line);
}

function refusal({ url, status }: Answer): Failure {
  const advice = status >= 500
    ? "try again later"
    : status === 404
    ? "check the path in the URL"
    : "the server does not want to give it";
  return new Failure(`Cannot get ${url.href}: the server answers ${status}; ${advice}`);
}

function outputOf({ output }: ClientOptions): TransferOptions["openOutput"] {
  return output === undefined ? undefined : () => openOutput(output);
}

function headOf({ include }: ClientOptions, carrier: Carrier): TransferOptions["head"] {
  if (!include) return undefined;
  return (response) => responseHead(carrier.protocolOf(response), response);
}

/** What the user named is always told of, what a page loads only if it failed or on request. */
function noteAnswer(display: ProgressDisplay, answer: Answer, options: ClientOptions): void {
  if (isQuiet(options)) return;
  if (!answer.isNamed && !options.verbose && answer.status < 400) return;
  display.note(`${answer.status} ${answer.url.href} ${answer.length} bytes`);
}

/** As with curl, verbose output replaces the progress. */
function isQuiet({ silent, verbose }: ClientOptions): boolean {
  return silent && !verbose;
}
