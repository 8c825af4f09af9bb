// Connects a client: tries the routes to a server one after the other until one is answered.

import { CLIENT_DEFAULTS } from "../connection/config.ts";
import type { Connection } from "../connection/connection.ts";
import { ErrorCode } from "../error/error_code.ts";
import { isAuthenticationFailure } from "../error/authentication_failure.ts";
import { TransportError } from "../error/quic_error.ts";
import { wallTime } from "../io/clock.ts";
import { literalAddress, reachable } from "../io/interfaces.ts";
import { Endpoint } from "../endpoint/endpoint.ts";
import type { ClientConfig } from "../endpoint/options.ts";
import { interfaceWatch } from "../io/interface_watch.ts";
import { openKeyLog } from "../io/key_log.ts";
import { engineOfProcess } from "../io/native/native_engine.ts";
import { socketOpener } from "../io/open_socket.ts";
import { SystemRandom } from "../io/random.ts";
import { resolveHost } from "../io/resolve.ts";
import type { Socket } from "../io/socket.ts";
import { backgroundTimer } from "../io/timer.ts";
import { type Address, sameAddress } from "../path/address/address.ts";
import type { PathRoute } from "../path/path_keeper.ts";
import { Credential } from "../tls/credential.ts";
import { suiteNumbers } from "./options/cipher_suites.ts";
import { moreTelling } from "./close_error.ts";
import type { ConnectionFace, MakeConnection } from "./connection_face.ts";
import { Hub, type UnreachableListener } from "./hub.ts";
import type { ConnectOptions } from "./options/options.ts";
import { PathUpkeep } from "./path_upkeep.ts";
import { alternating, routesOf } from "./address/route_order.ts";
import { type SavedSession, versionNumbers } from "./options/session.ts";
import { checkProtocols } from "./options/protocols.ts";
import { transportConfig } from "./options/transport_config.ts";
import { trustOf } from "./options/trust.ts";
import { LinkChoice } from "./address/link_choice.ts";
import { WantedPaths } from "./wanted_paths.ts";

/** RFC 8305, Section 5: milliseconds before the next route is tried beside those under way. */
const ATTEMPT_DELAY = 250;

/** What a system says that has no way to an address, now: it may have one later. */
const NO_WAY: ReadonlySet<unknown> = new Set(["ENETUNREACH", "EHOSTUNREACH"]);

/** A connection that was made, inside and out. */
interface Opened<Face> {
  readonly connection: Face;
  readonly core: Connection;
  readonly hub: Hub;
}

/** Connects to the first address that answers, then opens the other paths. */
export async function connect<Face extends ConnectionFace>(
  options: ConnectOptions,
  make: MakeConnection<Face>,
): Promise<Face> {
  checkOptions(options);
  const { hostname, port, signal } = options;
  const resolved = [...new Set((await resolveHost(hostname, signal)).map(reachable))];
  const wanted = new WantedPaths(options, resolved);
  const remotes = alternating(resolved).map((hostname) => addressOf(hostname, port));
  const routes = routesOf(wanted.goals(remotes), remotes);
  if (routes.length === 0) {
    const from = wanted.names.join(" or ") || "this machine";
    throw new TypeError(`Cannot reach ${resolved.join(" or ")} from ${from}: no address fits`);
  }
  const links = new LinkChoice(wanted.names, resolved);
  const attempts = new Attempts(options, make, links);
  const opened = await attempts.run(routes);
  const { connection } = opened;
  if (signal) closeWith(signal, connection);
  if (options.openPaths !== false) {
    // With early data the handshake is still under way. What the application asks for goes first.
    const start = () => setImmediate(() => startUpkeep(opened, wanted, remotes, links));
    connection.handshake.then(start, () => {});
  }
  return connection;
}

