import type { Connection } from "../connection/connection.ts";
import { Endpoint, type ServerConfig } from "../endpoint/endpoint.ts";
import { openKeyLog } from "../io/key_log.ts";
import { SystemRandom } from "../io/random.ts";
import { Credential } from "../tls/credential.ts";
import type { MakeConnection } from "./connect.ts";
import { Hub } from "./hub.ts";
import { ItemQueue } from "./item_queue.ts";
import { serverAddresses } from "./local_addresses.ts";
import type { MultipathConnection } from "./multipath_connection.ts";
import { type CloseInfo, type ListenOptions, transportConfig } from "./options.ts";

/**
 * Waits for connections.
 *
 * @example
 * ```ts ignore
 * for await (const connection of listener) handle(connection);
 * ```
 */
export interface MultipathListener extends AsyncIterable<MultipathConnection>, AsyncDisposable {
  /** Where it listens, one address per socket. */
  readonly addrs: readonly Deno.NetAddr[];
  /**
   * Waits for a connection whose handshake is complete.
   *
   * @throws {Deno.errors.BadResource} When the listener is closed.
   */
  accept(): Promise<MultipathConnection>;
  /** Closes the listener and all of its connections. */
  close(info?: CloseInfo): void;
}

/** Listens as the options say. */
export function listen(options: ListenOptions, make: MakeConnection): MultipathListener {
  return new ApiListener(options, make);
}

/** Connections that nobody has accepted; beyond these, new ones are refused. */
const BACKLOG = 256;

class ApiListener implements MultipathListener {
  readonly addrs: readonly Deno.NetAddr[];
  readonly #hub: Hub;
  readonly #make: MakeConnection;
  readonly #queue = new ItemQueue<MultipathConnection>();
  readonly #reader = this.#queue.readable.getReader();
  readonly #connections = new Set<MultipathConnection>();
  #waiting = 0;
  #isClosed = false;

  constructor(options: ListenOptions, make: MakeConnection) {
    options.signal?.throwIfAborted();
    const server = serverConfig(options);
    const epoch = performance.timeOrigin;
    const endpoint = new Endpoint({ random: new SystemRandom(), epoch, server });
    this.#make = make;
    this.#hub = new Hub(endpoint, (core) => this.#onAccepted(core));
    this.#hub.listen(serverAddresses(options.localAddresses), options.port);
    this.addrs = this.#hub.sockets.addresses.map((address) => ({ ...address }));
    options.signal?.addEventListener("abort", () => this.close(), { once: true });
  }

  async accept(): Promise<MultipathConnection> {
    const { value } = await this.#reader.read();
    if (!value) throw new Deno.errors.BadResource("Cannot accept: the listener is closed");
    this.#waiting--;
    return value;
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<MultipathConnection> {
    for (;;) {
      const { value } = await this.#reader.read();
      if (!value) return;
      this.#waiting--;
      yield value;
    }
  }

  close(info: CloseInfo = { closeCode: 0, reason: "" }): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    for (const connection of this.#connections) connection.close(info);
    this.#queue.end();
    this.#hub.close();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.close();
    await this.#hub.settle();
  }

  #onAccepted(core: Connection): void {
    const connection = this.#make(core, this.#hub);
    this.#connections.add(connection);
    const forget = () => void this.#connections.delete(connection);
    connection.closed.then(forget, forget);
    connection.handshake.then(() => this.#offer(connection), () => {});
  }

  #offer(connection: MultipathConnection): void {
    if (this.#isClosed || this.#waiting >= BACKLOG) {
      connection.close({ closeCode: 0, reason: "too many connections wait" });
      return;
    }
    this.#waiting++;
    this.#queue.push(connection);
  }
}

function serverConfig(options: ListenOptions): ServerConfig {
  const { alpnProtocols: alpn, cert, key } = options;
  if (!Array.isArray(alpn) || alpn.length === 0) {
    throw new TypeError("Cannot listen: alpnProtocols must name at least one protocol");
  }
  const credential = Credential.fromPem(cert, key);
  return {
    transport: transportConfig(options),
    tls: { credential: () => credential, alpn, keyLog: openKeyLog() },
  };
}
