// Keeps connections for several requests.

import { isAuthenticationFailure } from "../../error/authentication_failure.ts";
import { StreamError } from "../../error/quic_error.ts";
import type { H3Client } from "./client.ts";
import { BrokenServers } from "./broken_servers.ts";
import { cloned } from "./client_exchange.ts";
import { H3ErrorCode } from "../wire/code_point.ts";
import { ConnectionPool, type Connector, type Lease } from "./connection_pool.ts";
import type { FetchConnectOptions, FetchInit, H3RequestInit } from "../options.ts";
import { RequestPlan } from "./request_plan.ts";
import { type PlatformFetch, TcpFallback } from "./tcp_fallback.ts";
import type { H3Transport } from "../transport.ts";
import { checkFit } from "./unfit_options.ts";

/** A function like the platform's `fetch`. */
export type Fetch = (input: string | URL | Request, init?: FetchInit) => Promise<Response>;

const FALLBACK_DELAY = 3000;
const TOO_EARLY = 425;
const MAX_REDIRECTS = 20;
const MAX_ATTEMPTS = 3;
/** RFC 9110, Section 9.2.2: doing them twice is the same as doing them once. */
const idempotentMethods = new Set(["GET", "HEAD", "OPTIONS", "PUT", "DELETE"]);
const redirectStatuses = new Set([301, 302, 303, 307, 308]);

/**
 * Makes a `fetch` whose connections come from `connect`, and are kept for further requests.
 *
 * @param overTcp The `fetch` over TCP for servers that UDP does not reach, if wanted.
 */
export function createFetch(
  connect: Connector,
  overTcp: PlatformFetch = (request, init) => globalThis.fetch(request, init),
): Fetch {
  const pool = new ConnectionPool(connect);
  const broken = new BrokenServers();
  return async (input, init = {}) => {
    const plan = await RequestPlan.from(input, init);
    try {
      checkFit(init, plan.url);
      return await follow(plan, new Sender(pool, broken, overTcp, init));
    } catch (error) {
      plan.discard(error);
      throw error;
    }
  };
}

async function follow(plan: RequestPlan, sender: Sender): Promise<Response> {
  for (let count = 0;; count++) {
    const response = await sender.send(plan);
    const location = redirectStatuses.has(response.status) && response.headers.get("location");
    if (!location || plan.redirect === "manual") return finished(response, plan.url, count > 0);
    await response.body?.cancel();
    if (plan.redirect === "error") throw new TypeError(`Cannot follow the redirect to ${location}`);
    if (count === MAX_REDIRECTS) {
      throw new TypeError(`Cannot follow more than ${MAX_REDIRECTS} redirects`);
    }
    const { origin } = plan.url;
    plan.redirectTo(utf8(location), response.status);
    if (sender.isBound && plan.url.origin !== origin) {
      throw new TypeError(
        `Cannot follow the redirect to ${plan.url.href}: the connection that was given leads to ${origin}`,
      );
    }
  }
}

/** Sends plans over whatever connection fits them. */
class Sender {
  readonly #pool: ConnectionPool;
  readonly #connection: H3Transport | undefined;
  readonly #requestInit: H3RequestInit;
  readonly #connectOptions: FetchConnectOptions;
  readonly #fallback: TcpFallback | undefined;
  readonly #overTcp: PlatformFetch;
  readonly #tcpInit: RequestInit;

  constructor(
    pool: ConnectionPool,
    broken: BrokenServers,
    overTcp: PlatformFetch,
    init: FetchInit & { client?: unknown },
  ) {
    this.#pool = pool;
    const { fallback, fallbackDelay = FALLBACK_DELAY, client } = init;
    if (fallback === "tcp") this.#fallback = new TcpFallback(broken, fallbackDelay);
    this.#overTcp = overTcp;
    this.#tcpInit = { redirect: "manual", ...(client !== undefined && { client }) };
    this.#connection = init.connection;
    this.#requestInit = { ...init, incremental: init.incremental ?? true };
    this.#connectOptions = connectOptions(init);
  }

  /** Whether all goes over one connection, which leads to one server. */
  get isBound(): boolean {
    return this.#connection !== undefined;
  }

