// An endpoint with its sockets and its loop, for one listener or one client.

import { Readiness } from "../scheduler/readiness.ts";
import type { Connection } from "../connection/connection.ts";
import type { ConnectionEvent } from "../connection/event.ts";
import { ErrorCode } from "../error/error_code.ts";
import type { Endpoint } from "../endpoint/endpoint.ts";
import { Driver, type DriverListener } from "../io/driver.ts";
import { familyOf, selectLocalAddresses } from "../io/interfaces.ts";
import type { OpenSocket, SendingPort, Socket } from "../io/socket.ts";
import { SocketSet } from "../io/socket_set.ts";
import { backgroundTimer } from "../io/timer.ts";
import { type Address, sameAddress } from "../path/address/address.ts";

/** Milliseconds after which a closed hub closes its sockets unconditionally. */
const LONGEST_LINGER = 1_000;

/** Hears what happens in one connection. */
export type EventListener = (event: ConnectionEvent) => void;

/** Hears that a socket cannot send to an address, and what the system says. */
export type UnreachableListener = (port: SendingPort, remote: Address, error: Error) => void;

/** An endpoint with its sockets, its loop, and the listeners of its connections. */
export class Hub implements DriverListener<Connection> {
  readonly endpoint: Endpoint;
  readonly driver: Driver<Connection>;
  readonly sockets: SocketSet;
  /** Resolves when all sockets are closed. */
  readonly closed: Promise<void>;
  #endsWhenEmpty = false;
  #keepsProcess = true;
  readonly #listeners = new Map<Connection, EventListener>();
  readonly #watchers = new Map<Connection, EventListener[]>();
  readonly #onAccepted: ((connection: Connection) => void) | undefined;
  readonly #onUnreachable: UnreachableListener | undefined;
  readonly #closing = Promise.withResolvers<void>();
  #isClosing = false;
  #isStopped = false;
  #cancelTimer: (() => void) | undefined;

  /**
   * @param open Opens its sockets.
   * @param onAccepted Takes the connections that peers open.
   * @param onUnreachable Hears where the sockets cannot send to.
   */
  constructor(
    endpoint: Endpoint,
    open: OpenSocket,
    onAccepted?: (connection: Connection) => void,
    onUnreachable?: UnreachableListener,
  ) {
    this.endpoint = endpoint;
    this.sockets = new SocketSet(open);
    this.driver = new Driver(endpoint, this);
    this.closed = this.#closing.promise;
    this.#onAccepted = onAccepted;
    this.#onUnreachable = onUnreachable;
  }

