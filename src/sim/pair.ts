// A client and a server with one connection over simulated links.

import { CLIENT_DEFAULTS, DEFAULTS, type TransportConfig } from "../connection/config.ts";
import type { Connection } from "../connection/connection.ts";
import type { ConnectionEvent } from "../connection/event.ts";
import type { CryptoEngine } from "../crypto/aead.ts";
import { Endpoint } from "../endpoint/endpoint.ts";
import type { ClientConfig, ServerConfig } from "../endpoint/options.ts";
import type { IpPrefix } from "../bytes/ip_prefix.ts";
import type { LedgerLimits } from "../limits/ledger_limits.ts";
import type { QlogFactory } from "../qlog/qlog.ts";
import type { IdLayout } from "../packet/id_layout.ts";
import type { PathStatus } from "../scheduler/scheduler.ts";
import { Credential } from "../tls/credential.ts";
import { NamedGroup } from "../tls/code/code_point.ts";
import type { ClientTlsOptions, ServerTlsOptions } from "../tls/tls.ts";
import type { Host } from "./host.ts";
import type { Link, LinkOptions } from "./link.ts";
import { queueOf } from "./link.ts";
import type { SimPort } from "./sim_port.ts";
import { StreamApp } from "./stream_app.ts";
import { logTo, type RecordListener } from "./qlog_listener.ts";
import { TEST_CERTIFICATE, TEST_KEY } from "./test_certificate.ts";
import { type RunOptions, World } from "./world.ts";

/** Milliseconds since 1970 at the beginning of virtual time. */
const EPOCH = 1_800_000_000_000;

/** Groups whose ClientHello fits into one Initial. */
export const ORDINARY_GROUPS: readonly number[] = [
  NamedGroup.X25519,
  NamedGroup.P256,
  NamedGroup.P384,
];

/** What a client of the simulated server says to TLS, if nothing else is asked for. */
export const ORDINARY_TLS: ClientTlsOptions = {
  serverName: "server.test",
  alpn: ["sim"],
  verification: "insecure",
  groups: ORDINARY_GROUPS,
};

const credential = Credential.fromPem(TEST_CERTIFICATE, TEST_KEY);

/** How a pair is made. Everything has a default: one path of 10 Mbit/s and 44 ms. */
export interface PairOptions {
  /** Decides about all chance; 1 if left out. */
  readonly seed?: number | string;
  /** A world that others live in as well. */
  readonly world?: World;
  /** One link per path; the client has an interface at each. See `linkOf`. */
  readonly links?: readonly LinkOptions[];
  /** Links that others use as well, in place of `links`. */
  readonly sharedLinks?: readonly Link[];
  /** As many equal paths, if `links` are not given. */
  readonly paths?: number;
  /** Addresses of the server; path i leads to address i, or the last one. */
  readonly serverAddresses?: number;
  /** For both ends. */
  readonly config?: Partial<TransportConfig>;
  /** For the client. */
  readonly clientConfig?: Partial<TransportConfig>;
  /** For the server. */
  readonly serverConfig?: Partial<TransportConfig>;
  /** Unless it says otherwise, handshakes are of X25519 alone: one Initial, and quickly computed. */
  readonly clientTls?: Partial<ClientTlsOptions>;
  /** Further options of the server's TLS. */
  readonly serverTls?: Partial<ServerTlsOptions>;
  /** Further options of the server's endpoint. */
  readonly server?: Partial<ServerConfig>;
  /** What the server's clients may hold. */
  readonly limits?: LedgerLimits;
  /** Networks of balancers, whose addresses have no limit of their own. */
  readonly exempt?: readonly IpPrefix[];
  /** Further options of the client's connection. */
  readonly client?: Partial<ClientConfig>;
  /** What encrypts; chosen by itself if left out. */
  readonly engine?: CryptoEngine;
  /** Whether the client opens its other paths as soon as the handshake is complete. */
  readonly openPaths?: boolean;
  /** The status of each path when it is opened. */
  readonly statuses?: readonly PathStatus[];
  /** The server's key for stateless resets. */
  readonly resetKey?: Uint8Array;
  /** The layout of the server's connection IDs. */
  readonly idLayout?: IdLayout;
  /** Whether sockets set and tell ECN marks; those of the runtime do not. */
  readonly ecn?: boolean;
  /** Use IPv6 addresses. */
  readonly ipv6?: boolean;
  /** Takes the qlog records of both ends. */
  readonly qlog?: RecordListener;
  /** Distinguishes the pairs of one world; 0 to 200. */
  readonly number?: number;
  /** A connected pair, whose endpoints, ports and links this one uses as well. */
  readonly beside?: Pair;
}

