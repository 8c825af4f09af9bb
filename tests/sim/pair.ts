import assert from "node:assert/strict";
import type { TransportConfig } from "../../src/connection/config.ts";
import { DEFAULTS } from "../../src/connection/config.ts";
import type { Connection } from "../../src/connection/connection.ts";
import type { ConnectionEvent } from "../../src/connection/event.ts";
import { Endpoint, type ServerConfig } from "../../src/endpoint/endpoint.ts";
import type { Path } from "../../src/path/path.ts";
import type { PathStatus } from "../../src/scheduler/scheduler.ts";
import { Credential } from "../../src/tls/credential.ts";
import { TrustStore } from "../../src/tls/trust_store.ts";
import type { ClientTlsOptions, ServerTlsOptions } from "../../src/tls/tls.ts";
import { Host } from "./host.ts";
import type { Link, LinkOptions } from "./link.ts";
import { queueOf } from "./link.ts";
import { SeededRandom } from "./seeded_random.ts";
import type { SimPort } from "./sim_port.ts";
import { StreamApp } from "./stream_app.ts";
import { TEST_CERTIFICATE, TEST_KEY } from "./test_certificate.ts";
import { World } from "./world.ts";

/** Virtual time 0 in milliseconds since 1970: when the test certificate is valid. */
export const EPOCH: number = Date.UTC(2027, 0, 1);

/** How a pair of hosts is connected and set up. */
export interface PairOptions {
  readonly seed?: number | string;
  /** One link for each path; path i goes from client address i to server address i. */
  readonly links?: readonly LinkOptions[];
  readonly client?: Partial<TransportConfig>;
  readonly server?: Partial<TransportConfig>;
  readonly clientTls?: Partial<ClientTlsOptions>;
  readonly serverTls?: Partial<ServerTlsOptions>;
  readonly endpoint?: Partial<Omit<ServerConfig, "transport" | "tls">>;
  /** Whether the client opens a path over each further link once the handshake is complete. */
  readonly openPaths?: boolean;
}

/** Two ends of one connection, over as many links as there are paths, in virtual time. */
export class Pair {
  readonly world: World;
  readonly links: Link[] = [];
  readonly clientHost: Host<Connection>;
  readonly serverHost: Host<Connection>;
  readonly clientPorts: SimPort[] = [];
  readonly serverPorts: SimPort[] = [];
  readonly client: Connection;
  /** The server's end; missing until the first packet arrived. */
  server: Connection | undefined = undefined;
  readonly clientApp: StreamApp;
  serverApp: StreamApp | undefined = undefined;
  readonly clientEvents: ConnectionEvent[] = [];
  readonly serverEvents: ConnectionEvent[] = [];
  /** When the client's handshake was complete. */
  connectedAt = Infinity;
  readonly #openPaths: boolean;

  constructor(options: PairOptions = {}) {
    const { links = [{}], openPaths = true } = options;
    this.#openPaths = openPaths;
    this.world = new World(options.seed ?? 1);
    const { world } = this;
    this.serverHost = world.host(
      "server",
      new Endpoint({
        random: new SeededRandom(`${world.seed} server`),
        epoch: EPOCH,
        server: {
          transport: { ...DEFAULTS, ...options.server },
          tls: { ...serverTls, ...options.serverTls },
          ...options.endpoint,
        },
      }),
    );
    const endpoint = new Endpoint({
      random: new SeededRandom(`${world.seed} client`),
      epoch: EPOCH,
    });
    this.clientHost = world.host("client", endpoint);
    links.forEach((link, i) => this.#connect(link, i));
    this.serverHost.onConnection = (connection) => this.#onAccepted(connection);
    this.serverHost.onActive = (connection) => this.#drain(connection, this.serverEvents);
    this.clientHost.onActive = (connection) => this.#drain(connection, this.clientEvents);
    this.client = endpoint.connect(
      {
        transport: { ...DEFAULTS, ...options.client },
        tls: { ...clientTls, ...options.clientTls },
      },
      this.clientPorts[0]!,
      this.serverPorts[0]!.address,
      0,
    );
    this.clientApp = new StreamApp(this.client.streams, () => world.now);
  }

  #connect(options: LinkOptions, i: number): void {
    const link = this.world.network.link(options);
    this.links.push(link);
    this.clientPorts.push(this.clientHost.open(`10.0.${i}.1`, 4_000, link));
    this.serverPorts.push(this.serverHost.open(`10.0.${i}.2`, 443));
  }

  #onAccepted(connection: Connection): void {
    this.server ??= connection;
    if (this.server !== connection) return;
    this.serverApp = new StreamApp(connection.streams, () => this.world.now);
  }

  #drain(connection: Connection, log: ConnectionEvent[]): void {
    for (let event; (event = connection.nextEvent());) this.#onEvent(connection, event, log);
  }

  #onEvent(connection: Connection, event: ConnectionEvent, log: ConnectionEvent[]): void {
    switch (event.type) {
      case "opened":
      case "readable":
      case "writable":
      case "streamsAvailable":
        if (connection === this.client) this.clientApp.onEvent(event);
        else if (connection === this.server) this.serverApp!.onEvent(event);
        return;
      case "handshakeCompleted":
        if (connection === this.client) this.#onConnected();
    }
    if (log.length < 1_000) log.push(event);
  }

  #onConnected(): void {
    this.connectedAt = this.world.now;
    if (!this.#openPaths) return;
    for (let i = 1; i < this.links.length; i++) this.openPath(i);
  }

  /** The client opens a path over link `i`. */
  openPath(i: number, status: PathStatus = "available"): void {
    const { address } = this.serverPorts[i]!;
    this.client.openPath(this.clientPorts[i]!, address, status, this.world.now);
  }

  /** The client's path over link `i`, if there is one. */
  pathOver(i: number): Path | undefined {
    return this.client.paths.paths.find((path) => path.current.port === this.clientPorts[i]);
  }

  /** Lets time pass. */
  run(until = Infinity, when?: () => boolean): number {
    return this.world.run(when ? { until, when } : { until });
  }

  /** Downloads `size` bytes and returns the virtual seconds it took since the very beginning. */
  download(size: number, limit = 600_000): number {
    const transfer = this.clientApp.download(size);
    this.run(limit, () => transfer.isDone);
    assert.ok(transfer.isDone, `${size} bytes arrived (SIM_SEED=${this.world.seed}), ${this.state}`);
    return transfer.finishedAt / 1_000;
  }

  /** For messages: what either end thinks of the connection. */
  get state(): string {
    const end = (connection: Connection | undefined): string =>
      connection === undefined
        ? "none"
        : connection.closing.open
        ? "open"
        : JSON.stringify({ ...connection.closing.reason, cause: undefined });
    return `client ${end(this.client)}, server ${end(this.server)}`;
  }
}

/** A link like those of the evaluation: its queue holds one bandwidth-delay product. */
export function shaped(mbps: number, rtt: number, more: Partial<LinkOptions> = {}): LinkOptions {
  const rate = mbps * 1e6;
  return { rate, delay: rtt / 2, queue: queueOf(rate, rtt), ...more };
}

const credential = Credential.fromPem(TEST_CERTIFICATE, TEST_KEY);
const serverTls: ServerTlsOptions = { credential: () => credential, alpn: ["test"] };
const clientTls: ClientTlsOptions = {
  serverName: "server.test",
  alpn: ["test"],
  verification: new TrustStore([TEST_CERTIFICATE]),
};
