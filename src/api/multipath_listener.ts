// Listens: makes an endpoint with its sockets, and offers the connections that come in.

import type { Connection } from "../connection/connection.ts";
import { Endpoint } from "../endpoint/endpoint.ts";
import { ReplayMemory } from "../endpoint/replay_memory.ts";
import { wallTime } from "../io/clock.ts";
import type { BalancerConfiguration } from "../packet/balancer_code.ts";
import type { IdLayout } from "../packet/id_layout.ts";
import { engineOfProcess } from "../io/native/native_engine.ts";
import { socketOpener } from "../io/open_socket.ts";
import { SystemRandom } from "../io/random.ts";
import type { ConnectionFace, MakeConnection } from "./connection_face.ts";
import { type CertificateOptions, CredentialSet } from "./options/credentials.ts";
import { Hub } from "./hub.ts";
import { ItemQueue } from "./stream/item_queue.ts";
import { idLayoutOf, replaceConfigurations } from "./options/connection_ids.ts";
import { exemptPrefixes, ledgerLimits } from "./options/limit_options.ts";
import { ListenAddresses } from "./address/listen_addresses.ts";
import type { ListenerStats } from "./stats/listener_stats.ts";
import type { CloseInfo, ListenOptions } from "./options/options.ts";
import { resetKeyOf } from "./options/reset_key.ts";
import { serviceSecretOf } from "./options/service_secret.ts";
import { serverConfig } from "./options/server_config.ts";
import { seated } from "./options/worker_options.ts";
import { workerMaskOf } from "./options/worker_place.ts";
import { Strays } from "./strays.ts";

/**
 * Waits for connections, of the kind that an application gets.
 *
 * @example
 * ```ts ignore
 * for await (const connection of listener) handle(connection);
 * ```
 *
 * @category Connections
 */
export interface ConnectionListener<Face> extends AsyncIterable<Face>, AsyncDisposable {
  /** Where it listens, one address per socket; addresses that the machine gets are added. */
  readonly addrs: readonly Deno.NetAddr[];
  /**
   * Waits for a connection whose handshake is complete.
   *
   * @throws {Deno.errors.BadResource} When the listener is closed.
   */
  accept(): Promise<Face>;
  /**
   * Shows other certificates from now on. If one of them cannot be read, all stays as it was.
   *
   * @throws {TypeError} Which one, and why.
   */
  setCertificates(certificates: CertificateOptions): void;
  /**
   * Names the server otherwise in connection IDs from now on; connected clients get other IDs, and
   * retire those they have. Balancers must know the new configurations before.
   *
   * @param configurations The first is that of new IDs; those of the others are still known.
   * @throws {TypeError} What cannot be used, and why; all stays as it was.
   */
  setConnectionIds(configurations: readonly BalancerConfiguration[]): void;
  /**
   * Whether the certificate that clients are shown now is good for a host.
   *
   * @param hostname A name, or a literal IP address.
   * @param serverName The name that a client asks for in its handshake, if it does.
   *
   * @example
   * ```ts ignore
   * listener.covers("www.example.com", connection.serverName);
   * ```
   */
  covers(hostname: string, serverName: string | undefined): boolean;
  /**
   * A snapshot of what its clients hold, and of what they were refused.
   *
   * @example
   * ```ts ignore
   * const { held, refused } = listener.stats.connections;
   * ```
   */
  readonly stats: ListenerStats;
  /** Keeps the process alive while the listener or its connections are open (the default). */
  ref(): void;
  /** Lets the process end though the listener and its connections have not. */
  unref(): void;
  /**
   * Stops waiting. Connections that were accepted go on, unless a reason to close them is given;
   * the sockets are closed with the last of them.
   */
  close(info?: CloseInfo): void;
  /** Stops waiting, closes all connections with code 0, and waits until the sockets are closed. */
  [Symbol.asyncDispose](): Promise<void>;
}

/** Listens as the options say. */
export function listen<Face extends ConnectionFace>(
  options: ListenOptions,
  make: MakeConnection<Face>,
): ConnectionListener<Face> {
  return new ApiListener(options, make);
}

/** Connections that may wait to be accepted; beyond these, new ones are refused. */
const BACKLOG = 256;

class ApiListener<Face extends ConnectionFace> implements ConnectionListener<Face> {
  readonly #hub: Hub;
  readonly #addresses: ListenAddresses;
  readonly #credentials: CredentialSet;
  readonly #make: MakeConnection<Face>;
  readonly #queue = ItemQueue.plain<Face>();
  readonly #reader = this.#queue.readable.getReader();
  readonly #connections = new Set<Face>();
  /**
   * Connections that the application has not accepted yet, and those of them that it could accept.
   */
  readonly #unaccepted = new Set<Face>();
  readonly #offered = new Set<Face>();
  readonly #strays: Strays | undefined;
  readonly #idLayout: IdLayout;
  #isClosed = false;

