// Opens the carrier of requests: QUIC, or TCP where UDP does not get through.

import { isIP } from "node:net";
import { mayFallBackToTcp } from "../../mod.ts";
import type { Carrier } from "./carrier.ts";
import type { CarrierChoices } from "./carrier_choices.ts";
import { connectFailure, reasonOf } from "../console/connect_failure.ts";
import { CurlCode } from "../console/curl_code.ts";
import { Failure } from "../console/failure.ts";
import type { LogOptions } from "../flags/log_flags.ts";
import { bareHost } from "../paths/bare_host.ts";
import { diagnoseLinks, mismatchOf } from "../paths/link_diagnosis.ts";
import type { PlannedPath, Target } from "../paths/plan_paths.ts";
import { resolveHost } from "../paths/present_interfaces.ts";
import { MultipathCarrier } from "./multipath_carrier.ts";
import { TcpCarrier } from "./tcp_carrier.ts";
import { reachOverTcp } from "./tcp_reach.ts";
import { readTrust } from "./trust_files.ts";

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
  /** The address to connect to, where it does not follow from the URL. */
  readonly address?: Target | undefined;
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
  options: CarrierChoices,
  { logs, note, signal, address }: CarrierOptions,
): Promise<Carrier> {
  const trust = await readTrust(options);
  const giveUp = new AbortController();
  const { tcpFallback, connectTimeout } = options;
  const begun = performance.now();
  const delay = fallbackDelayOf(options);
  const timer = tcpFallback ? setTimeout(() => giveUp.abort(), delay) : undefined;
  const attempt = { trust, logs, address, signal: AbortSignal.any([signal, giveUp.signal]) };
  try {
    const carrier = await MultipathCarrier.connect(url, plan, options, attempt);
    for (const line of await unmetLines(url, plan, address)) note(line);
    return carrier;
  } catch (error) {
    signal.throwIfAborted();
    const isLate = giveUp.signal.aborted;
    if (!isLate && !(tcpFallback && isForTcp(error))) {
      throw await diagnosed(connectFailure(error, url.host), url, plan, address);
    }
    const reason = isLate ? `nothing came in ${delay / 1000} s` : reasonOf(error);
    note(`HTTP/3 does not get through to ${url.host} (${reason}); going on over TCP`);
    noteMissingLogs(options, note);
    const timeout = connectTimeout === undefined
      ? CONNECT_TIMEOUT
      : Math.max(connectTimeout - (performance.now() - begun), 1);
    const localAddresses = plan.flatMap(({ addresses }) => addresses);
    const localAddress = await reachOverTcp({ url, localAddresses, timeout, signal });
    return new TcpCarrier({ trust, localAddress });
  } finally {
    clearTimeout(timer);
  }
}

/** What is said of links that have no address of the kind that the server has. */
async function unmetLines(
  url: URL,
  plan: readonly PlannedPath[],
  address: Target | undefined,
): Promise<readonly string[]> {
  const links = plan.filter(({ remotes }) => remotes.length === 0).map((
    { interfaceName: name = "", addresses },
  ) => ({ name, addresses }));
  if (links.every(({ addresses }) => addresses.length === 0)) return [];
  const remotes = await addressesOf(url, address);
  return links.filter(({ addresses }) => addresses.length > 0 && !doMeet(addresses, remotes))
    .map((link) => mismatchOf(link, bareHost(url.hostname)));
}

function doMeet(addresses: readonly string[], remotes: readonly string[]): boolean {
  return remotes.length === 0 ||
    addresses.some((one) => remotes.some((other) => isIP(one) === isIP(other)));
}

/** The same failure, with what the system says against packets by the links that were meant. */
async function diagnosed(
  failure: Failure,
  url: URL,
  plan: readonly PlannedPath[],
  address: Target | undefined,
): Promise<Failure> {
  const { message, exitCode, curlCode } = failure;
  if (curlCode !== CurlCode.Timeout && curlCode !== CurlCode.Connect) return failure;
  const names = plan.flatMap(({ interfaceName }) => interfaceName ?? []);
  const [remote] = await addressesOf(url, address);
  const why = remote === undefined ? undefined : diagnoseLinks(names, remote);
  return why === undefined ? failure : new Failure(`${message}. ${why}`, exitCode, curlCode);
}

async function addressesOf(url: URL, address: Target | undefined): Promise<readonly string[]> {
  if (address !== undefined) return [address.hostname];
  return await resolveHost(url.hostname).catch(() => []);
}

/** TLS of the runtime has no traces, and gives secrets to the file of its environment only. */
function noteMissingLogs({ qlog, keyLog }: CarrierChoices, note: (line: string) => void): void {
  if (qlog !== undefined) note("Over TCP there is no trace for --qlog");
  if (keyLog !== undefined) {
    note("Over TCP there are no secrets for --key-log: name the file in SSLKEYLOGFILE instead");
  }
}

/** Over UDP half of the time is spent at most, if there is a limit: TCP needs some of it as well. */
function fallbackDelayOf({ fallbackDelay, connectTimeout }: CarrierChoices): number {
  return connectTimeout === undefined ? fallbackDelay : Math.min(fallbackDelay, connectTimeout / 2);
}

/** What we may not do over UDP, we may not do over TCP either. */
function isForTcp(error: unknown): boolean {
  return !(error instanceof Deno.errors.NotCapable) && mayFallBackToTcp(error);
}
