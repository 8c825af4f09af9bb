#!/usr/bin/env -S deno run --unstable-net --allow-net --allow-read --allow-write --allow-sys=networkInterfaces --allow-env
// deno-lint-ignore-file no-console -- a program speaks on its console
/**
 * Fetches URLs over one HTTP/3 connection that uses several network paths at once.
 *
 * ```sh
 * deno run -A --unstable-net jsr:@mpquic/mpquic/client -n eth0,wlan0 https://server.example:6121/
 * ```
 *
 * @module
 */
import { isIP } from "node:net";
import { type ClientOptions, clientProgram, readClientOptions } from "./client_options.ts";
import { lostConnection } from "./connect_failure.ts";
import { Failure } from "./failure.ts";
import type { ChosenInterface } from "./interfaces.ts";
import { doubled, type PlannedPath, planPaths, readTarget, type Target } from "./plan_paths.ts";
import { choosePresentInterfaces, resolveHost } from "./present_interfaces.ts";
import { describeError, onInterruption, runProgram, say } from "./program.ts";
import { type Progress, summaryLines } from "./progress.ts";
import { ProgressDisplay } from "./progress_display.ts";
import { Session } from "./session.ts";
import { type Answer, openOutput, Transfer, type TransferOptions } from "./transfer.ts";
import { usageText } from "./usage.ts";
import { version } from "./version.ts";

if (import.meta.main) await runProgram(clientProgram.name, () => runClient(Deno.args));

/**
 * Runs the client to its end.
 *
 * @param args The words of the command line.
 * @returns The exit code.
 */
export async function runClient(args: readonly string[]): Promise<number> {
  const options = readClientOptions(args);
  if (options === "help") return say(usageText(clientProgram));
  if (options === "version") return say(version);
  const plan = await makePlan(options);
  const interruption = new AbortController();
  const forget = onInterruption(() => {
    interruption.abort(new Failure("Stopped before the end", 130));
  });
  try {
    return await download(options, plan, interruption.signal);
  } finally {
    forget();
  }
}

/** Finds out which interface goes to which address, before anything is sent. */
async function makePlan(options: ClientOptions): Promise<readonly PlannedPath[]> {
  const chosen = choosePresentInterfaces(options.interfaces);
  const interfaces = options.fakeMultipath ? doubled(chosen) : chosen;
  const url = options.urls[0]!;
  const port = Number(url.port || 443);
  const named = { hostname: url.hostname.replace(/^\[(.*)\]$/, "$1"), port };
  const targets = options.multipathAddresses.map((text) => readTarget(text, port));
  planPaths(interfaces, targets, named); // refuses what cannot fit before it looks anything up
  const addresses = await Promise.all(
    targets.map((target, i) => resolveFor(target, interfaces[i + 1])),
  );
  // Without interfaces the library tries all of a host's addresses until one answers.
  const first = chosen.length > 0 ? await resolveFor(named, interfaces[0]) : named;
  return planPaths(interfaces, addresses, first);
}

/** The host's address that this interface can reach, if there is one. */
async function resolveFor(target: Target, from: ChosenInterface | undefined): Promise<Target> {
  const found = await resolveHost(target.hostname);
  const families = new Set(from?.addresses.map((address) => isIP(address)));
  const hostname = found.find((one) => families.size === 0 || families.has(isIP(one)));
  return { hostname: hostname ?? found[0]!, port: target.port };
}

async function download(
  options: ClientOptions,
  plan: readonly PlannedPath[],
  signal: AbortSignal,
): Promise<number> {
  const url = options.urls[0]!;
  const session = await Session.connect(url, plan, options, signal);
  await using _closing = session;
  const started = performance.now();
  const transfer = new Transfer({
    urls: options.urls,
    delay: options.delay,
    fetch: (one) => session.fetch(one, signal),
    openOutput: outputOf(options),
    onAnswer: (answer) => noteAnswer(display, answer, options),
    signal,
  });
  const read = (): Progress => ({
    elapsed: performance.now() - started,
    bytes: transfer.bytes,
    expected: transfer.expected,
    paths: session.rows,
  });
  using display = new ProgressDisplay(read);
  for (const planned of plan.slice(1)) {
    session.openPath(planned).catch((error) => display.note(describeError(error)));
  }
  try {
    await stoppable(transfer.run(), signal);
  } catch (error) {
    signal.throwIfAborted();
    throw lostConnection(error, url.host);
  }
  display.end();
  if (transfer.failed.length < options.urls.length) printSummary(read(), options);
  if (transfer.failed.length > 0) throw refusal(transfer.failed[0]!);
  return 0;
}

function printSummary(end: Progress, { output }: ClientOptions): void {
  // Where the body goes to standard output, nothing else may.
  const print = output === "-" ? console.error : console.log;
  for (const line of summaryLines(end)) print(line);
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

/** What the user named is always told of, what a page loads only if it failed or on request. */
function noteAnswer(display: ProgressDisplay, answer: Answer, options: ClientOptions): void {
  if (!answer.isNamed && !options.verbose && answer.status < 400) return;
  display.note(`${answer.status} ${answer.url.href} ${answer.length} bytes`);
}

function stoppable<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  const stopped = Promise.withResolvers<never>();
  signal.addEventListener("abort", () => stopped.reject(signal.reason), { once: true });
  return Promise.race([work, stopped.promise]);
}
