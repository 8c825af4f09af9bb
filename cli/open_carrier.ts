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
import { whyNot } from "./why_not.ts";

/** What is needed to reach a server besides what the user chose. */
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
  const { tcpFallback, fallbackDelay } = options;
  const timer = tcpFallback ? setTimeout(() => giveUp.abort(), fallbackDelay) : undefined;
  const attempt = { caCerts, logs, signal: AbortSignal.any([signal, giveUp.signal]) };
  try {
    return await Session.connect(url, plan, options, attempt);
  } catch (error) {
    signal.throwIfAborted();
    const isLate = giveUp.signal.aborted;
    if (!isLate && !(tcpFallback && isForTcp(error))) throw connectFailure(error, url.host);
    const reason = isLate ? `nothing came in ${fallbackDelay / 1000} s` : reasonOf(error);
    note(`HTTP/3 does not get through to ${url.host} (${reason}); going on over TCP`);
    return new TcpCarrier({ caCerts, localAddress: plan.flatMap(({ addresses }) => addresses)[0] });
  } finally {
    clearTimeout(timer);
  }
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
