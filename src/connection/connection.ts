// One QUIC connection, of either role.

import { Readiness } from "../scheduler/readiness.ts";
import type { Ecn } from "../bytes/ecn.ts";
import { Queue } from "../bytes/queue.ts";
import { ErrorCode } from "../error/error_code.ts";
import { TransportError } from "../error/quic_error.ts";
import type { Role } from "../error/role.ts";
import type { Account } from "../limits/account.ts";
import type { Header } from "../packet/header.ts";
import { RESET_TOKEN_LENGTH } from "../packet/stateless_reset.ts";
import { type Address, sameAddress } from "../path/address/address.ts";
import type { Path } from "../path/path.ts";
import { PathSet } from "../path/path_set.ts";
import { RemoteAddresses } from "../path/address/remote_addresses.ts";
import type { Port } from "../path/address/port.ts";
import type { Qlog } from "../qlog/qlog.ts";
import type { PathStatus } from "../scheduler/scheduler.ts";
import { StreamSet } from "../stream/stream_set.ts";
import type { Session } from "../tls/session.ts";
import { type CloseReason, CloseStage, Closing, failure, timedOut } from "./closing.ts";
import type { TransportConfig } from "./config.ts";
import { DatagramQueue } from "./datagram_queue.ts";
import { Dispatcher } from "./send/dispatcher.ts";
import type { ConnectionEvent } from "./event.ts";
import { Handshake, handshakeSpaces } from "./handshake/handshake.ts";
import { Idle } from "./idle.ts";
import { KeyRing } from "./handshake/key_ring.ts";
import { moveObstacle, openObstacle } from "./path_obstacle.ts";
import { PathRequest, PathRequests } from "./path_requests.ts";
import { Peer } from "./parameters/peer.ts";
import type { PingRequest } from "./ping_request.ts";
import type { Transmit } from "./send/datagram_builder.ts";
import { openFirstPath } from "./first_path.ts";
import { HandshakeProgress } from "./handshake/progress.ts";
import { Negotiation } from "./handshake/negotiation.ts";
import { announcement, configuredParameters } from "./parameters/local_parameters.ts";
import { Orphan } from "./orphan.ts";
import { PathEnvironment } from "./path_environment.ts";
import { PathReports } from "./path_reports.ts";
import { Receiver } from "./receive/receiver.ts";
import { AckRequest } from "./ack_request.ts";
import { Sender } from "./send/sender.ts";
import { Settlement } from "./settlement.ts";
import { type ConnectionLog, logOf } from "./trace/connection_log.ts";
import { Ledger } from "../limits/ledger.ts";
import { AddressAnnouncer } from "../path/address/address_announcer.ts";
import { AccountHome } from "./account_home.ts";
import { idsPerPath } from "../path/path_limits.ts";
import { UnprovenBytes } from "../path/address/unproven_bytes.ts";
import { BufferMemory } from "../stream/buffer_memory.ts";
import type { ConnectionOptions } from "./options.ts";

/**
 * One QUIC connection of either role: a pure machine with five doors. `receive` takes datagrams,
 * `transmit` returns them, `deadline` and `expire` are its timer, `nextEvent` returns what happened.
 * Each part owns its state, its frames and the repair of their loss; the connection connects them.
 */
export class Connection {
  /** Which end of the connection this is. */
  readonly role: Role;
  /** What the application has chosen. */
  readonly config: TransportConfig;
  /** @internal */ readonly keys: KeyRing;
  /** @internal */ readonly handshake: Handshake;
  /** All paths; those that live are in `paths.paths`. */
  readonly paths: PathSet;
  /** All streams; `open` makes one. */
  readonly streams: StreamSet;
  /** DATAGRAM frames on their way out and in. */
  readonly datagrams: DatagramQueue;
  /** @internal */ readonly peer: Peer;
  /** A client: the addresses its server has told of. */
  readonly remoteAddresses: RemoteAddresses = new RemoteAddresses();
  /** @internal */ readonly closing: Closing = new Closing();
  /** @internal */ readonly idle: Idle;
  /** @internal */ readonly dispatcher: Dispatcher;
  /** What the peer makes us hold; counted here before it is allocated. */
  readonly account: Account;
  /** Data of the application that belong to this connection. */
  context: unknown = undefined;

