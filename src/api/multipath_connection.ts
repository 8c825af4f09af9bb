// The connection of an application: streams, datagrams, paths.

import type { Connection } from "../connection/connection.ts";
import type { ConnectionEvent } from "../connection/event.ts";
import type { Scheduler } from "../scheduler/scheduler.ts";
import { closeError, closeInfo, isOrderly } from "./close_error.ts";
import { ConnectionDatagrams } from "./stream/connection_datagrams.ts";
import { type ConnectionStats, connectionStats } from "./stats/connection_stats.ts";
import { ConnectionPaths, type PortFinder } from "./connection_paths.ts";
import { type BidirectionalStream, ConnectionStreams } from "./stream/connection_streams.ts";
import { connect } from "./connect.ts";
import { announceConnection } from "./connection_observers.ts";
import { ConnectionEventLog, type EventLog } from "./stats/event_log.ts";
import type { Hub } from "./hub.ts";
import { type ConnectionListener, listen } from "./multipath_listener.ts";
import type {
  CloseInfo,
  ConnectOptions,
  ListenOptions,
  SendDatagramOptions,
} from "./options/options.ts";
import type { OpenPathOptions } from "./path/open_path_options.ts";
import type { Path } from "./path/path.ts";
import type { PathEvent } from "./path/path_events.ts";
import type { PeerAccount } from "./stats/peer_account.ts";
import type { ReceiveStream } from "./stream/receive_stream.ts";
import type { SendStream, SendStreamOptions } from "./stream/send_stream.ts";
import { type QuicVersion, versionName } from "./options/session.ts";

/**
 * A QUIC connection that uses several network paths at once. It has the shape of `Deno.QuicConn`,
 * and paths: a path is to a multipath connection what a stream is to a connection.
 *
 * @example Two paths to an echo server
 * ```ts ignore
 * import { MultipathConnection } from "@mpquic/mpquic";
 *
 * await using connection = await MultipathConnection.connect({
 *   hostname: "example.com",
 *   port: 6121,
 *   alpnProtocols: ["echo"],
 *   localAddresses: ["eth0", "wlan0"],
 * });
 * const { readable, writable } = await connection.createBidirectionalStream();
 * const writer = writable.getWriter();
 * await writer.write(new TextEncoder().encode("hello"));
 * await writer.close();
 * for await (const chunk of readable) console.log(new TextDecoder().decode(chunk));
 * ```
 * @category Connections
 */
export class MultipathConnection implements AsyncDisposable {
  readonly #core: Connection;
  readonly #hub: Hub;
  readonly #streams: ConnectionStreams;
  readonly #paths: ConnectionPaths;
  readonly #datagrams: ConnectionDatagrams;
  readonly #eventLog: EventLog | undefined;
  readonly #handshake = Promise.withResolvers<void>();
  readonly #closed = Promise.withResolvers<CloseInfo>();
  #remote: Deno.NetAddr;
  readonly #startedAt: number;
  #handshakeTime: number | undefined;
  #isClosed = false;

