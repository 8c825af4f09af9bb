// The command get: fetches and sends files over all networks of the machine at once.

import { lostConnection } from "./console/connect_failure.ts";
import { onInterruption, say } from "./console/program.ts";
import { stoppable } from "./console/stoppable.ts";
import { Failure } from "./console/failure.ts";
import { CurlCode } from "./console/curl_code.ts";
import { whyNot } from "./console/why_not.ts";
import { writeAllSync } from "./console/write_all.ts";
import { openLiveView } from "./console/live_view.ts";
import { report } from "./console/output.ts";
import { printable } from "./console/printable.ts";
import { helpWidth, terminalSize } from "./console/terminal_size.ts";
import { version } from "./console/version.ts";
import { openCarrier } from "./client/open_carrier.ts";
import type { Carrier } from "./client/carrier.ts";
import { MultipathCarrier } from "./client/multipath_carrier.ts";
import { summaryLines } from "./client/progress.ts";
import { bestStyle, type DisplayStyle, ProgressDisplay } from "./client/progress_display.ts";
import { usageText } from "./flags/usage.ts";
import { logOptions } from "./flags/log_flags.ts";
import { responseHead } from "./http/message_text.ts";
import { CarrierPool } from "./get/carrier_pool.ts";
import type { Cookies } from "./get/cookies.ts";
import type { ExchangeAnswer } from "./get/exchange.ts";
import { FolderFetch } from "./get/folder_fetch.ts";
import type { GetContext } from "./get/get_context.ts";
import { type GetOptions, readOperations } from "./get/get_options.ts";
import { getProgram } from "./get/get_program.ts";
import { GetRun } from "./get/get_run.ts";
import { LastAddresses } from "./get/last_addresses.ts";
import { RequestMaker } from "./get/request_maker.ts";
import { formatOf } from "./get/write_out.ts";
import { diagnoseLink } from "./paths/link_diagnosis.ts";
import { PathNews } from "./paths/path_news.ts";
import { absenceLines } from "./paths/interfaces.ts";
import { planPaths, type Target } from "./paths/plan_paths.ts";
import {
  choosePresentInterfaces,
  InterfaceNames,
  resolveHost,
} from "./paths/present_interfaces.ts";
import { isIP } from "node:net";

/** Milliseconds that transfers have to end in order once the run is stopped. */
const LEAVING = 1_000;

/**
 * Runs the command to its end.
 *
 * @param args The words behind its name.
 * @returns The exit code.
 */
export async function runGet(args: readonly string[]): Promise<number> {
  const operations = readOptions(args);
  if (operations === "help") return say(usageText(getProgram, helpWidth()));
  if (operations === "version") return say(version);
  const stopping = new AbortController();
  const forget = onInterruption(() =>
    stopping.abort(
      new Failure("Stopped before the end; the same command goes on with what has come", 130),
    )
  );
  let exitCode = 0;
  try {
    // One page shows all operations.
    const live = operations.find(({ live }) => live !== undefined)?.live;
    await using _view = openLiveView(live, getProgram.name, report);
    for (const options of operations) {
      const isLast = options === operations.at(-1) || options.has("fail-early");
      const code = await runOperation(options, stopping.signal, isLast);
      if (code !== 0) exitCode = code;
      if (code !== 0 && isLast) break;
    }
    return exitCode;
  } catch (error) {
    throw asCurl(error);
  } finally {
    forget();
  }
}

/** Runs what stands between two `--next`. Its failure is only told if others follow. */
async function runOperation(
  options: GetOptions,
  stopping: AbortSignal,
  isLast: boolean,
): Promise<number> {
  const { maxTime, has } = options;
  const late = new AbortController();
  const timer = maxTime && setTimeout(() => late.abort(tooSlow(maxTime)), maxTime);
  try {
    const signal = AbortSignal.any([stopping, late.signal]);
    return await stoppable(fetchAll(options, signal), signal, LEAVING);
  } catch (error) {
    if (isLast || stopping.aborted || !(error instanceof Failure)) throw error;
    if (!has("silent") || has("show-error")) report(`mpquic: ${printable(error.message)}`);
    return error.curlCode;
  } finally {
    clearTimeout(timer);
  }
}

function readOptions(args: readonly string[]): ReturnType<typeof readOperations> {
  try {
    return readOperations(args);
  } catch (error) {
    throw asCurl(error);
  }
}

/** The same failure with the exit code that curl has for it. */
function asCurl(error: unknown): unknown {
  return error instanceof Failure ? new Failure(error.message, error.curlCode) : error;
}

function tooSlow(maxTime: number): Failure {
  return new Failure(
    `Cannot finish in ${maxTime / 1000} s; allow more with --max-time, or leave it out`,
    1,
    CurlCode.Timeout,
  );
}

