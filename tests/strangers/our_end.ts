import { CLIENT_DEFAULTS, DEFAULTS } from "../../src/connection/config.ts";
import { Hub } from "../../src/api/hub.ts";
import { MultipathConnection } from "../../src/api/multipath_connection.ts";
import type { TransportOptions } from "../../src/api/options/options.ts";
import { transportConfig } from "../../src/api/options/transport_config.ts";
import type { Connection } from "../../src/connection/connection.ts";
import { Endpoint } from "../../src/endpoint/endpoint.ts";
import { wallTime } from "../../src/io/clock.ts";
import { socketOpener } from "../../src/io/open_socket.ts";
import { SystemRandom } from "../../src/io/random.ts";
import { Credential } from "../../src/tls/credential.ts";
import type { ClientTlsOptions, ServerTlsOptions } from "../../src/tls/tls.ts";
import { TrustStore } from "../../src/tls/trust/trust_store.ts";

/** One of our connections, with the core that its public face hides. */
export interface OurEnd {
  readonly connection: MultipathConnection;
  readonly core: Connection;
}

/** What our server is to be, beyond what the public options say. */
export interface OurServerOptions {
  readonly cert: string;
  readonly key: string;
  readonly alpn: readonly string[];
  readonly transport?: TransportOptions | undefined;
  readonly tls?: Partial<ServerTlsOptions> | undefined;
  readonly retry?: "always" | undefined;
  readonly earlyData?: boolean | undefined;
}

/** What our client is to be, beyond what the public options say. */
export interface OurClientOptions {
  readonly port: number;
  readonly caPem: string;
  readonly alpn: readonly string[];
  readonly transport?: TransportOptions | undefined;
  readonly tls?: Partial<ClientTlsOptions> | undefined;
}

/** A server of ours whose inside can be set. */
export class OurServer implements AsyncDisposable {
  readonly port: number;
  readonly #hub: Hub;
  readonly #arrivals: OurEnd[] = [];
  readonly #all: MultipathConnection[] = [];
  #onArrival: (() => void) | undefined;

  constructor(options: OurServerOptions) {
    const credential = Credential.fromPem(options.cert, options.key);
    const tls = { credential: () => credential, alpn: options.alpn, ...options.tls };
    const transport = transportConfig(options.transport ?? {}, DEFAULTS);
    const { retry, earlyData } = options;
    const server = { transport, tls, retry, earlyData };
    const endpoint = new Endpoint({ random: new SystemRandom(), wallTime, server });
    this.#hub = new Hub(endpoint, socketOpener(), (core) => this.#onAccepted(core));
    this.#hub.listen(["127.0.0.1"], 0);
    this.port = this.#hub.sockets.addresses[0]!.port;
  }

  /** How many connections were begun. */
  get begun(): number {
    return this.#all.length;
  }

  /** Waits for a connection whose handshake is complete. */
  async accept(): Promise<OurEnd> {
    while (this.#arrivals.length === 0) {
      await new Promise<void>((resolve) => this.#onArrival = resolve);
    }
    return this.#arrivals.shift()!;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#hub.endWhenEmpty();
    for (const connection of this.#all) connection.close();
    await this.#hub.settle();
  }

  #onAccepted(core: Connection): void {
    const connection = faceOf(core, this.#hub);
    this.#all.push(connection);
    connection.handshake.then(() => {
      this.#arrivals.push({ connection, core });
      this.#onArrival?.();
    }, () => {});
  }
}

/** Connects a client of ours whose inside can be set. */
export async function connectOurs(options: OurClientOptions): Promise<OurEnd> {
  const hub = new Hub(new Endpoint({ random: new SystemRandom(), wallTime }), socketOpener());
  const socket = hub.open("127.0.0.1");
  const remote = { transport: "udp", hostname: "127.0.0.1", port: options.port } as const;
  const tls = {
    serverName: "localhost",
    alpn: options.alpn,
    verification: new TrustStore([options.caPem]),
    ...options.tls,
  };
  const config = { transport: transportConfig(options.transport ?? {}, CLIENT_DEFAULTS), tls };
  const core = hub.endpoint.connect(config, socket, remote, hub.driver.now);
  const connection = faceOf(core, hub);
  hub.endWhenEmpty();
  try {
    await connection.handshake;
  } catch (error) {
    await hub.settle();
    throw error;
  }
  return { connection, core };
}

/** Its constructor is for the library alone; these tests look behind it. */
function faceOf(core: Connection, hub: Hub): MultipathConnection {
  return Reflect.construct(MultipathConnection, [core, hub]);
}