  /** Waits until a hub that is closing has closed, and keeps the process for that long. */
  async settle(): Promise<void> {
    if (!this.#isClosing || this.#isStopped) return;
    const keepAlive = setTimeout(() => {}, LONGEST_LINGER);
    await this.closed;
    clearTimeout(keepAlive);
  }

  /** Opens sockets, all with the same port. */
  listen(hostnames: readonly string[], port: number): void {
    const opened = this.sockets.openAll(hostnames, port);
    try {
      for (const socket of opened) this.driver.add(socket);
    } catch (error) {
      // The system cannot wait for one of them.
      for (const socket of opened) this.sockets.remove(socket);
      throw error;
    }
  }

  /** Opens one more socket. */
  open(hostname: string): Socket {
    const socket = this.sockets.open(hostname);
    this.driver.add(socket);
    if (!this.#keepsProcess) socket.unref();
    return socket;
  }

  /** Keeps the process alive until the hub closes (the default). */
  ref(): void {
    if (this.#keepsProcess || this.#isClosing) return;
    this.#keepsProcess = true;
    this.driver.ref();
    for (const socket of this.sockets.sockets) socket.ref();
  }

  /** Lets the process end. */
  unref(): void {
    if (!this.#keepsProcess) return;
    this.#keepsProcess = false;
    this.driver.unref();
    for (const socket of this.sockets.sockets) socket.unref();
  }

  /** Listens to a connection. */
  add(connection: Connection, listener: EventListener): void {
    this.#listeners.set(connection, listener);
    this.wake(connection);
  }

  /** Whether the connection is still in use. */
  has(connection: Connection): boolean {
    return this.#listeners.has(connection);
  }

  /** Has a further listener hear what happens in a connection. */
  watch(connection: Connection, listener: EventListener): void {
    const others = this.#watchers.get(connection);
    if (others) others.push(listener);
    else this.#watchers.set(connection, [listener]);
  }

  /**
   * A local address is gone: paths that begin there are abandoned. Its sockets are closed when no path
   * uses them: the last path of a connection stays, as the address may come back.
   */
  abandonFrom(connection: Connection, hostname: string): void {
    for (const { current, slot } of connection.paths.paths.slice()) {
      if (current.port.address.hostname !== hostname || slot.path === undefined) continue;
      connection.closePath(slot.path, ErrorCode.PathUnstableOrPoor, this.driver.now);
    }
    for (const socket of this.sockets.sockets.slice()) {
      const isGone = socket.address.hostname === hostname;
      if (isGone && !this.#isUsed(socket)) this.sockets.remove(socket);
    }
    this.wake(connection);
  }

  /** The application used a connection: its data are sent soon. */
  wake(connection: Connection): void {
    this.endpoint.touch(connection);
    this.driver.wake();
  }

  /** The application used a connection: its data are sent at once. */
  flush(connection: Connection): void {
    this.endpoint.touch(connection);
    this.driver.flush();
  }

  /** The connection is over for its user; it may still have to answer for a while. */
  remove(connection: Connection): void {
    this.#listeners.delete(connection);
    this.#watchers.delete(connection);
    this.#endIfEmpty();
  }

  /** From now on, the hub closes as soon as no connection is left; new ones are refused. */
  endWhenEmpty(): void {
    this.#endsWhenEmpty = true;
    this.endpoint.stopAccepting();
    this.#endIfEmpty();
  }

  /**
   * The port for a new path: one that the connection does not use towards this address yet.
   *
   * @param local A literal address, an interface, or the beginning of either.
   */
  portFor(connection: Connection, local: string | undefined, remote: Address): Socket {
    if (this.#onAccepted) {
      throw new TypeError("Cannot open a path: only the client of a connection can");
    }
    const hostname = this.#localFor(connection, local, remote.hostname);
    const used = connection.paths.paths.filter((path) => path.readiness >= Readiness.Opening).map((
      path,
    ) => path.current);
    const free = this.sockets.sockets.find((socket) =>
      !socket.isClosed && socket.address.hostname === hostname &&
      !used.some(({ port, remote: to }) => port === socket && sameAddress(to, remote))
    );
    return free ?? this.open(hostname);
  }

  /** Stops when the last connection has nothing more to answer. Does not keep the process. */
  close(): void {
    if (this.#isClosing) return;
    this.#isClosing = true;
    this.unref();
    this.#cancelTimer = backgroundTimer(() => this.#stop(), LONGEST_LINGER);
    this.driver.wake();
  }

  /** Stops at once. */
  abort(): void {
    this.#isClosing = true;
    this.#stop();
  }

  onConnection(connection: Connection): void {
    if (this.#onAccepted && !this.#endsWhenEmpty) this.#onAccepted(connection);
    else connection.close(0, "", this.driver.now);
  }

  onActive(connection: Connection): void {
    for (let event; (event = connection.nextEvent());) {
      this.#listeners.get(connection)?.(event);
      for (const watcher of this.#watchers.get(connection) ?? []) watcher(event);
    }
  }

  onUnreachable(port: SendingPort, remote: Address, error: Error): void {
    this.#onUnreachable?.(port, remote, error);
  }

  onRest(): void {
    if (this.#isClosing && this.endpoint.connections.size === 0) this.#stop();
  }

  #isUsed(socket: Socket): boolean {
    return this.endpoint.connections.values().some(({ paths }) =>
      paths.paths.some(({ current, readiness }) =>
        current.port === socket && readiness >= Readiness.Opening
      )
    );
  }

  #endIfEmpty(): void {
    if (this.#endsWhenEmpty && this.#listeners.size === 0) this.close();
  }

  #localFor(connection: Connection, local: string | undefined, remote: string): string {
    const family = familyOf(remote);
    const candidates = local === undefined
      ? this.#boundAddresses(connection)
      : selectLocalAddresses([local]);
    const fitting = candidates.find((hostname) => familyOf(hostname) === family);
    if (fitting !== undefined) return fitting;
    if (local === undefined) return family === "IPv6" ? "::" : "0.0.0.0";
    throw new TypeError(
      `Cannot reach ${remote} from ${local}: it has no ${family} address`,
    );
  }

  #boundAddresses(connection: Connection): string[] {
    const first = connection.paths.paths[0]?.current.port.address.hostname;
    const all = this.sockets.addresses.map(({ hostname }) => hostname);
    return first === undefined ? all : [first, ...all];
  }

  #stop(): void {
    this.#isStopped = true;
    this.#cancelTimer?.();
    this.driver.close();
    // Those that still waited for something will wait for it no longer: logs must end.
    for (const connection of this.endpoint.connections) connection.release();
    this.sockets.close();
    this.#closing.resolve();
  }
}
