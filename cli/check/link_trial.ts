// A link tried: a request that goes by it.

import {
  dial,
  fetch,
  inspectLinks,
  type MultipathConnection,
  type PathStats,
  type RevocationLists,
} from "../../mod.ts";
import { connectFailure, hasNoAnswer, lostConnection } from "../console/connect_failure.ts";
import { NO_ERROR } from "../http/no_error.ts";
import { bareHost } from "../paths/bare_host.ts";
import { linkThatSent } from "./link_counters.ts";

/** Milliseconds after the answer until the size of datagrams is known, at most. */
const SETTLING = 1_500;
/** Milliseconds between looks at it. */
const GLANCE = 50;

/** What is tried. */
export interface TrialOptions {
  /** What to ask for. */
  readonly url: URL;
  /** The addresses of its host. */
  readonly hostnames: readonly string[];
  /** Certificates to trust, PEM; none leaves it to the library. */
  readonly caCerts: readonly string[];
  /** Lists of revoked certificates; undefined if none are asked. */
  readonly revocation: RevocationLists | undefined;
  readonly insecure: boolean;
  /** Milliseconds that the link has to answer. */
  readonly timeout: number;
}

/** What became of it. */
export interface LinkTrial {
  /** The status of the server's answer; undefined if there was none. */
  readonly status: number | undefined;
  /** Why there was none, in a sentence. */
  readonly failure: string | undefined;
  /** Whether anything came back. */
  readonly isHeard: boolean;
  /** The device by which the packets left; undefined if that is not known. */
  readonly device: string | undefined;
  /** The shortest round-trip time in milliseconds. */
  readonly rtt: number | undefined;
  /** The largest UDP payload that arrives, of those that were tried. */
  readonly size: number | undefined;
  /** Whether the network carries marks of congestion, and the server tells of them. */
  readonly ecn: PathStats["ecn"] | undefined;
}

/**
 * Asks a server by one link.
 *
 * @param name The link's interface.
 * @param options What to ask.
 */
export async function tryLink(name: string, options: TrialOptions): Promise<LinkTrial> {
  const { url } = options;
  const before = inspectLinks();
  let connection: MultipathConnection | undefined;
  let status: number | undefined;
  let failure: string | undefined;
  let isSilent = false;
  try {
    connection = await connect(name, options);
    status = await ask(connection, options);
    await settle(connection);
  } catch (error) {
    const told = connection === undefined ? connectFailure : lostConnection;
    isSilent = hasNoAnswer(error);
    failure = isSilent ? `Nothing comes back by ${name}` : told(error, url.host).message;
  }
  const stats = connection?.paths[0]?.stats;
  connection?.close({ closeCode: NO_ERROR, reason: "" });
  const device = linkThatSent(before, inspectLinks(), name, leastSent(stats));
  return { status, failure, isHeard: !isSilent, device, ...measured(stats) };
}

/** An interface may count a run of datagrams as one. */
function leastSent(stats: PathStats | undefined): number {
  return Math.max(1, Math.floor((stats?.datagramsSent ?? 0) / 2));
}

function measured(stats: PathStats | undefined): Pick<LinkTrial, "rtt" | "size" | "ecn"> {
  if (stats === undefined) return { rtt: undefined, size: undefined, ecn: undefined };
  const { minRtt, maxDatagramSize: size, ecn } = stats;
  return { rtt: minRtt < Infinity ? minRtt : undefined, size, ecn };
}

async function connect(name: string, options: TrialOptions): Promise<MultipathConnection> {
  const { url, hostnames, caCerts, revocation, insecure, timeout } = options;
  const port = Number(url.port || 443);
  return await dial({
    hostname: bareHost(url.hostname),
    port,
    alpnProtocols: ["h3"],
    paths: [{
      localAddress: name,
      remoteAddresses: hostnames.map((hostname) => ({ transport: "udp", hostname, port })),
    }],
    ...(caCerts.length > 0 && { caCerts: [...caCerts] }),
    ...(revocation && { revocation }),
    insecure,
    handshakeTimeout: timeout,
  });
}

async function ask(
  connection: MultipathConnection,
  { url, timeout }: TrialOptions,
): Promise<number> {
  const signal = AbortSignal.timeout(timeout);
  const response = await fetch(url, { connection, method: "HEAD", redirect: "manual", signal });
  await response.body?.cancel();
  return response.status;
}

/** Waits until larger datagrams have been tried (RFC 8899), and marks have come or not. */
async function settle(connection: MultipathConnection): Promise<void> {
  const deadline = performance.now() + SETTLING;
  let since = performance.now();
  let size = 0;
  while (performance.now() < deadline) {
    const path = connection.paths[0]?.stats;
    if (path === undefined) return;
    if (path.maxDatagramSize !== size) since = performance.now();
    size = path.maxDatagramSize;
    const isMarked = path.ecn !== "testing" && path.ecn !== "unknown";
    const quiet = performance.now() - since;
    if (isMarked && quiet > 4 * path.smoothedRtt + GLANCE) return;
    await new Promise((resolve) => setTimeout(resolve, GLANCE));
  }
}
