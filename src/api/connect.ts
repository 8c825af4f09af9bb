import { CLIENT_DEFAULTS } from "../connection/config.ts";
import type { Connection } from "../connection/connection.ts";
import { isAuthenticationFailure } from "../error/authentication_failure.ts";
import { wallTime } from "../io/clock.ts";
import { familyOf, listLocalAddresses, literalAddress } from "../io/interfaces.ts";
import { type ClientConfig, Endpoint } from "../endpoint/endpoint.ts";
import { openKeyLog } from "../io/key_log.ts";
import { SystemRandom } from "../io/random.ts";
import { resolveHost } from "../io/resolve.ts";
import { backgroundTimer } from "../io/timer.ts";
import type { Address } from "../path/address.ts";
import { Credential } from "../tls/credential.ts";
import { suiteNumbers } from "./cipher_suites.ts";
import { moreTelling } from "./close_error.ts";
import { Hub } from "./hub.ts";
import { clientAddresses } from "./local_addresses.ts";
import type { MultipathConnection } from "./multipath_connection.ts";
import type { ConnectOptions } from "./options.ts";
import { PathUpkeep } from "./path_upkeep.ts";
import { PresentAddresses } from "./present_addresses.ts";
import { type SavedSession, versionNumbers } from "./session.ts";
import { checkProtocols } from "./protocols.ts";
import { transportConfig } from "./transport_config.ts";
import { trustOf } from "./trust.ts";

/** RFC 8305, Section 5: the pause before the next address is tried besides the one before. */
const ATTEMPT_DELAY = 250;

/** Makes the public face of a connection. */
export type MakeConnection = (core: Connection, hub: Hub) => MultipathConnection;

/** Where a connection or a path may begin and end. */
interface Route {
  readonly local: string;
  readonly remote: string;
}

/** A connection that was made, inside and out. */
interface Opened {
  readonly connection: MultipathConnection;
  readonly core: Connection;
  readonly hub: Hub;
}

/** Connects to the first address that answers, then opens the other paths. */
export async function connect(
  options: ConnectOptions,
  make: MakeConnection,
): Promise<MultipathConnection> {
  checkOptions(options);
  const { hostname, signal } = options;
  const remotes = await resolveHost(hostname, signal);
  const locals = clientAddresses(options.localAddresses, remotes);
  const routes = routesOf(locals, remotes);
  if (routes.length === 0) {
    throw new TypeError(`Cannot reach ${remotes.join(" or ")} from ${locals.join(" or ")}`);
  }
  const attempts = new Attempts(options, make);
  const opened = await attempts.run(routes);
  const { connection } = opened;
  if (signal) closeWith(signal, connection);
  if (options.openPaths !== false) {
    // With early data the handshake is still under way. What the application asks for goes first.
    const start = () => setImmediate(() => startUpkeep(opened, options, remotes));
    connection.handshake.then(start, () => {});
  }
  return connection;
}

/** The signal ends the connection; it may be one that outlives many of them. */
function closeWith(signal: AbortSignal, connection: MultipathConnection): void {
  const abort = () => connection.close();
  const forget = () => signal.removeEventListener("abort", abort);
  signal.addEventListener("abort", abort, { once: true });
  connection.closed.then(forget, forget);
  if (!signal.aborted) return;
  // It was aborted in the moment in which the connection was made.
  connection.close();
  throw signal.reason;
}

/** Characters of a host name (The DNS: 255 bytes on the wire). */
const MAX_NAME = 253;

function checkOptions(options: ConnectOptions): void {
  const { alpnProtocols, hostname, port, serverName = hostname } = options;
  if (!Array.isArray(alpnProtocols) || alpnProtocols.length === 0) {
    throw new TypeError("Cannot connect: alpnProtocols must name at least one protocol");
  }
  checkProtocols("connect", alpnProtocols);
  if (serverName.length > MAX_NAME) {
    const { length } = serverName;
    throw new TypeError(`Cannot connect: the server's name has ${length} characters, not 1 to 253`);
  }
  if (!Number.isInteger(port) || port < 1 || port > 65_535) {
    throw new TypeError(`Cannot connect to port ${port}: it must be from 1 to 65535`);
  }
}

function clientConfig(options: ConnectOptions): ClientConfig {
  const { alpnProtocols: alpn, hostname, serverName = hostname } = options;
  const literal = literalAddress(serverName);
  return {
    transport: transportConfig(options, CLIENT_DEFAULTS),
    tls: {
      ...trustOf(options),
      alpn,
      serverName: literal ?? serverName,
      keyLog: options.keyLog ?? openKeyLog(),
      suites: suiteNumbers(options.cipherSuites),
      compressions: options.certificateCompression === false ? [] : undefined,
      session: options.session?.tls,
      earlyData: options.earlyData,
      credential: credentialOf(options),
    },
    token: options.session?.token,
    versions: versionNumbers(options.versions),
  };
}

function credentialOf({ cert, key }: ConnectOptions): Credential | undefined {
  if (cert === undefined && key === undefined) return undefined;
  if (cert !== undefined && key !== undefined) return Credential.fromPem(cert, key);
  throw new TypeError("Cannot connect: cert and key belong together");
}

/** All ways, in the order to try them: each remote address from the first local one, then the rest. */
function routesOf(locals: readonly string[], remotes: readonly string[]): Route[] {
  const first: Route[] = [];
  const rest: Route[] = [];
  for (const remote of alternating(remotes)) {
    const fitting = locals.filter((local) => familyOf(local) === familyOf(remote));
    fitting.forEach((local, i) => (i === 0 ? first : rest).push({ local, remote }));
  }
  return [...first, ...rest];
}

