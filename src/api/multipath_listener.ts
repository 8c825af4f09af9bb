import type { Connection } from "../connection/connection.ts";
import { Endpoint, type ServerConfig } from "../endpoint/endpoint.ts";
import { isUnspecified } from "../io/interfaces.ts";
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
  /**
   * Stops waiting. Connections that were accepted go on, unless a reason to close them is given;
   * the sockets are closed with the last of them.
   */
  close(info?: CloseInfo): void;
  /** Stops waiting, closes all connections with code 0, and waits until the sockets are closed. */
  [Symbol.asyncDispose](): Promise<void>;
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
  /** Those that nobody has accepted yet. */
  readonly #unaccepted = new Set<MultipathConnection>();
  #isClosed = false;

  constructor(options: ListenOptions, make: MakeConnection) {
    options.signal?.throwIfAborted();
    const server = serverConfig(options);
    const epoch = performance.timeOrigin;
    const endpoint = new Endpoint({ random: new SystemRandom(), epoch, server });
    this.#make = make;
    this.#hub = new Hub(endpoint, (core) => this.#onAccepted(core));
    this.#hub.listen(serverAddresses(options.localAddresses), options.port);
    const { addresses } = this.#hub.sockets;
    this.addrs = addresses.map((address) => ({ ...address }));
    // Where clients may open further paths to; those that cannot be meant for them, they ignore.
    endpoint.announce(addresses.filter(({ hostname }) => !isUnspecified(hostname)));
    const abort = () => this.close({ closeCode: 0, reason: "" });
    options.signal?.addEventListener("abort", abort, { once: true });
  }

  async accept(): Promise<MultipathConnection> {
    const { value } = await this.#reader.read();
    if (!value) throw new Deno.errors.BadResource("Cannot accept: the listener is closed");
    this.#unaccepted.delete(value);
    return value;
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<MultipathConnection> {
    for (;;) {
      const { value } = await this.#reader.read();
      if (!value) return;
      this.#unaccepted.delete(value);
      yield value;
    }
  }

  close(info?: CloseInfo): void {
    if (!this.#isClosed) {
      this.#isClosed = true;
      this.#queue.end();
      this.#hub.endWhenEmpty();
    }
    const offered = info ? this.#connections : this.#unaccepted;
    for (const connection of offered) connection.close(info);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.close({ closeCode: 0, reason: "" });
    await this.#hub.settle();
  }

  #onAccepted(core: Connection): void {
    const connection = this.#make(core, this.#hub);
    this.#connections.add(connection);
    this.#unaccepted.add(connection);
    const forget = () => {
      this.#connections.delete(connection);
      this.#unaccepted.delete(connection);
    };
    connection.closed.then(forget, forget);
    connection.handshake.then(() => this.#offer(connection), () => {});
  }

  #offer(connection: MultipathConnection): void {
    if (!this.#isClosed && this.#unaccepted.size <= BACKLOG) this.#queue.push(connection);
    else connection.close({ closeCode: 0, reason: "too many connections wait" });
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