/** One end of the connection of a pair. */
export class End {
  /** Where the end lives. */
  readonly host: Host<Connection>;
  /** The endpoint of the host. */
  readonly endpoint: Endpoint;
  /** All events so far, as they came. */
  readonly events: ConnectionEvent[] = [];
  /** When the handshake was complete, in virtual ms. */
  completedAt: number = Infinity;
  /** Also called with every event. */
  onEvent: (event: ConnectionEvent) => void = () => {};
  #connection: Connection | undefined;
  #app: StreamApp | undefined;
  readonly #now: () => number;

  /**
   * Makes an end without a connection.
   *
   * @param isBeside Whether the host has other ends already, of other connections.
   */
  constructor(host: Host<Connection>, endpoint: Endpoint, now: () => number, isBeside = false) {
    this.host = host;
    this.endpoint = endpoint;
    this.#now = now;
    const others = host.hearActive((connection) => {
      if (!isBeside || connection === this.#connection) this.#drain(connection);
      else others(connection);
    });
  }

  /** Its connection; throws if there is none yet. */
  get connection(): Connection {
    if (!this.#connection) throw new Error(`The ${this.host.name} has no connection yet`);
    return this.#connection;
  }

  /** The application on its connection; throws if there is none yet. */
  get app(): StreamApp {
    if (!this.#app) throw new Error(`The ${this.host.name} has no connection yet`);
    return this.#app;
  }

  /** Whether it has a connection, complete or not. */
  get isConnected(): boolean {
    return this.#connection !== undefined;
  }

  /** Whether an event of this type has come. */
  has(type: ConnectionEvent["type"]): boolean {
    return this.events.some((event) => event.type === type);
  }

  /** Takes a connection over; only its first one counts. */
  attach(connection: Connection): void {
    if (this.#connection) return;
    this.#connection = connection;
    this.#app = new StreamApp(connection.streams, this.#now);
  }

  /** Says that the test did something with the connection. */
  touch(): void {
    if (this.#connection) this.endpoint.touch(this.#connection);
    this.host.touch();
  }

  #drain(connection: Connection): void {
    for (let event; (event = connection.nextEvent());) {
      if (connection !== this.#connection) continue;
      this.events.push(event);
      if (event.type === "handshakeCompleted") this.completedAt = this.#now();
      switch (event.type) {
        case "opened":
        case "readable":
        case "writable":
        case "streamsAvailable":
          this.#app!.onEvent(event);
      }
      this.onEvent(event);
    }
    this.endpoint.touch(connection);
  }
}

/**
 * A client and a server with one connection over some links, in virtual time.
 *
 * @example
 * ```ts ignore
 * const pair = new Pair({ paths: 2, seed: 7 });
 * pair.connect();
 * const transfer = pair.client.app.download(1_048_576);
 * pair.run({ when: () => transfer.isDone });
 * ```
 */
export class Pair {
  /** The world of both ends. */
  readonly world: World;
  /** The links, one for each path. */
  readonly links: readonly Link[];
  /** The end that connects. */
  readonly client: End;
  /** The end that accepts. */
  readonly server: End;
  /** The server's key for stateless resets. */
  readonly resetKey: Uint8Array;
  readonly #options: PairOptions;

  /** Makes both ends; `start` or `connect` begins the handshake. */
  constructor(options: PairOptions = {}) {
    this.#options = options;
    const { beside } = options;
    this.world = beside?.world ?? options.world ?? new World(options.seed ?? 1);
    this.resetKey = beside?.resetKey ?? options.resetKey ??
      this.world.random.fork("reset key").bytes(32);
    this.links = beside?.links ?? options.sharedLinks ?? this.#makeLinks();
    if (beside !== undefined) {
      this.client = this.#endBeside(beside.client);
      this.server = this.#endBeside(beside.server);
    } else {
      const { number = 0 } = options;
      this.client = this.#end(`client ${number}`, undefined);
      this.server = this.#end(`server ${number}`, this.#serverConfig());
      this.#openPorts();
    }
    const { host } = this.server;
    const others = host.hearConnections((connection) => {
      if (beside !== undefined && !beside.server.isConnected) others(connection);
      else this.server.attach(connection);
    });
    this.client.onEvent = (event) => {
      if (event.type === "handshakeCompleted" && options.openPaths !== false) this.openPaths();
    };
  }

  /** Virtual milliseconds since the beginning. */
  get now(): number {
    return this.world.now;
  }

  /** The client's ports, one at each link. */
  get clientPorts(): readonly SimPort[] {
    return this.client.host.ports;
  }

  /** The server's ports, one at each of its addresses. */
  get serverPorts(): readonly SimPort[] {
    return this.server.host.ports;
  }

  /** Begins the handshake; the connection can be used at once, its streams open later. */
  start(): Connection {
    const { clientTls, config, clientConfig } = this.#options;
    const connection = this.client.endpoint.connect(
      {
        transport: { ...CLIENT_DEFAULTS, qlog: this.#qlog(), ...config, ...clientConfig },
        tls: {
          ...ORDINARY_TLS,
          ...clientTls,
        },
        ...this.#options.client,
      },
      this.clientPorts[0]!,
      this.serverPorts[0]!.publicAddress,
      this.now,
    );
    this.client.attach(connection);
    return connection;
  }

  /** Begins the handshake and runs until both ends have completed it. */
  connect(): this {
    this.start();
    this.run({
      until: this.now + 60_000,
      when: () => this.client.has("handshakeCompleted") && this.server.has("handshakeCompleted"),
    });
    if (!this.server.has("handshakeCompleted")) throw new Error("The handshake did not complete");
    return this;
  }

  /** Opens a path from each further interface of the client. */
  openPaths(): void {
    const { statuses = [] } = this.#options;
    const { connection } = this.client;
    for (let i = 1; i < this.clientPorts.length; i++) {
      const remote = this.serverPorts[Math.min(i, this.serverPorts.length - 1)]!.publicAddress;
      connection.openPath(this.clientPorts[i]!, remote, statuses[i] ?? "available", this.now);
    }
    this.client.touch();
  }

  /** Lets time pass; see `World.run`. */
  run(options: RunOptions = {}): number {
    this.client.touch();
    this.server.touch();
    return this.world.run(options);
  }

  /** Calls a function at a virtual time. */
  at(time: number, action: () => void): void {
    this.world.at(time, () => {
      action();
      this.client.touch();
      this.server.touch();
    });
  }

  #makeLinks(): Link[] {
    const { links, paths = 1 } = this.#options;
    const wanted = links ?? Array.from({ length: paths }, () => linkOf(10, 44));
    return wanted.map((link) => this.world.network.link(link));
  }

  #openPorts(): void {
    const { ecn = false } = this.#options;
    this.links.forEach((link, i) => this.client.host.open(this.#address(1, i), 50_000 + i, link));
    for (let i = 0; i < (this.#options.serverAddresses ?? 1); i++) {
      this.server.host.open(this.#address(2, i), 443);
    }
    if (ecn) { for (const port of [...this.clientPorts, ...this.serverPorts]) port.carryMarks(); }
  }

  #endBeside({ host, endpoint }: End): End {
    return new End(host, endpoint, () => this.now, true);
  }

  #end(name: string, server: ServerConfig | undefined): End {
    const endpoint = new Endpoint({
      random: this.world.random.fork(name),
      wallTime: (now) => EPOCH + now,
      engine: this.#options.engine,
      server,
      resetKey: server && this.resetKey,
      idLayout: server && this.#options.idLayout,
      limits: server && this.#options.limits,
      exempt: server && this.#options.exempt,
    });
    return new End(this.world.host(name, endpoint), endpoint, () => this.now);
  }

  #qlog(): QlogFactory | undefined {
    const { qlog } = this.#options;
    return qlog ? logTo(qlog) : this.world.qlog;
  }

  #serverConfig(): ServerConfig {
    const { config, serverConfig, serverTls, server } = this.#options;
    return {
      transport: { ...DEFAULTS, qlog: this.#qlog(), ...config, ...serverConfig },
      tls: { credential: () => credential, alpn: ["sim"], ...serverTls },
      ...server,
    };
  }

  #address(side: number, index: number): string {
    const { ipv6 = false, number = 0 } = this.#options;
    return ipv6 ? `fd77:${number}:${index}::${side}` : `10.${number}.${index}.${side}`;
  }
}

/** A link as the evaluation describes them: Mbit/s and round-trip milliseconds, a full queue. */
export function linkOf(megabits: number, rtt: number, more: LinkOptions = {}): LinkOptions {
  const rate = megabits * 1e6;
  return { rate, delay: rtt / 2, queue: queueOf(rate, rtt), ...more };
}