  /** Sends a request, again where that cannot do harm. */
  async send(plan: RequestPlan): Promise<Response> {
    for (let attempt = 1;; attempt++) {
      const lease = await this.#lease(plan);
      if (lease === undefined) return await this.#sendOverTcp(plan);
      const { client, isReused } = lease;
      try {
        const response = await client.fetch(plan.request(), this.#requestInit);
        if (response.status !== TOO_EARLY || attempt > 1 || !plan.isRepeatable) return response;
        // RFC 8470, Section 5.2: it is taken once the handshake is complete.
        await response.body?.cancel();
        await client.handshake;
      } catch (error) {
        plan.signal.throwIfAborted();
        const mayRepeat = !this.#connection && attempt < MAX_ATTEMPTS && plan.isRepeatable &&
          !isAuthenticationFailure(error);
        if (!mayRepeat || !(isUnprocessed(error) || isStale(client, isReused, plan))) throw error;
      }
    }
  }

  async #sendOverTcp(plan: RequestPlan): Promise<Response> {
    try {
      const request = unencoded(plan.request());
      return await this.#overTcp(request, this.#tcpInit, this.#connectOptions);
    } catch (error) {
      throw this.#fallback?.explain(error) ?? error;
    }
  }

  /** A client for the request; undefined if it shall go over TCP. */
  async #lease(plan: RequestPlan): Promise<Lease | undefined> {
    if (this.#connection) {
      return { client: this.#pool.over(this.#connection, this.#connectOptions), isReused: true };
    }
    const aborted = Promise.withResolvers<never>();
    const onAbort = () => aborted.reject(plan.signal.reason);
    plan.signal.throwIfAborted();
    plan.signal.addEventListener("abort", onAbort);
    try {
      // Others may wait for the same connection, so a signal ends the waiting only.
      return await Promise.race([this.#connect(plan), aborted.promise]);
    } finally {
      plan.signal.removeEventListener("abort", onAbort);
    }
  }

  #connect({ url, signal }: RequestPlan): Promise<Lease | undefined> {
    const lease = () => this.#pool.lease(url, this.#connectOptions, signal);
    return this.#fallback ? this.#fallback.lease(url.host, lease) : lease();
  }
}

/**
 * RFC 9114, Section 4.1.1: refused before anything was done. RFC 9114, Section 8: no other code, known
 * or not, has a meaning of its own.
 */
function isUnprocessed(error: unknown): boolean {
  return error instanceof StreamError && error.code === H3ErrorCode.RequestRejected;
}

/**
 * Whether a connection kept from earlier turned out to be dead, and trying again does no harm. RFC
 * 9114, Section 5.4: the request may have been processed all the same.
 */
function isStale(client: H3Client, isReused: boolean, plan: RequestPlan): boolean {
  return isReused && !client.isAccepting && idempotentMethods.has(plan.method);
}

/**
 * The request for content as it stands, whatever codings the application takes. The platform's
 * `fetch` would decode content in silence and leave the fields that describe the coded content;
 * with this field it leaves content alone, as HTTP/3 does.
 */
function unencoded(request: Request): Request {
  request.headers.set("accept-encoding", "identity");
  return request;
}

/** Fetch Standard, "location URL": the bytes of the field are UTF-8. */
function utf8(value: string): string {
  return new TextDecoder().decode(Uint8Array.from(value, (byte) => byte.charCodeAt(0)));
}

/** The response with what only `fetch` knows: where it came from. */
function finished(response: Response, url: URL, redirected: boolean): Response {
  const href = new URL(url);
  href.hash = "";
  Object.defineProperties(response, {
    url: { value: href.href },
    redirected: { value: redirected },
    type: { value: "basic" },
    clone: { value: () => finished(cloned(response), url, redirected) },
  });
  return response;
}

function connectOptions(init: FetchInit): FetchConnectOptions {
  const known: Record<string, unknown> = { ...init };
  for (const name of requestFields) delete known[name];
  return known as FetchConnectOptions;
}

/** Fields of `FetchInit` that concern the request rather than the connection. */
const requestFields = [
  "body",
  "cache",
  "client",
  "connection",
  "credentials",
  "duplex",
  "fallback",
  "fallbackDelay",
  "headers",
  "incremental",
  "integrity",
  "keepalive",
  "method",
  "mode",
  "onInformational",
  "priority",
  "redirect",
  "referrer",
  "referrerPolicy",
  "signal",
  "trailers",
  "urgency",
  "window",
];
