import { dial, fetch } from "../../mod.ts";
import type { Latencies } from "./attack.ts";

/** How honest clients reach a server. */
export interface HonestOptions {
  readonly port: number;
  /** The authority of the server's certificate, PEM. */
  readonly caCert: string;
  /** Where they are: an address of the loopback interface that no attacker has. */
  readonly from: string;
  /** Milliseconds that requests take without an attack, once that is known. */
  readonly usual?: number | undefined;
  /** What they show a server that asks for certificates. */
  readonly own?: { readonly cert: string; readonly key: string } | undefined;
}

/** Milliseconds after which a user gives up. */
const PATIENCE = 5_000;
/** On a machine that is busy otherwise, so many times as long as requests take without an attack. */
const SLACK = 20;

/**
 * Sends requests as so many clients would, each with a connection of its own, one every `interval`
 * milliseconds whatever became of those before.
 */
export async function honestRequests(
  options: HonestOptions,
  count: number,
  interval: number,
): Promise<Latencies> {
  const times: number[] = [];
  const failures: string[] = [];
  const all: Promise<void>[] = [];
  for (let i = 0; i < count; i++) {
    const request = honestRequest(options).then(
      (time) => void times.push(time),
      (error) => void failures.push(error instanceof Error ? error.message : String(error)),
    );
    all.push(request);
    await Promise.race([Promise.all([request, pause(interval)]), pause(2 * interval)]);
  }
  await Promise.all(all);
  return { times, failures };
}

/** Milliseconds from the first packet until the response to a small request is read. */
async function honestRequest(options: HonestOptions): Promise<number> {
  const { port, caCert, from, own, usual = PATIENCE } = options;
  const start = performance.now();
  await using connection = await dial(`https://localhost:${port}/`, {
    hostname: "127.0.0.1",
    serverName: "localhost",
    caCerts: [caCert],
    localAddresses: [from],
    signal: AbortSignal.timeout(Math.max(PATIENCE, SLACK * usual)),
    ...own,
  });
  const response = await fetch(`https://localhost:${port}/small.txt`, { connection });
  const text = await response.text();
  if (response.status !== 200 || text.length === 0) throw new Error(`status ${response.status}`);
  return performance.now() - start;
}

/** Lets time pass. */
export function pause(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}
