// Opens the carrier of requests: QUIC, or TCP where UDP does not get through.

import { X509Certificate } from "node:crypto";
import { mayFallBackToTcp } from "../mod.ts";
import type { Carrier } from "./carrier.ts";
import type { ClientOptions } from "./client_options.ts";
import { connectFailure, reasonOf } from "./connect_failure.ts";
import { Failure } from "./failure.ts";
import type { LogOptions } from "./log_flags.ts";
import type { PlannedPath } from "./plan_paths.ts";
import { Session } from "./session.ts";
import { TcpCarrier } from "./tcp_carrier.ts";
import { reachOverTcp } from "./tcp_reach.ts";
import { whyNot } from "./why_not.ts";

/** Milliseconds that connecting over TCP may take, if the user has not said so. */
const CONNECT_TIMEOUT = 10_000;

/** What is needed to reach a server, in addition to the choices of the user. */
export interface CarrierOptions {
  /** Where logs go. */
  readonly logs: LogOptions;
  /** Hears that TCP is used, and why. */
  readonly note: (line: string) => void;
  /** Gives up. */
  readonly signal: AbortSignal;
}

/**
 * Connects by the planned paths, or uses TCP if that is wanted where UDP does not get through.
 *
 * @param url Any URL of the server.
 * @param plan The planned paths.
 * @param options What the user chose.
 * @param more What else is needed.
 */
export async function openCarrier(
  url: URL,
  plan: readonly PlannedPath[],
  options: ClientOptions,
  { logs, note, signal }: CarrierOptions,
): Promise<Carrier> {
  const caCerts = options.caCert === undefined ? [] : [await readAuthority(options.caCert)];
  const giveUp = new AbortController();
  const { tcpFallback, connectTimeout } = options;
  const begun = performance.now();
  const delay = fallbackDelayOf(options);
  const timer = tcpFallback ? setTimeout(() => giveUp.abort(), delay) : undefined;
  const attempt = { caCerts, logs, signal: AbortSignal.any([signal, giveUp.signal]) };
  try {
    return await Session.connect(url, plan, options, attempt);
  } catch (error) {
    signal.throwIfAborted();
    const isLate = giveUp.signal.aborted;
    if (!isLate && !(tcpFallback && isForTcp(error))) throw connectFailure(error, url.host);
    const reason = isLate ? `nothing came in ${delay / 1000} s` : reasonOf(error);
    note(`HTTP/3 does not get through to ${url.host} (${reason}); going on over TCP`);
    noteMissingLogs(options, note);
    const timeout = connectTimeout === undefined
      ? CONNECT_TIMEOUT
      : Math.max(connectTimeout - (performance.now() - begun), 1);
    const localAddresses = plan.flatMap(({ addresses }) => addresses);
    const localAddress = await reachOverTcp({ url, localAddresses, timeout, signal });
    return new TcpCarrier({ caCerts, localAddress });
  } finally {
    clearTimeout(timer);
  }
}

/** The runtime's client has no traces, and gives secrets to its own environment's file only. */
function noteMissingLogs({ qlog, keyLog }: ClientOptions, note: (line: string) => void): void {
  if (qlog !== undefined) note("Over TCP there is no trace for --qlog");
  if (keyLog !== undefined) {
    note("Over TCP there are no secrets for --key-log: name the file in SSLKEYLOGFILE instead");
  }
}

/** Over UDP half of the time is spent at most, if there is a limit: TCP needs some of it as well. */
function fallbackDelayOf({ fallbackDelay, connectTimeout }: ClientOptions): number {
  return connectTimeout === undefined ? fallbackDelay : Math.min(fallbackDelay, connectTimeout / 2);
}

/** What we may not do over UDP, we may not do over TCP either. */
function isForTcp(error: unknown): boolean {
  return !(error instanceof Deno.errors.NotCapable) && mayFallBackToTcp(error);
}

async function readAuthority(path: string): Promise<string> {
  let text: string;
  try {
    text = await Deno.readTextFile(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotCapable) throw error;
    const reason = whyNot(error, "there is no such file");
    throw new Failure(`Cannot read ${path}: ${reason}; name another file with --cacert`);
  }
  try {
    new X509Certificate(text);
  } catch {
    throw new Failure(`Cannot use ${path}: name a file of PEM certificates with --cacert`);
  }
  return text;
}