async function fetchAll(options: GetOptions, signal: AbortSignal): Promise<number> {
  const { has, jobs } = options;
  const isQuiet = has("silent") && !has("verbose");
  const cookies = await openCookies(options);
  const format = options.writeOut === undefined ? undefined : await formatOf(options.writeOut);
  const maker = await RequestMaker.of(options);
  const head = options.dumpHeader === undefined ? undefined : await openHead(options.dumpHeader);
  const note = (line: string) => isQuiet || display.note(`mpquic: ${line}`);
  const verbose = (line: string) => has("verbose") && display.note(line);
  const last = new LastAddresses();
  await using pool = new CarrierPool((url) =>
    connect(url, options, { note, verbose, signal, last })
  );
  const context: GetContext = {
    options,
    format,
    maker,
    pool,
    exchangeOptions: {
      pool,
      cookies,
      mostRedirects: options.mostRedirects,
      followsRedirects: has("location") || has("location-trusted"),
      trustsLocation: has("location-trusted"),
      verbose,
      onAnswer: (answer) => head?.(answer),
      signal,
    },
    say: note,
    explain: (error, url) =>
      signal.aborted && signal.reason instanceof Failure
        ? signal.reason
        : lostConnection(error, url.host),
    tellError: (line) => display.note(line),
    createsFolders: has("create-dirs"),
    keepsTimes: has("remote-time"),
    signal,
  };
  const condition = options.order.findLast(([name]) => name === "time-cond")?.[1];
  if (condition !== undefined && options.timeCondition === undefined) {
    note(`Going on without -z: ${printable(condition)} is no date, and there is no such file`);
  }
  const run = new GetRun(context);
  using display = new ProgressDisplay(() => run.progress, styleOf(options));
  if (has("recursive")) { for (const job of jobs) await new FolderFetch(context, run).fetch(job); }
  else await run.run(jobs);
  display.end();
  if (signal.aborted) throw signal.reason;
  if (cookies && options.cookieJar !== undefined) await cookies.write(options.cookieJar);
  const { progress } = run;
  const isShown = styleOf(options) !== "none" && progress.bytes > 0;
  const width = Deno.stderr.isTerminal() ? terminalSize().columns : Infinity;
  if (isShown) { for (const line of summaryLines(progress, width)) report(line); }
  return run.exitCode;
}

/** Progress goes to standard error, unless people read the body beside it. */
function styleOf({ has, jobs }: GetOptions): DisplayStyle {
  const isRead = Deno.stdout.isTerminal() && Deno.stderr.isTerminal() &&
    jobs.some(({ output }) => output === undefined || output === "-") && !has("recursive");
  const isUnwanted = has("silent") || has("verbose") || has("no-progress-meter");
  return isRead || isUnwanted ? "none" : bestStyle();
}

async function openCookies(
  { cookies: given, cookieJar }: GetOptions,
): Promise<Cookies | undefined> {
  const files = given.filter((text) => !text.includes("="));
  if (files.length === 0 && cookieJar === undefined) return undefined;
  const { Cookies } = await import("./get/cookies.ts");
  const cookies = new Cookies();
  for (const path of files) if (path !== "") await cookies.read(path);
  return cookies;
}

/** Writes the head of each answer. */
async function openHead(path: string): Promise<(answer: ExchangeAnswer) => void> {
  const options = { write: true, create: true, truncate: true };
  try {
    const file = path === "-" ? Deno.stdout : await Deno.open(path, options);
    return ({ response, carrier }) => {
      try {
        writeAllSync(file, responseHead(carrier.protocolOf(response), response));
      } catch (error) {
        throw noHead(path, error); // else the connection would seem to be lost
      }
    };
  } catch (error) {
    throw noHead(path, error);
  }
}

function noHead(path: string, error: unknown): unknown {
  if (error instanceof Deno.errors.NotCapable) return error;
  const text = `Cannot write ${path}: ${whyNot(error)}; name another file with -D`;
  return new Failure(text, 1, CurlCode.Write);
}

interface Ears {
  readonly note: (line: string) => void;
  readonly verbose: (line: string) => void;
  readonly signal: AbortSignal;
  readonly last: LastAddresses;
}

async function connect(url: URL, options: GetOptions, ears: Ears): Promise<Carrier> {
  const { note, signal, last } = ears;
  const chosen = choosePresentInterfaces(options.interfaces);
  absenceLines(chosen).forEach(note);
  const plan = planPaths(chosen, []);
  const address = await addressOf(url, options) ?? await lastAddress(url, ears);
  const logs = logOptions(options);
  const carrier = await openCarrier(url, plan, options, { logs, note, signal, address });
  last.take(url.hostname, carrier);
  if (carrier instanceof MultipathCarrier) {
    ears.verbose(`* ${carrier.summary}`);
    const news = new PathNews({
      tell: note,
      names: new InterfaceNames(),
      diagnose: diagnoseLink,
      isNamed: plan.length > 0,
      isVerbose: options.has("verbose"),
    });
    carrier.tellPaths(news).finally(() => news.end());
  }
  return carrier;
}

/** Where the server was reached before, if name servers are silent now. */
async function lastAddress(url: URL, { last, note }: Ears): Promise<Target | undefined> {
  const hostname = await last.of(url.hostname);
  if (hostname === undefined) return undefined;
  note(`Cannot look up ${url.hostname}: going on with ${hostname}, where it was before`);
  return { hostname, port: Number(url.port || 443) };
}

/** Where to connect to, if --resolve, -4 or -6 say more than the URL. */
async function addressOf(
  url: URL,
  { resolve, family }: GetOptions,
): Promise<Target | undefined> {
  const port = Number(url.port || 443);
  const given = resolve.get(`${url.hostname}:${port}`);
  if (given !== undefined) {
    if (isIP(given) !== 0) return { hostname: given, port };
    throw new Failure(`Cannot use "${printable(given)}" for --resolve: give an address`, 2);
  }
  if (family === undefined) return undefined;
  const all = await resolveHost(url.hostname);
  const hostname = all.find((one) => isIP(one) === family);
  if (hostname !== undefined) return { hostname, port };
  throw new Failure(
    `Cannot find an IPv${family} address of ${url.hostname}: leave -${family} out`,
    1,
    CurlCode.Resolve,
  );
}