/** The signal ends the connection; it may be one that outlives many of them. */
function closeWith(signal: AbortSignal, connection: ConnectionFace): void {
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

function addressOf(hostname: string, port: number): Address {
  return { transport: "udp", hostname, port };
}

/** Tries several ways at a time, and keeps the first that leads to the server. */
class Attempts<Face extends ConnectionFace> {
  readonly #options: ConnectOptions;
  readonly #make: MakeConnection<Face>;
  readonly #hub: Hub;
  readonly #config: ClientConfig;
  readonly #open = new Set<Face>();
  /** End attempts to which the system has no way. */
  readonly #obstructed = new Set<UnreachableListener>();
  #failure: unknown;

  constructor(options: ConnectOptions, make: MakeConnection<Face>, links: LinkChoice) {
    this.#options = options;
    this.#make = make;
    this.#config = clientConfig(options);
    const endpoint = new Endpoint({
      random: new SystemRandom(),
      wallTime,
      engine: engineOfProcess(options.native),
    });
    const open = socketOpener(options.native);
    this.#hub = new Hub(
      endpoint,
      (hostname, port) => open(hostname, port, { device: links.deviceFor(hostname) }),
      undefined,
      (...said) => this.#obstructed.forEach((end) => end(...said)),
    );
  }

  async run(routes: readonly PathRoute[]): Promise<Opened<Face>> {
    const { signal } = this.#options;
    const winner = Promise.withResolvers<Opened<Face> | undefined>();
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
   * Begins one attempt after the other until one succeeds, all have failed, or a server fails to
   * prove its identity.
   */
  async #tryAll(
    routes: readonly PathRoute[],
    winner: PromiseWithResolvers<Opened<Face> | undefined>,
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

  async #try({ local, remote }: PathRoute): Promise<Opened<Face>> {
    const hub = this.#hub;
    const socket = hub.sockets.find(local) ?? hub.open(local);
    const begin = (config: ClientConfig) => {
      const core = hub.endpoint.connect(config, socket, remote, hub.driver.now);
      if (this.#options.onSession) collectSessions(core, hub, this.#options.onSession);
      const connection = this.#make(core, hub);
      this.#open.add(connection);
      return { connection, core, hub };
    };
    const opened = begin(this.#config);
    if (opened.core.keys.zeroRtt.write !== undefined) return opened;
    try {
      await this.#answered(opened, socket, remote);
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

  /** Waits for the handshake, unless the system says that no datagram can go there. */
  async #answered(
    { connection, core }: Opened<Face>,
    socket: Socket,
    remote: Address,
  ): Promise<void> {
    const obstructed = Promise.withResolvers<never>();
    const begunAt = core.idle.heardAt;
    const end: UnreachableListener = (port, to, error) => {
      const isWay = port === socket && sameAddress(to, remote);
      // A way that was there comes back, as a rule.
      const isHeard = core.idle.heardAt !== begunAt;
      if (!isWay || isHeard || !NO_WAY.has((error as { code?: unknown }).code)) return;
      obstructed.reject(noWay(remote, error));
      connection.close();
    };
    this.#obstructed.add(end);
    try {
      await Promise.race([obstructed.promise, connection.handshake]);
    } finally {
      this.#obstructed.delete(end);
    }
  }
}

/** Why there is no connection to an address to which no datagram can be sent. */
function noWay({ hostname }: Address, cause: Error): TransportError {
  const message = `Cannot reach ${hostname}: this machine has no way there now`;
  return new TransportError(ErrorCode.NoViablePath, message, { cause });
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
    if (event.type !== "session") return;
    try {
      onSession({ tls: event.session, token });
    } catch {
      // A full disk, say: the next handshake is longer, which is no reason to end what goes on.
    }
  });
}

async function settledWithin(promise: Promise<void>, milliseconds: number): Promise<void> {
  const late = Promise.withResolvers<void>();
  const cancel = backgroundTimer(late.resolve, milliseconds);
  await Promise.race([promise, late.promise]);
  cancel();
}

/** Keeps the paths open that are wanted, whatever comes and goes, if there can be several. */
function startUpkeep(
  { connection, core, hub }: Opened<ConnectionFace>,
  wanted: WantedPaths,
  resolved: readonly Address[],
  links: LinkChoice,
): void {
  if (!connection.multipath || !hub.has(core)) return;
  const { hostname, port } = connection.remoteAddr;
  const reached = addressOf(hostname, port);
  const known = [reached, ...resolved.filter((remote) => !sameAddress(remote, reached))];
  const upkeep = new PathUpkeep(connection, {
    goals: () =>
      wanted.goals([...known, ...core.remoteAddresses.list.map(({ address }) => address)]),
    watch: (onChange) => {
      hub.watch(core, ({ type }) => {
        // A path that the application opens may serve a goal.
        if (type === "remoteAddresses" || type === "pathOpened") onChange();
      });
      return interfaceWatch.watch(onChange);
    },
    now: () => hub.driver.now,
    bindSockets: () =>
      links.choosesLinks && hub.sockets.bind((hostname) => links.deviceFor(hostname)),
    onLocalGone: (hostname) => hub.abandonFrom(core, hostname),
  });
  upkeep.start();
}