  readonly #receiver: Receiver;
  readonly #sender: Sender;
  /** Only if a trace is wanted. */
  readonly #log: ConnectionLog | undefined;
  readonly #events: Queue<ConnectionEvent> = new Queue();
  readonly #requests: PathRequests = new PathRequests();
  readonly #announcer: AddressAnnouncer = new AddressAnnouncer();
  readonly #unproven: UnprovenBytes;
  readonly #settlement: Settlement;
  /** When an incomplete handshake is given up. */
  readonly #handshakeDeadline: number;
  readonly #orphan: Orphan = new Orphan();
  #isClosedTold = false;

  /** Makes the parts in the order in which they need each other. */
  constructor(options: ConnectionOptions, now: number) {
    const { role, config, random, ids, engine } = options;
    this.role = role;
    this.config = config;
    this.account = options.account ?? Ledger.unlimited();
    const home = new AccountHome(this.account);
    this.#unproven = new UnprovenBytes(options.unprovenHosts);
    const memory = new BufferMemory(this.account);
    const [events, requests, announcer] = [this.#events, this.#requests, this.#announcer];
    const peer = this.peer = new Peer(options.remote, configuredParameters(config, role));
    const idle = this.idle = new Idle(config.maxIdleTimeout);
    const datagrams = this.datagrams = new DatagramQueue(events, memory, config);
    const streams = new StreamSet({ role, ...config, order: config.streamOrder, memory });
    const keys = this.keys = new KeyRing(engine, role, options.version, config.keyLimits);
    const progress = new HandshakeProgress();
    const ackRequest = new AckRequest(config.ackFrequency);
    const asked = { keys, progress, peer, ackRequest, streams, unproven: this.#unproven };
    const environment = new PathEnvironment(options, asked);
    const reports = new PathReports(role, events, requests, keys);
    const paths = new PathSet({
      context: environment,
      observer: reports,
      issuer: ids,
      maxPaths: config.maxConcurrentPaths,
      remoteIdLimit: idsPerPath(config.activeIdLimit, config.maxConcurrentPaths),
      opensPaths: role === "client",
    });
    const spaces = handshakeSpaces(random);
    const first = openFirstPath(paths, options, spaces, now);
    const configured = { paths, streams, datagrams, peer, announcer, ackRequest, idle, requests };
    const observer = new Negotiation({ role, events, ...configured });
    const announce = announcement(options, first);
    const secrets = { keys, progress, spaces };
    const handshake = new Handshake(options, secrets, memory, announce, observer);
    const { closing, remoteAddresses } = this;
    const log = logOf(options, { handshake, paths, peer, closing }, first.path, now);
    const dispatcher = new Dispatcher(config, paths, streams, datagrams);
    const shared = { handshake, keys, paths, streams, datagrams, peer, closing, idle, log };
    const { ackPolicy } = environment;
    const { maxDatagramFrameSize } = config;
    const received = { ids, engine, events, remoteAddresses, ackPolicy, maxDatagramFrameSize };
    this.#receiver = new Receiver({ ...shared, ...received }, first.path);
    const sent = { announcer, ackRequest, random, dispatcher, sourceId: first.own.bytes };
    this.#sender = new Sender({ ...shared, ...sent }, first.path.current);
    this.streams = streams;
    this.paths = paths;
    this.handshake = handshake;
    this.dispatcher = dispatcher;
    this.#log = log;
    const move = this.migratePath.bind(this);
    const tended = { role, keys, handshake, paths, peer, requests, home, orphan: this.#orphan };
    this.#settlement = new Settlement({ ...tended, move });
    idle.onReceived(first.path.probeTimeout, now);
    this.#handshakeDeadline = now + config.handshakeTimeout;
    this.#guard(now, () => handshake.start(now));
  }

  // The five doors.

  /**
   * A datagram arrived; it is changed in place and only looked at during the call. When all that
   * came together was received, {@linkcode settle} follows.
   *
   * @param header The header of its first packet; filled again with those of the others.
   * @param pathId The path that the destination ID leads to, or -1.
   * @internal
   */
  receive(
    header: Header,
    pathId: number,
    port: Port,
    remote: Address,
    now: number,
    mark: Ecn,
  ): void {
    if (!this.closing.open) return this.#onLateDatagram(header.datagram.length, port, remote);
    this.#enter(now);
    try {
      this.#receiver.receive(header, pathId, port, remote, now, mark);
    } catch (cause) {
      this.#close(failure(cause), now);
    }
    this.#log?.leave();
  }

  /** @internal Does what follows from the datagrams that came together. */
  settle(now: number): void {
    if (this.closing.open) this.#guard(now, () => this.#settlement.settle(now));
  }

  /**
   * The next datagram to send, or nothing for now. The object is reused.
   *
   * @param goesOn Whether nothing was done with the connection since the last one.
   */
  transmit(now: number, goesOn = false): Transmit | undefined {
    let out: Transmit | undefined;
    this.#enter(now);
    try {
      out = this.#sender.transmit(now, goesOn);
    } catch (cause) {
      this.#close(failure(cause), now);
    }
    this.#log?.leave();
    // A failure has closed the connection; the peer is told at once.
    if (out === undefined && this.closing.pending) {
      this.#guard(now, () => void (out = this.#sender.transmit(now, false)));
    }
    if (out !== undefined && !this.closing.open) this.closing.onSent(out.size);
    return out;
  }

  /** When {@linkcode expire} must be called; `Infinity` for never. */
  get deadline(): number {
    if (!this.closing.open) return this.closing.deadline;
    const start = this.handshake.complete ? this.#orphan.deadline : this.#handshakeDeadline;
    const sending = Math.min(this.dispatcher.deadline, this.streams.deadline);
    return Math.min(this.idle.deadline, start, sending, this.keys.deadline, this.paths.deadline);
  }

  /** The deadline has come. */
  expire(now: number): void {
    if (!this.closing.open) return this.closing.expire(now);
    // RFC 9000, Section 10.1: the idle timeout closes without a message.
    if (now >= this.idle.deadline) {
      return void this.closing.end(timedOut("Nothing arrived for too long"));
    }
    this.#guard(now, () => {
      const late = !this.handshake.complete && now >= this.#handshakeDeadline;
      if (late) return this.#close(timedOut("The handshake took too long"), now);
      if (now >= this.#orphan.deadline) throw noPath(this.closing.sendError);
      this.keys.expire(now);
      this.streams.expire(now);
      this.paths.expire(now);
      this.#settlement.settle(now);
    });
  }

  /** What happened, oldest first. */
  nextEvent(): ConnectionEvent | undefined {
    const event = this.#events.take() ?? this.streams.nextEvent();
    if (event !== undefined || this.closing.open || this.#isClosedTold) return event;
    this.#isClosedTold = true;
    return { type: "closed", reason: this.closing.reason! };
  }

  /** Whether the connection can be forgotten. */
  get finished(): boolean {
    return this.closing.stage === CloseStage.Closed;
  }

  // What the application asks for.

  /** Asks for a path; it opens when both ends have connection IDs for it. */
  openPath(port: Port, remote: Address, status: PathStatus, now: number): PathRequest {
    const request = new PathRequest(port, remote, status);
    const obstacle = openObstacle(this, remote);
    if (obstacle !== undefined) {
      this.#events.push({ type: "pathRefused", request, obstacle, code: ErrorCode.NoViablePath });
      return request;
    }
    this.#requests.add(request);
    this.#guard(now, () => this.#settlement.settle(now));
    return request;
  }

  /** Abandons a path; its data move to the others. False for the last one, which must stay. */
  closePath(path: Path, code: number, now: number): boolean {
    if (path.readiness < Readiness.Opening) return true;
    // An unvalidated path may stay so, and the peer may refuse one that needs no validation.
    const others = this.paths.paths.some((other) =>
      other !== path && other.readiness >= Readiness.Open && other.heard
    );
    if (!this.paths.multipath || !others) return false;
    this.#guard(now, () => this.paths.abandon(path.slot, code, now));
    return true;
  }

  /**
   * Moves a path of a client to another 4-tuple, as soon as that has proven to work: "pathMoved" or
   * "pathStayed" follows.
   *
   * @returns Whether the move is tried; if not, {@linkcode moveObstacle} says why.
   */
  migratePath(path: Path, port: Port, remote: Address, now: number): boolean {
    if (moveObstacle(this, path, remote) !== undefined) return false;
    return this.paths.migration.begin(path, port, remote, now);
  }

  /** Sends a PING on a path; a "pong" event follows the answer. */
  ping(path: Path, request: PingRequest): void {
    request.answerTo(this.#events);
    path.pings.add(request);
  }

  /** A server: its other addresses at present, apart from the one that the client uses. */
  announce(addresses: readonly Address[]): void {
    const known = this.paths.find(0)?.current.port.address;
    const others = addresses.filter((other) => !known || !sameAddress(other, known));
    this.#announcer.set(others);
  }

  /** Closes with a code of the application. */
  close(code: number, reason: string, now: number): void {
    this.#close({ by: "local", application: true, code, reason }, now);
  }

  /**
   * A socket reports that nothing can be sent; paths over it are suspect at once.
   *
   * @param remote Where to; anywhere if left out.
   * @param cause What the socket says.
   * @returns Whether that concerns this connection.
   */
  onPortFailed(port: Port, remote: Address | undefined, now: number, cause?: unknown): boolean {
    let concerned = false;
    if (!this.closing.open) return false;
    this.#guard(now, () => {
      concerned = this.paths.onPortFailed(port, remote, now);
      if (concerned) this.closing.onSendFailed(cause);
      if (concerned) this.#settlement.settle(now);
    });
    return concerned;
  }

  /** Whether {@linkcode nextEvent} has something to tell. */
  get hasEvents(): boolean {
    return !this.#events.isEmpty || this.streams.hasEvents ||
      (!this.closing.open && !this.#isClosedTold);
  }

  /** Packets that could not be read. */
  get packetsDropped(): number {
    return this.#receiver.dropped;
  }

  /** The log, if there is one. */
  get qlog(): Qlog | undefined {
    return this.#log?.qlog;
  }

  /** Frees everything, once {@linkcode finished}. */
  release(): void {
    this.#log?.close();
    this.keys.release();
    this.paths.close();
    this.account.close();
  }

  // What the parts tell.

  /**
   * A datagram came that belongs to no connection: the peer may have lost its state (RFC 9000,
   * Section 10.3.1).
   * @returns Whether the datagram was a stateless reset.
   */
  onStrayDatagram(datagram: Uint8Array, now: number): boolean {
    const token = datagram.subarray(datagram.length - RESET_TOKEN_LENGTH);
    if (!this.closing.open || !this.paths.isResetToken(token)) return false;
    this.closing.onReset(this.paths.lingering, now);
    return true;
  }

  /** TLS has received a session for a later connection. */
  onSession(session: Session): void {
    this.#events.push({ type: "session", session });
  }

  // The rest.

  /** RFC 9000, Section 10.2.1: the peer may not have heard that we have closed. */
  #onLateDatagram(size: number, port: Port, remote: Address): void {
    const path = this.paths.paths.find((each) => each.current.is(port, remote));
    // Without credit for it, a server whose client is not proven could not say so again.
    path?.current.onDatagramReceived(size);
    this.closing.onDatagram(size);
  }

  #close(reason: CloseReason, now: number): void {
    this.idle.stop();
    this.closing.close(reason, this.paths.lingering, now);
  }

  #enter(now: number): void {
    this.#unproven.advance(now);
    this.#log?.enter(now);
  }

  /** Turns any exception into CONNECTION_CLOSE; never throws (RFC 9000, Section 11.1). */
  #guard(now: number, action: () => void): void {
    this.#enter(now);
    try {
      action();
    } catch (cause) {
      this.#close(failure(cause), now);
    }
    this.#log?.leave();
  }
}

function noPath(cause: unknown): TransportError {
  return new TransportError(ErrorCode.NoViablePath, "Cannot go on: no path is left", { cause });
}
