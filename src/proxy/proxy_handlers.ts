// The far side of a proxy: handlers of CONNECT and connect-udp for `serve`.

import { parseIpAddress } from "../bytes/ip_address.ts";
import { Allowance } from "./allowance.ts";
import { Destinations } from "./destinations.ts";
import type { ConnectRequest, TunnelHandler, TunnelInfo } from "../http3/handler.ts";
import { mayCarryCapsules } from "../http3/wire/capsule.ts";
import { isToken } from "../http3/wire/fields.ts";
import { listLocalAddresses } from "../io/interfaces.ts";
import { resolveHost } from "../io/resolve.ts";
import { connectSocket } from "../io/tcp_socket.ts";
import { JoinedSignal } from "./joined_signal.ts";
import type { ProxyOptions } from "./proxy_options.ts";
import type { ProxyUser } from "./proxy_users.ts";
import { interleaved, race } from "./race.ts";
import { Refusal, refusalOf } from "./refusal.ts";
import { parseTarget, type Target } from "./target.ts";
import { type TcpStreams, tcpStreams } from "./tcp_streams.ts";
import { udpTargetOf } from "./udp_template.ts";
import { udpTunnel } from "./udp_tunnel.ts";

/**
 * What `serve` needs to be the far side of a proxy.
 *
 * @category Proxy
 */
export interface ProxyHandlers {
  /** Answers connect-udp (RFC 9298). */
  readonly onConnect: TunnelHandler;
  /** Answers CONNECT (RFC 9114, Section 4.4). */
  readonly onConnectTcp: TunnelHandler;
  /** UDP travels in datagrams. */
  readonly datagrams: true;
  /** Each tunnel has a handler as long as it is open. */
  readonly maxConcurrentHandlers: number;
  /** Each tunnel has a stream. */
  readonly maxConcurrentBidirectionalStreams: number;
  /** Milliseconds of silence that a connection survives. */
  readonly maxIdleTimeout: number;
}

/** Tunnels of one connection; users have a limit of their own. */
const MOST_TUNNELS = 2_048;
/** Tunnels are silent for long: clients keep their connections by a packet now and then. */
const IDLE_TIMEOUT = 300_000;
const CONNECT_TIMEOUT = 10_000;
/** Milliseconds that the addresses of the machine are taken to stay as they are. */
const OWN_ADDRESSES_AGE = 1_000;
const CHALLENGE = 'Bearer realm="proxy", Basic realm="proxy"';

/**
 * Makes a server the far side of a proxy: it opens TCP connections for CONNECT, and sends UDP for
 * connect-udp, on behalf of users that show a token. The server answers other requests as before.
 *
 * Names are looked up here, once for each tunnel; each address is judged by itself, and the tunnel
 * leads to one that was found good. What is refused is told in `Proxy-Status` (RFC 9209). Requests
 * wait until the handshake is complete: none of them is taken from 0-RTT data.
 *
 * @param options The users, and what they may do.
 * @returns Options to be spread into those of `serve`.
 * @throws {TypeError} If an option cannot be used, or there is neither a list of users nor
 * `"all"`.
 *
 * @example
 * ```ts ignore
 * import { proxyHandlers, ProxyUsers, serve } from "@mpquic/mpquic";
 *
 * const users = new ProxyUsers(await Deno.readTextFile("users.txt"));
 * serve({ port: 443, cert, key, ...proxyHandlers({ users }) }, () => new Response("Nothing here"));
 * ```
 *
 * @category Proxy
 */
export function proxyHandlers(options: ProxyOptions): ProxyHandlers {
  const proxy = new Proxy(options);
  return {
    onConnect: (request, info) => proxy.connectUdp(request, info),
    onConnectTcp: (request, info) => proxy.connectTcp(request, info),
    datagrams: true,
    maxConcurrentHandlers: MOST_TUNNELS,
    maxConcurrentBidirectionalStreams: MOST_TUNNELS,
    maxIdleTimeout: IDLE_TIMEOUT,
  };
}

/** The far side: users, their allowances, and the rules for destinations. */
class Proxy {
  readonly #options: ProxyOptions;
  readonly #name: string;
  readonly #destinations: Destinations;
  readonly #allowances = new Map<string, Allowance>();
  #own: readonly string[] = [];
  #ownSince = -Infinity;

  constructor(options: ProxyOptions) {
    if (options.users === undefined) {
      throw new TypeError('Cannot be a proxy without users: give them, or "all" for all');
    }
    const { name = `mpquic-${crypto.randomUUID().slice(0, 8)}` } = options;
    if (!isToken(name)) throw new TypeError(`Cannot use "${name}" for name: it must be a token`);
    this.#options = options;
    this.#name = name;
    this.#destinations = new Destinations(options, () => this.#ownAddresses());
  }

