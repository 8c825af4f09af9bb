// Sends requests over TCP while a server cannot be reached over UDP.

import { TransportError } from "../../error/quic_error.ts";
import type { FetchConnectOptions } from "../options.ts";
import type { BrokenServers } from "./broken_servers.ts";
import type { Lease } from "./connection_pool.ts";
import { later } from "../timer.ts";

/** The platform's `fetch`, or one like it that may know of the options of the connection, too. */
export type PlatformFetch = (
  request: Request,
  init: RequestInit,
  options: FetchConnectOptions,
) => Promise<Response>;

/** TLS alerts as transport error codes (RFC 9001, Section 4.8). */
const FIRST_ALERT = 0x100;
const LAST_ALERT = 0x1ff;
const NO_APPLICATION_PROTOCOL = 0x178;

/** Decides, for one server, between HTTP/3 and what the platform has over TCP. */
export class TcpFallback {
  readonly #broken: BrokenServers;
  readonly #delay: number;
  /** Why there was no connection over UDP, if that is known. */
  #failure: unknown;

  /** @param delay Milliseconds to wait for a connection. */
  constructor(broken: BrokenServers, delay: number) {
    this.#broken = broken;
    this.#delay = delay;
  }

  /** Waits for a client; undefined if the request had better go over TCP. */
  async lease(host: string, lease: () => Promise<Lease>): Promise<Lease | undefined> {
    if (this.#broken.has(host, Date.now())) return undefined;
    const leasing = lease();
    // The result is noted even if the caller no longer waits for it.
    leasing.then(() => this.#broken.delete(host), (error) => {
      if (!mayFallBackToTcp(error)) return;
      this.#failure = error;
      this.#onBroken(host);
    });
    const late = Promise.withResolvers<undefined>();
    const stop = later(this.#delay, () => {
      this.#onBroken(host);
      late.resolve(undefined);
    });
    try {
      return await Promise.race([leasing, late.promise]);
    } catch (error) {
      if (mayFallBackToTcp(error)) return undefined;
      throw error;
    } finally {
      stop();
    }
  }

  /** What there is to say when TCP failed as well: both, if both are known. */
  explain(error: unknown): unknown {
    const failure = this.#failure;
    if (!(error instanceof TypeError) || !(failure instanceof Error)) return error;
    const both = new AggregateError([failure, error], "Neither UDP nor TCP leads to the server");
    return new TypeError(`${error.message}; over UDP: ${failure.message}`, { cause: both });
  }

  /** One attempt counts once, though it may be both too slow and in vain. */
  #onBroken(host: string): void {
    const now = Date.now();
    if (!this.#broken.has(host, now)) this.#broken.add(host, now);
  }
}

/**
 * Whether TCP may succeed where a connection could not be made: not if the application asked for
 * the impossible, nor if the server could not prove its identity. `fetch` with `fallback: "tcp"`
 * uses it.
 *
 * @param error What `dial` rejected with.
 *
 * @example
 * ```ts ignore
 * const connection = await dial(url).catch((error) => {
 *   if (!mayFallBackToTcp(error)) throw error;
 * });
 * ```
 *
 * @category HTTP/3
 */
export function mayFallBackToTcp(error: unknown): boolean {
  if (error instanceof TypeError) return false;
  if (!(error instanceof TransportError)) return true;
  const isAlert = error.code >= FIRST_ALERT && error.code <= LAST_ALERT;
  return !isAlert || error.code === NO_APPLICATION_PROTOCOL;
}
