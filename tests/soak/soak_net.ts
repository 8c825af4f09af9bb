import { CLIENT_DEFAULTS, type TransportConfig } from "../../src/connection/config.ts";
import type { Connection } from "../../src/connection/connection.ts";
import type { ConnectionEvent } from "../../src/connection/event.ts";
import { NamedGroup } from "../../src/tls/code/code_point.ts";
import { type End, Pair, type PairOptions } from "../sim/pair.ts";
import { StreamApp } from "../../src/sim/stream_app.ts";

/**
 * Two endpoints with any number of connections between them. Unlike a pair's ends, these keep no
 * events and no connection that is over, so that whatever grows belongs to the stack.
 */
export class SoakNet {
  readonly pair: Pair;
  /** The scripted application at the client's end of each connection that is not over. */
  readonly clientApps = new Map<Connection, StreamApp>();
  /** The same at the server's end. */
  readonly serverApps = new Map<Connection, StreamApp>();
  /** Hears of the events of the clients' connections. */
  onClientEvent: (connection: Connection, event: ConnectionEvent) => void = () => {};
  /** Connections that ended otherwise than with code 0. */
  failures = 0;
  readonly #config: TransportConfig;

  constructor(options: PairOptions) {
    this.pair = new Pair(options);
    this.#config = { ...CLIENT_DEFAULTS, ...options.config, ...options.clientConfig };
    this.#serve(this.pair.client, this.clientApps);
    this.#serve(this.pair.server, this.serverApps);
  }

  get now(): number {
    return this.pair.now;
  }

  /** Begins another connection to the server. */
  connect(): Connection {
    const { client, clientPorts, serverPorts } = this.pair;
    const connection = client.endpoint.connect(
      {
        transport: this.#config,
        tls: {
          serverName: "server.test",
          alpn: ["sim"],
          verification: "insecure",
          groups: [NamedGroup.X25519],
        },
      },
      clientPorts[0]!,
      serverPorts[0]!.publicAddress,
      this.now,
    );
    this.clientApps.set(connection, new StreamApp(connection.streams, () => this.now));
    client.host.isTouched = true;
    return connection;
  }

  #serve({ host, endpoint }: End, apps: Map<Connection, StreamApp>): void {
    const isClient = host === this.pair.client.host;
    host.onConnection = (connection) => {
      apps.set(connection, new StreamApp(connection.streams, () => this.now));
    };
    host.onActive = (connection) => {
      for (let event; (event = connection.nextEvent());) {
        switch (event.type) {
          case "opened":
          case "readable":
          case "writable":
          case "streamsAvailable":
            apps.get(connection)?.onEvent(event);
            break;
          case "closed":
            apps.delete(connection);
            if (event.reason.code !== 0 || event.reason.by === "timeout") this.failures++;
        }
        if (isClient) this.onClientEvent(connection, event);
      }
      endpoint.touch(connection);
    };
  }
}