  constructor(given: ListenOptions, make: MakeConnection<Face>) {
    given.signal?.throwIfAborted();
    const { options, seat } = seated(given);
    this.#credentials = new CredentialSet(options);
    const secret = serviceSecretOf(options);
    const strays = seat && new Strays(seat);
    const place = seat && { number: seat.number, mask: workerMaskOf(secret) };
    this.#idLayout = idLayoutOf(options.connectionIds, place);
    const server = {
      ...serverConfig(options, this.#credentials, secret),
      replayMemory: seat?.replayMemory && new ReplayMemory(seat.replayMemory),
    };
    const endpoint = new Endpoint({
      random: new SystemRandom(),
      wallTime,
      engine: engineOfProcess(options.native),
      server,
      idLayout: this.#idLayout,
      onForeign: strays && strays.handOn.bind(strays),
      resetKey: resetKeyOf(secret, options),
      limits: ledgerLimits(options.limits),
      exempt: exemptPrefixes(options.exemptNetworks),
    });
    this.#make = make;
    this.#hub = new Hub(endpoint, socketOpener(options.native), (core) => this.#onAccepted(core));
    this.#strays = strays;
    strays?.receiveAt(this.#hub);
    this.#addresses = new ListenAddresses(this.#hub, options.localAddresses);
    try {
      this.#addresses.open(options.port);
      this.#openPreferred(options.preferredAddresses ?? []);
    } catch (error) {
      this.#addresses.stop();
      this.#hub.abort(); // a port of several that is taken leaves none open
      throw error;
    }
    const { signal } = options;
    const abort = () => this.close({ closeCode: 0, reason: "" });
    signal?.addEventListener("abort", abort, { once: true });
    this.#hub.closed.then(() => signal?.removeEventListener("abort", abort));
  }

  get addrs(): readonly Deno.NetAddr[] {
    return this.#hub.sockets.addresses.map((address) => ({ ...address }));
  }

  async accept(): Promise<Face> {
    const { value } = await this.#reader.read();
    if (!value) throw new Deno.errors.BadResource("Cannot accept: the listener is closed");
    this.#forgetOffer(value);
    return value;
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Face> {
    for (;;) {
      const { value } = await this.#reader.read();
      if (!value) return;
      this.#forgetOffer(value);
      yield value;
    }
  }

  setCertificates(certificates: CertificateOptions): void {
    this.#credentials.replace(certificates);
  }

  setConnectionIds(configurations: readonly BalancerConfiguration[]): void {
    replaceConfigurations(this.#idLayout, configurations);
    this.#hub.endpoint.renewIds();
    this.#hub.driver.wake();
  }

  covers(hostname: string, serverName: string | undefined): boolean {
    return this.#credentials.covers(hostname, serverName);
  }

  get stats(): ListenerStats {
    const { ledger, retriesSent } = this.#hub.endpoint;
    const strays = this.#strays?.stats ?? { handedOn: 0, dropped: 0 };
    return { ...ledger.stats, strays, retriesSent };
  }

  ref(): void {
    this.#hub.ref();
  }

  unref(): void {
    this.#hub.unref();
  }

  close(info?: CloseInfo): void {
    if (!this.#isClosed) {
      this.#isClosed = true;
      this.#addresses.stop();
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

  /** Clients are sent to other ports than they came to only if we hear them there. */
  #openPreferred(preferred: readonly Deno.NetAddr[]): void {
    for (const { hostname, port } of preferred) {
      const socket = this.#hub.sockets.find(hostname);
      if (socket !== undefined && socket.address.port !== port) this.#hub.listen([hostname], port);
    }
  }

  #onAccepted(core: Connection): void {
    const connection = this.#make(core, this.#hub);
    this.#connections.add(connection);
    this.#unaccepted.add(connection);
    const forget = () => {
      this.#connections.delete(connection);
      // Its place among the offered it keeps: there it lies until it is read.
      this.#unaccepted.delete(connection);
    };
    connection.closed.then(forget, forget);
    // An application that reads 0-RTT data reads them before the client has proven anything. A
    // ClientHello may take several datagrams, and its keys come with the last of them.
    if (core.keys.zeroRtt.read !== undefined) return this.#offer(connection);
    const early = Promise.withResolvers<void>();
    if (core.keys.handshake.write === undefined) {
      this.#hub.watch(core, ({ type }) => {
        if (type === "earlyDataAccepted") early.resolve();
      });
    }
    Promise.race([early.promise, connection.handshake]).then(
      () => this.#offer(connection),
      () => {},
    );
  }

  #offer(connection: Face): void {
    // Handshakes that are not complete have a limit of their own, and take no place here.
    if (!this.#isClosed && this.#offered.size < BACKLOG) {
      this.#offered.add(connection);
      this.#queue.push(connection);
    } else connection.close({ closeCode: 0, reason: "too many connections wait" });
  }

  #forgetOffer(connection: Face): void {
    this.#unaccepted.delete(connection);
    this.#offered.delete(connection);
  }
}