  /** Made by `connect` and `listen`; there is no other way to one. */
  private constructor(core: Connection, hub: Hub) {
    this.#core = core;
    this.#hub = hub;
    this.#startedAt = hub.driver.now;
    this.#remote = { ...core.paths.paths[0]!.current.remote };
    const wake = () => hub.wake(core);
    const portFor: PortFinder = (local, remote) => hub.portFor(core, local, remote);
    this.#paths = new ConnectionPaths(core, wake, () => hub.driver.now, portFor);
    this.#streams = new ConnectionStreams(core.streams, this.#paths);
    this.#datagrams = new ConnectionDatagrams(core, wake);
    this.#eventLog = core.qlog && new ConnectionEventLog(core.qlog, () => hub.driver.now);
    // Prevents unhandled rejections when the caller ignores these promises.
    this.#handshake.promise.catch(() => {});
    this.#closed.promise.catch(() => {});
    hub.add(core, (event) => this.#onEvent(event));
  }

  /**
   * Connects to a server and waits until the handshake is complete.
   *
   * @param options Which server to reach, and how.
   * @returns The connection; further paths open by themselves.
   * @throws {TypeError} If the host name or a local address leads nowhere.
   *
   * @example
   * ```ts ignore
   * await using connection = await MultipathConnection.connect({
   *   hostname: "localhost",
   *   port: 6121,
   *   alpnProtocols: ["echo"],
   * });
   * ```
   */
  static connect(options: ConnectOptions): Promise<MultipathConnection> {
    return connect(options, (core, hub) => new MultipathConnection(core, hub));
  }

  /**
   * Waits for connections.
   *
   * @param options Where to listen, and with which certificate.
   * @returns The listener, which is an asynchronous iterator of connections.
   *
   * @example
   * ```ts ignore
   * await using listener = MultipathConnection.listen({ port: 6121, cert, key, alpnProtocols: ["echo"] });
   * for await (const connection of listener) {
   *   console.log(connection.remoteAddr);
   * }
   * ```
   */
  static listen(options: ListenOptions): ConnectionListener<MultipathConnection> {
    return listen(options, (core, hub) => new MultipathConnection(core, hub));
  }

  /**
   * Opens a stream with both directions.
   *
   * @param options Its place among the streams, and whether to wait for the peer's permission.
   */
  createBidirectionalStream(options: SendStreamOptions = {}): Promise<BidirectionalStream> {
    return this.#streams.openBidirectional(options);
  }

  /**
   * Opens a stream that only this end sends on.
   *
   * @param options Its place among the streams, and whether to wait for the peer's permission.
   */
  createUnidirectionalStream(options: SendStreamOptions = {}): Promise<SendStream> {
    return this.#streams.openUnidirectional(options);
  }

  /**
   * Streams with both directions that the peer opens. Those that are not read count against what it
   * may have open, though it has reset them.
   */
  get incomingBidirectionalStreams(): ReadableStream<BidirectionalStream> {
    return this.#streams.incomingBidirectional;
  }

  /** Streams that only the peer sends on. Those that are not read count as well. */
  get incomingUnidirectionalStreams(): ReadableStream<ReceiveStream> {
    return this.#streams.incomingUnidirectional;
  }

  /**
   * Sends a datagram, which may be lost. Resolves when there is room for the next one.
   *
   * @param data At most `maxDatagramSize` bytes.
   * @param options The path it is to leave on, as long as that works; any if left out.
   * @throws {TypeError} If it is no `Uint8Array`; a `RangeError` if it is too long.
   * @throws {PathError} If the path is closed.
   *
   * @example Both paths carry it, so that it is lost on neither
   * ```ts ignore
   * for (const path of connection.paths) await connection.sendDatagram(sample, { path });
   * ```
   */
  async sendDatagram(data: Uint8Array, options: SendDatagramOptions = {}): Promise<void> {
    const path = options.path && this.#paths.corePath(options.path);
    await this.#datagrams.send(data, path);
  }

  /** Waits for a datagram. */
  readDatagram(): Promise<Uint8Array<ArrayBuffer>> {
    return this.#datagrams.read();
  }

  /** The longest datagram that can be sent now; 0 if the peer takes none. */
  get maxDatagramSize(): number {
    return this.#datagrams.maxSize;
  }

  /** The paths that are open, by ID. */
  get paths(): readonly Path[] {
    return this.#paths.open;
  }

  /** Paths that the peer opens, if they are still open when they are read. */
  get incomingPaths(): ReadableStream<Path> {
    return this.#paths.incoming;
  }

  /**
   * What happens to the paths: they open, fall silent and answer again, move, close. It begins with
   * the paths that are open when it is first asked for; nothing is kept before. It can be read once,
   * and ends with the connection. See `PathEvent` for an example.
   */
  get pathEvents(): ReadableStream<PathEvent> {
    return this.#paths.events;
  }

  /**
   * Opens one more path. Only the client can, and only if the server agreed to several.
   *
   * @param options Where it begins and ends, and how it is to be used.
   * @returns The path, when the peer has proven to be reachable on it.
   * @throws {PathError} If the path cannot be opened.
   */
  openPath(options: OpenPathOptions = {}): Promise<Path> {
    return this.#paths.request(this.remoteAddr, options);
  }

  /** Decides, datagram by datagram, which path it leaves on; may be replaced at any time. */
  get scheduler(): Scheduler {
    return this.#core.dispatcher.scheduler;
  }

  set scheduler(scheduler: Scheduler) {
    this.#core.dispatcher.replaceScheduler(scheduler);
    this.#hub.wake(this.#core);
  }

  /** Whether both ends agreed on several paths; known when the handshake is complete. */
  get multipath(): boolean {
    return this.#core.paths.multipath;
  }

  /** Resolves when the handshake is complete. */
  get handshake(): Promise<void> {
    return this.#handshake.promise;
  }

  /**
   * Resolves when either application has closed the connection; rejects when something failed: with
   * a `TransportError`, or a `DOMException` named `TimeoutError` when the peer fell silent.
   */
  get closed(): Promise<CloseInfo> {
    return this.#closed.promise;
  }

  /** Where the peer is, on the first of the open paths. */
  get remoteAddr(): Deno.NetAddr {
    this.#remote = this.paths[0]?.remoteAddr ?? this.#remote;
    return { ...this.#remote };
  }

  /** The application protocol that was agreed on; known when the handshake is complete. */
  get protocol(): string | undefined {
    return this.#core.handshake.tls.alpn;
  }

  /** The version of QUIC in use; it may change during the handshake. */
  get version(): QuicVersion {
    return versionName(this.#core.keys.version);
  }

  /** Whether a session of an earlier connection was resumed. */
  get resumed(): boolean {
    return this.#core.handshake.tls.isResumed;
  }

  /** Whether the server reads 0-RTT data; undefined while that is open, or if none was offered. */
  get earlyDataAccepted(): boolean | undefined {
    return this.#core.handshake.tls.isEarlyDataAccepted;
  }

  /**
   * Changes the keys of both ends as soon as that is allowed. Without a call, keys change before a
   * key has protected too much.
   */
  updateKeys(): void {
    this.#core.keys.oneRtt?.requestUpdate();
    this.#hub.wake(this.#core);
  }

  /** The peer's certificates in DER, its own first; empty if it showed none. */
  get peerCertificates(): readonly Uint8Array[] {
    return this.#core.handshake.tls.peerCertificates;
  }

  /**
   * Derives keys that the peer can derive as well, and nothing else can (RFC 9846, Section 7.5).
   *
   * @throws {TypeError} If the handshake is not complete.
   */
  exportKeyingMaterial(label: string, context: Uint8Array, length: number): Uint8Array {
    return this.#core.handshake.tls.exportKeyingMaterial(label, context, length);
  }

  /** The name that the client asked for; known when the handshake is complete. */
  get serverName(): string | undefined {
    return this.#core.handshake.tls.serverName;
  }

  /**
   * A snapshot of what was counted on all paths together; still there when it is closed.
   *
   * @example
   * ```ts ignore
   * const { handshakeTime, bytesReceived, packetsLost } = connection.stats;
   * ```
   */
  get stats(): ConnectionStats {
    return connectionStats(this.#core, this.#paths.traffic, this.#handshakeTime);
  }

  /** What we hold for the peer; an application may count what it holds there as well. */
  get account(): PeerAccount {
    return this.#core.account;
  }

  /**
   * Takes events of the application's protocol into the qlog trace; undefined if there is none.
   *
   * @example
   * ```ts ignore
   * connection.qlog?.write("chat:message_sent", { room: 7, length: 120 });
   * ```
   */
  get qlog(): EventLog | undefined {
    return this.#eventLog;
  }

  /**
   * Keeps the process alive while the connection is open (the default). On the server side the
   * listener does that, and this does nothing.
   */
  ref(): void {
    if (this.#core.role === "client") this.#hub.ref();
  }

  /** Lets the process end while the connection is open. On the server side this does nothing. */
  unref(): void {
    if (this.#core.role === "client") this.#hub.unref();
  }

  /**
   * Closes the connection. What was not sent, or not read, is lost.
   *
   * @param info The application's code and a sentence for people.
   */
  close(info: CloseInfo = { closeCode: 0, reason: "" }): void {
    const { closeCode, reason = "" } = info;
    if (!Number.isSafeInteger(closeCode) || closeCode < 0) {
      throw new TypeError(`Cannot close with code ${closeCode}: it must be a whole number`);
    }
    if (this.#isClosed) return;
    this.#core.close(closeCode, reason, this.#hub.driver.now);
    this.#hub.flush(this.#core);
  }

  /** Closes the connection with code 0 and waits until it is closed. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.close();
    await this.#closed.promise.catch(() => {});
    await this.#hub.settle();
  }

  #onEvent(event: ConnectionEvent): void {
    switch (event.type) {
      case "opened":
      case "readable":
      case "writable":
      case "streamsAvailable":
        return this.#streams.onEvent(event);
      case "pathOpened":
      case "pathClosed":
      case "pathRefused":
      case "pathStatus":
      case "pathHealth":
      case "pathMoved":
      case "pathStayed":
      case "observedAddress":
      case "pong":
        return this.#paths.onEvent(event);
      case "datagramReceived":
      case "datagramsSent":
        return this.#datagrams.onEvent(event);
      case "handshakeCompleted":
        this.#handshakeTime = this.#hub.driver.now - this.#startedAt;
        announceConnection(this, this.#core.role, (watcher) => this.#paths.watch(watcher));
        this.#paths.onHandshakeCompleted();
        this.#hub.driver.linger();
        return this.#handshake.resolve();
      case "closed":
        return this.#onClosed(event);
    }
  }

  #onClosed({ reason }: Extract<ConnectionEvent, { type: "closed" }>): void {
    this.#isClosed = true;
    const [error, orderly] = [closeError(reason), isOrderly(reason)];
    this.#handshake.reject(error);
    this.#streams.end(error, orderly);
    const by = reason.by === "peer" ? "peer" : "local";
    this.#paths.end(error, orderly, { closeCode: orderly ? 0 : reason.code, by });
    this.#datagrams.end(error);
    if (orderly) this.#closed.resolve(closeInfo(reason));
    else this.#closed.reject(error);
    this.#hub.remove(this.#core);
  }
}