/** RFC 8305, Section 4: families take turns, beginning with that of the first address. */
function alternating(remotes: readonly string[]): string[] {
  const family = remotes.length > 0 ? familyOf(remotes[0]!) : "IPv4";
  const preferred = remotes.filter((remote) => familyOf(remote) === family);
  const others = remotes.filter((remote) => familyOf(remote) !== family);
  const result: string[] = [];
  for (let i = 0; i < Math.max(preferred.length, others.length); i++) {
    result.push(...preferred.slice(i, i + 1), ...others.slice(i, i + 1));
  }
  return result;
}

/** Tries several ways at a time, and keeps the first that leads to the server. */
class Attempts {
  readonly #options: ConnectOptions;
  readonly #make: MakeConnection;
  readonly #hub: Hub;
  readonly #config: ClientConfig;
  readonly #open = new Set<MultipathConnection>();
  #failure: unknown;

  constructor(options: ConnectOptions, make: MakeConnection) {
    this.#options = options;
    this.#make = make;
    this.#config = clientConfig(options);
    this.#hub = new Hub(new Endpoint({ random: new SystemRandom(), wallTime }));
  }

  async run(routes: readonly Route[]): Promise<Opened> {
    const { signal } = this.#options;
    const winner = Promise.withResolvers<Opened | undefined>();
    const abort = () => winner.reject(signal!.reason);
    signal?.addEventListener("abort", abort, { once: true });
    try {
      signal?.throwIfAborted();
      this.#tryAll(routes, winner);
      const opened = await winner.promise;
      if (!opened) throw this.#failure;
      this.#open.delete(opened.connection);
      return opened;
    } finally {
      signal?.removeEventListener("abort", abort);
      for (const connection of this.#open) connection.close();
      this.#hub.endWhenEmpty();
    }
  }

  /**
   * Begins one attempt after the other until one succeeds, all have failed, or a server cannot
   * prove who it is.
   */
  async #tryAll(
    routes: readonly Route[],
    winner: PromiseWithResolvers<Opened | undefined>,
  ): Promise<void> {
    let isSettled = false;
    winner.promise.catch(() => {}).finally(() => (isSettled = true));
    const all: Promise<void>[] = [];
    for (const route of routes) {
      const attempt = this.#try(route).then((opened) => {
        isSettled = true;
        winner.resolve(opened);
      }, (error) => {
        this.#failure = moreTelling(this.#failure, error);
        if (!isAuthenticationFailure(error)) return;
        isSettled = true;
        winner.reject(error);
      });
      all.push(attempt);
      if (route !== routes.at(-1)) await settledWithin(attempt, ATTEMPT_DELAY);
      if (isSettled) return;
    }
    await Promise.all(all);
    winner.resolve(undefined);
  }

  async #try({ local, remote }: Route): Promise<Opened> {
    const { port } = this.#options;
    const hub = this.#hub;
    const socket = hub.sockets.find(local) ?? hub.open(local);
    const address = { transport: "udp", hostname: remote, port } as const;
    const begin = (config: ClientConfig) => {
      const core = hub.endpoint.connect(config, socket, address, hub.driver.now);
      if (this.#options.onSession) collectSessions(core, hub, this.#options.onSession);
      const connection = this.#make(core, hub);
      this.#open.add(connection);
      return { connection, core, hub };
    };
    const opened = begin(this.#config);
    if (opened.core.keys.zeroRtt.write !== undefined) return opened;
    try {
      await opened.connection.handshake;
      return opened;
    } catch (error) {
      const version = opened.core.closing.reason?.mutualVersion;
      if (version === undefined) throw error;
      // RFC 9368, Section 2.2: the server speaks another version that we speak as well.
      const other = begin({ ...this.#config, version, versionNegotiated: true });
      await other.connection.handshake;
      return other;
    }
  }
}

/** Hands on sessions, each with the newest token that proves our address. */
function collectSessions(
  core: Connection,
  hub: Hub,
  onSession: (session: SavedSession) => void,
): void {
  let token: Uint8Array | undefined;
  hub.watch(core, (event) => {
    if (event.type === "newToken") token = event.token;
    else if (event.type === "session") onSession({ tls: event.session, token });
  });
}

async function settledWithin(promise: Promise<void>, milliseconds: number): Promise<void> {
  const late = Promise.withResolvers<void>();
  const cancel = backgroundTimer(late.resolve, milliseconds);
  await Promise.race([promise, late.promise]);
  cancel();
}

/** Keeps a path open from each local address, whatever comes and goes, if there can be several. */
function startUpkeep(
  { connection, core, hub }: Opened,
  options: ConnectOptions,
  resolved: readonly string[],
): void {
  if (!connection.multipath || !hub.has(core)) return;
  const { localAddresses, port } = options;
  const at = (hostname: string): Address => ({ transport: "udp", hostname, port });
  const reached = connection.remoteAddr.hostname;
  const known = [reached, ...resolved.filter((hostname) => hostname !== reached)].map(at);
  const present = new PresentAddresses(localAddresses, resolved);
  const upkeep = new PathUpkeep(connection, {
    locals: () => present.list(listLocalAddresses()),
    remotes: () => [...known, ...core.remoteAddresses.list.map(({ address }) => address)],
    now: () => hub.driver.now,
    onLocalGone: (hostname) => hub.abandonFrom(core, hostname),
  });
  hub.watch(core, (event) => {
    if (event.type === "remoteAddresses") upkeep.refresh();
  });
  upkeep.start();
}