  /** Opens a tunnel to a host over TCP. */
  connectTcp(request: ConnectRequest, info: TunnelInfo): Promise<Response> {
    return this.#answer(request, info, async (user, allowance, signal) => {
      const target = parseTarget(request.url);
      if (target === undefined) throw new Refusal("http_request_error", "write host:port");
      const addresses = await this.#addresses(target, "tcp", signal);
      const connect = (address: string, signal: AbortSignal) =>
        connectSocket(address, target.port, signal);
      const connection = await race(addresses, connect, (late) => late.close(), signal);
      return tcpResponse(tcpStreams(connection), request, user, () => allowance.release());
    });
  }

  /** Opens a tunnel to a host over UDP. */
  connectUdp(request: ConnectRequest, info: TunnelInfo): Promise<Response> {
    return this.#answer(request, info, async (user, allowance, signal) => {
      if (request.protocol !== "connect-udp") {
        throw new Refusal("http_request_error", "only connect-udp is known here", 501);
      }
      if (!mayCarryCapsules(request.headers)) {
        throw new Refusal("http_request_error", "leave content and its fields out");
      }
      const target = udpTargetOf(request.url);
      if (target === undefined || info.datagrams === undefined) {
        throw new Refusal("http_request_error", "write /.well-known/masque/udp/HOST/PORT/");
      }
      const [address] = await this.#addresses(target, "udp", signal);
      const { datagrams } = info;
      const where = { hostname: address!, port: target.port };
      return udpTunnel(where, request, datagrams, user.removed, allowance);
    });
  }

  /** Answers a request for a tunnel, whatever comes of it. */
  async #answer(
    request: ConnectRequest,
    info: TunnelInfo,
    open: (user: ProxyUser, allowance: Allowance, signal: AbortSignal) => Promise<Response>,
  ): Promise<Response> {
    try {
      const user = this.#user(request, info);
      if (user === undefined) return unauthorised();
      this.#checkLoop(request);
      const allowance = this.#allowance(user);
      allowance.take(performance.now());
      const late = AbortSignal.timeout(this.#options.connectTimeout ?? CONNECT_TIMEOUT);
      const ends = new JoinedSignal(request.signal, user.removed, late);
      try {
        return await open(user, allowance, ends.signal);
      } catch (error) {
        allowance.release();
        if (late.aborted) throw new Refusal("connection_timeout", "the host does not answer");
        throw error;
      } finally {
        ends.release();
      }
    } catch (error) {
      return refusalOf(error).response(this.#name);
    }
  }

  #user({ headers }: ConnectRequest, { connection }: TunnelInfo): ProxyUser | undefined {
    const { users, certificateUser } = this.#options;
    if (users === "all") return EVERY_CLIENT;
    const forProxy = headers.get("proxy-authorization");
    // RFC 9298 leaves it to the proxy; its own example has neither.
    const [certificate] = connection.peerCertificates ?? [];
    const certified = certificate && certificateUser?.(certificate);
    return users.identify(forProxy ?? headers.get("authorization"), certified);
  }

  #allowance({ name }: ProxyUser): Allowance {
    let allowance = this.#allowances.get(name);
    if (allowance === undefined) {
      allowance = new Allowance(this.#options.limits ?? {}, performance.now());
      this.#allowances.set(name, allowance);
    }
    return allowance;
  }

  /** RFC 9110, Section 7.6.3: a request that has been here before names this proxy. */
  #checkLoop({ headers }: ConnectRequest): void {
    const hops = (headers.get("via") ?? "").split(",").map((hop) => hop.trim().split(/\s+/)[1]);
    if (hops.includes(this.#name)) {
      throw new Refusal("proxy_loop_detected", "the request has been here before");
    }
  }

  /** The addresses of a host that are good, in the order in which to try them. */
  async #addresses(
    { hostname, port }: Target,
    transport: "tcp" | "udp",
    signal: AbortSignal,
  ): Promise<readonly string[]> {
    const isLiteral = parseIpAddress(hostname) !== undefined;
    const resolve = isLiteral ? resolveHost : this.#options.resolve ?? resolveHost;
    const found = await resolve(hostname, signal).catch((error) => {
      if (signal.aborted) throw new Refusal("dns_timeout", "the name servers do not answer");
      throw new Refusal(
        "dns_error",
        "the name is not known",
        error instanceof TypeError ? 502 : 500,
      );
    });
    let objection = "it has no address";
    const good = found.filter((address) => {
      const against = this.#destinations.objection(address, port, transport);
      if (against !== undefined) objection = against;
      return against === undefined;
    });
    if (good.length > 0) return interleaved(good);
    throw new Refusal("destination_ip_prohibited", `the destination is refused: ${objection}`);
  }

  #ownAddresses(): readonly string[] {
    const now = performance.now();
    if (now - this.#ownSince > OWN_ADDRESSES_AGE) {
      this.#own = listLocalAddresses()?.map(({ hostname }) => hostname) ?? [];
      this.#ownSince = now;
    }
    return this.#own;
  }
}

const EVERY_CLIENT: ProxyUser = { name: "", removed: new AbortController().signal };

function unauthorised(): Response {
  return new Response(null, { status: 407, headers: { "proxy-authenticate": CHALLENGE } });
}

/** The response whose body is what a host sends; what the client sends goes to the host. */
function tcpResponse(
  streams: TcpStreams,
  { body, signal }: ConnectRequest,
  user: ProxyUser,
  onClosed: () => void,
): Response {
  // Each end hears of the other's reset by the abort of a pipe, or by the cancelling of one.
  body.pipeTo(streams.writable).catch(ignore);
  const reset = () => streams.reset();
  signal.addEventListener("abort", reset);
  user.removed.addEventListener("abort", reset);
  if (signal.aborted || user.removed.aborted) reset();
  streams.closed.then(() => {
    signal.removeEventListener("abort", reset);
    user.removed.removeEventListener("abort", reset);
    onClosed();
  });
  return new Response(streams.readable);
}

function ignore(): void {}
