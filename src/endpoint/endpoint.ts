// An endpoint: the connections that share sockets.

import type { ClientConfig, EndpointOptions } from "./options.ts";
import { SmallSet } from "../bytes/small_set.ts";
import type { Ecn } from "../bytes/ecn.ts";
import { Connection } from "../connection/connection.ts";
import { canBeLate } from "./lateness.ts";
import type { Transmit } from "../connection/send/datagram_builder.ts";
import type { CryptoEngine } from "../crypto/aead.ts";
import { chooseEngine } from "../crypto/engine.ts";
import { Ledger } from "../limits/ledger.ts";
import { Header, parseHeader } from "../packet/header.ts";
import { randomIds } from "../packet/id_layout.ts";
import { PacketType } from "../packet/packet_type.ts";
import { maybeStatelessReset, RESET_TOKEN_LENGTH } from "../packet/stateless_reset.ts";
import { SUPPORTED_VERSIONS, Version } from "../packet/version.ts";
import type { Address } from "../path/address/address.ts";
import { Allowance } from "../path/network/allowance.ts";
import type { Port } from "../path/address/port.ts";
import { ClientTls } from "../tls/client_tls.ts";
import type { Session } from "../tls/session.ts";
import { Acceptor } from "./acceptor.ts";
import { DeadlineHeap } from "./deadline_heap.ts";
import { evict } from "./eviction.ts";
import { type ConnectionHandle, IdFactory } from "./id_factory.ts";
import { IdMap } from "./id_map.ts";
import { ReplyQueue } from "./reply_queue.ts";
import { StatelessReplies } from "./stateless_replies.ts";
import { Turns } from "./turns.ts";
import { CLIENT_LIMITS, RESET_SEARCHES_PER_SECOND, SERVER_LIMITS } from "../limits/limits.ts";

/** Milliseconds after which timers are looked at again that a busy port holds up. */
const PORT_PATIENCE = 10;

/** RFC 9000, Section 7.2: the first destination of a client has eight bytes at least. */
const ORIGINAL_ID_LENGTH = 8;

/** Milliseconds by which a timer may be late because a process is busy. */
const LATENESS = 100;

/** Connections that share sockets: says which one a datagram is for, and whose turn it is. */
export class Endpoint {
  /** @internal */
  readonly engine: CryptoEngine;
  /** What the peers hold. */
  readonly ledger: Ledger;
  readonly #options: EndpointOptions;
  readonly #ids = new IdMap<ConnectionHandle>();
  readonly #factory: IdFactory;
  readonly #replies = new ReplyQueue();
  readonly #stateless: StatelessReplies;
  readonly #acceptor: Acceptor | undefined;
  readonly #deadlines = new DeadlineHeap<Connection>();
  /** Connections that may have something to send, in turn. */
  readonly #turns = new Turns<Connection>();
  /** Connections that may have events. */
  readonly #eventful = new SmallSet<Connection>();
  readonly #connections = new Set<Connection>();
  readonly #header = new Header();
  readonly #searches = new Allowance(RESET_SEARCHES_PER_SECOND);
  /** Whether no door but that of datagrams to send was used since the last of these. */
  #goesOn = false;
  /** The connection that received datagrams last, until it is settled. */
  #received: Connection | undefined;
  #announced: readonly Address[] = [];
  #now = -Infinity;

  /** Makes an endpoint without connections; it accepts some if the options have `server`. */
  constructor(options: EndpointOptions) {
    this.#options = options;
    this.engine = options.engine ?? chooseEngine();
    const { idLayout = randomIds, random, resetKey, server } = options;
    const usual = server === undefined ? CLIENT_LIMITS : SERVER_LIMITS;
    this.ledger = new Ledger(options.limits ?? usual, options.exempt);
    this.#factory = new IdFactory(idLayout, this.#ids, random, resetKey);
    this.#stateless = new StatelessReplies(this.#factory, this.#replies, this.ledger, this.engine);
    if (server === undefined) return;
    this.#acceptor = new Acceptor(
      { ...options, engine: this.engine, server },
      this.#factory,
      this.#stateless,
      this.ledger,
      this.#connections,
    );
  }

  /** Retry packets sent, if it accepts connections. */
  get retriesSent(): number {
    return this.#acceptor?.retriesSent ?? 0;
  }

  /** The connections that are not forgotten yet. */
  get connections(): ReadonlySet<Connection> {
    return this.#connections;
  }

  /** Begins a connection to a server. */
  connect(config: ClientConfig, port: Port, remote: Address, time: number): Connection {
    const now = this.#forward(time);
    const { random, wallTime } = this.#options;
    const handle: ConnectionHandle = { connection: undefined, issued: undefined };
    const { versions = SUPPORTED_VERSIONS } = config;
    const version = config.version ?? firstVersion(config.tls.session, versions);
    // RFC 9369, Section 5: sessions belong to a version.
    const session = config.tls.session?.version === version ? config.tls.session : undefined;
    const { signatures } = this.engine;
    const { suites = this.engine.suites } = config.tls;
    const onSession = (next: Session) => {
      connection.onSession(next);
      config.tls.onSession?.(next);
    };
    const connection: Connection = new Connection({
      role: "client",
      config: config.transport,
      engine: this.engine,
      random,
      ids: this.#factory.forConnection(handle),
      account: this.ledger.open(remote.hostname),
      tls: (context) =>
        new ClientTls({ ...config.tls, suites, session, onSession }, { ...context, signatures }),
      wallTime,
      version,
      versions: {
        available: versions,
        insists: true,
        negotiated: config.versionNegotiated === true,
      },
      port,
      remote,
      originalId: random.bytes(ORIGINAL_ID_LENGTH),
      token: config.token,
      remembered: session?.transportParameters,
    }, now);
    handle.connection = connection;
    this.#watch(connection);
    this.#add(connection);
    return connection;
  }

  /**
   * A datagram arrived. It may be changed, and is only looked at during the call.
   *
   * @param mark Its ECN mark, if the socket tells it.
   */
  receive(datagram: Uint8Array, port: Port, remote: Address, time: number, mark: Ecn = 0): void {
    const now = this.#forward(time);
    const header = this.#header;
    const isPacket = parseHeader(datagram, 0, this.#factory.layout.length, header);
    const entry = isPacket ? this.#ids.find(header) : undefined;
    const known = entry?.owner.connection ?? this.#findByOriginal(header, isPacket, remote);
    if (known !== undefined) {
      if (known !== this.#received) this.#settleReceived();
      this.#received = known;
      return known.receive(header, entry?.pathId ?? -1, port, remote, now, mark);
    }
    if (this.#isReset(datagram, now) || !isPacket) return;
    if (!header.isLong) {
      if (!this.#handOn(datagram, port, remote, mark)) {
        this.#stateless.reset(header, port, remote, now);
      }
      return;
    }
    if (header.type === PacketType.VersionNegotiation) return;
    const accepted = this.#acceptor?.accept(header, port, remote, now);
    if (accepted === "unknown") this.#handOn(datagram, port, remote, mark);
    if (accepted === "unknown" || accepted === undefined) return;
    this.#watch(accepted);
    accepted.receive(header, 0, port, remote, now, mark);
    accepted.settle(now);
    // Any sender can write a header: a packet that does not open makes no connection.
    if (accepted.handshake.ids.peerSource !== undefined) this.#add(accepted);
    else this.#remove(accepted);
  }

  /**
   * A datagram arrived for another worker, as `onForeign` was told, and that worker is gone with all
   * its connections: the client learns of it.
   */
  receiveOrphan(datagram: Uint8Array, port: Port, remote: Address, time: number): void {
    const now = this.#forward(time);
    const header = this.#header;
    if (!parseHeader(datagram, 0, this.#factory.layout.length, header) || header.isLong) return;
    this.#stateless.resetOrphan(header, port, remote, now);
  }

  /** The connection of a client that does not know our ID yet. */
  #findByOriginal(header: Header, isPacket: boolean, remote: Address): Connection | undefined {
    return isPacket && header.isLong ? this.#acceptor?.find(header, remote) : undefined;
  }

  /** Datagrams that came together have one settlement: before anything else is asked. */
  #settleReceived(): void {
    const connection = this.#received;
    if (connection === undefined) return;
    this.#received = undefined;
    connection.settle(this.#now);
    const isHalfOpen = connection.account.held("handshakes") > 0;
    if (isHalfOpen && connection.handshake.confirmed) this.#acceptor?.settle(connection);
    this.touch(connection);
  }

  /**
   * Whether a datagram without a connection is a stateless reset of one of ours. RFC 9000, Section
   * 11: an endpoint that knows the connection closes it, and never sends a reset.
   */
  #isReset(datagram: Uint8Array, now: number): boolean {
    if (!maybeStatelessReset(datagram)) return false;
    const owners = this.#factory.ownersOf(datagram.subarray(datagram.length - RESET_TOKEN_LENGTH));
    // Peers may give one token to many connections; silence ends these as well.
    if (owners.length === 0 || !this.#searches.take(1_000, now, owners.length)) return false;
    for (const { connection } of owners) {
      if (!connection?.onStrayDatagram(datagram, now)) continue;
      this.touch(connection);
      return true;
    }
    return false;
  }

  /** Gives a datagram to the worker whose connection it names, if it names one. */
  #handOn(datagram: Uint8Array, port: Port, remote: Address, mark: Ecn): boolean {
    const worker = this.#factory.otherWorker(this.#header);
    if (worker >= 0) this.#options.onForeign?.(worker, datagram, port, remote, mark);
    return worker >= 0;
  }

  /** Connections that hold too much end at once. */
  #watch(connection: Connection): void {
    connection.account.whenEvicted((resource) => {
      evict(connection, resource, this.#now);
      this.touch(connection);
    });
  }

  #add(connection: Connection): void {
    this.#connections.add(connection);
    if (this.#announced.length > 0) this.#announceTo(connection);
    this.touch(connection);
  }

  /** The application did something with a connection, or with any of them. */
  touch(connection?: Connection): void {
    if (connection === undefined) {
      for (const each of this.#connections) this.touch(each);
      return;
    }
    this.#goesOn = false;
    this.#turns.add(connection);
    if (connection.hasEvents) this.#eventful.add(connection);
  }

  /** The next datagram of any connection; undefined if there is none, or all ports are busy. */
  transmit(time: number): Transmit | undefined {
    const now = this.#forward(time);
    this.#settleReceived();
    const reply = this.#replies.take();
    if (reply !== undefined) {
      const { port, remote, bytes } = reply;
      return { port, remote, size: bytes.length, mark: 0, destination: undefined };
    }
    const turns = this.#turns;
    for (let connection = turns.next(); connection; connection = turns.next()) {
      const out = connection.transmit(now, this.#goesOn && turns.isOn(connection));
      if (connection.hasEvents) this.#eventful.add(connection);
      if (out !== undefined) {
        turns.onSent(connection, out.size);
        this.#goesOn = true;
        return out;
      }
      const waits = turns.wait(connection);
      this.#rest(connection, waits ? PORT_PATIENCE : 1, now);
    }
    return undefined;
  }

  /** The time for all connections: should a clock go back, it stands still until it has caught up. */
  #forward(time: number): number {
    if (time <= this.#now) return this.#now;
    const passed = time - this.#now;
    this.#now = time;
    this.#goesOn = false;
    this.ledger.advance(time);
    // A timer is far overdue, and nothing has come in between: the clock has jumped.
    if (passed > LATENESS && time - this.deadline > LATENESS) {
      for (const { paths } of this.#connections) paths.watch.onClockJump(passed, time);
    }
    return time;
  }

  /** A connection has nothing to send for now; its timers go on, even if it waits for a port. */
  #rest(connection: Connection, pause: number, now: number): void {
    if (connection.finished) return this.#remove(connection);
    const { deadline } = connection;
    // What could not be done now will not be possible at once either: no spinning. Nor does it come
    // later and later because the connection is looked at again and again.
    const soon = Math.min(now + pause, this.#deadlines.of(connection));
    this.#deadlines.set(connection, deadline <= now ? soon : deadline);
  }

  #remove(connection: Connection): void {
    this.#deadlines.set(connection, Infinity);
    if (this.#received === connection) this.#received = undefined;
    this.#turns.delete(connection);
    this.#connections.delete(connection);
    this.#acceptor?.forget(connection);
    connection.release();
  }

  /** When {@linkcode expire} must be called; `Infinity` for never. */
  get deadline(): number {
    return this.#deadlines.first;
  }

  /** Whether {@linkcode expire} may be called some milliseconds late. */
  get canBeLate(): boolean {
    const first = this.#deadlines.firstItem;
    return first !== undefined && canBeLate(first);
  }

  /** The deadline has come. */
  expire(time: number): void {
    const now = this.#forward(time);
    this.#settleReceived();
    for (let due = this.#deadlines.take(now); due !== undefined; due = this.#deadlines.take(now)) {
      due.expire(now);
      this.touch(due);
    }
  }

  /**
   * Nothing can be sent from a port: to one address, or at all.
   *
   * @param cause What the socket says.
   */
  portFailed(port: Port, remote: Address | undefined, time: number, cause?: unknown): void {
    const now = this.#forward(time);
    this.#settleReceived();
    if (remote === undefined) {
      this.#replies.forget(port);
      this.#turns.forget(port);
    }
    for (const connection of this.#connections) {
      if (connection.onPortFailed(port, remote, now, cause)) this.touch(connection);
    }
  }

  /** At which addresses clients can reach this server; they are told, and of every change. */
  announce(addresses: readonly Address[]): void {
    this.#announced = addresses;
    for (const connection of this.#connections) this.#announceTo(connection);
  }

  #announceTo(connection: Connection): void {
    if (connection.role === "client") return;
    connection.announce(this.#announced);
    this.touch(connection);
  }

  /** What stands in new connection IDs has changed, but their length: all peers get others. */
  renewIds(): void {
    for (const { paths } of this.#connections) for (const { local } of paths.slots) local.renew();
    this.touch();
  }

  /** From now on connections that come in are refused. */
  stopAccepting(): void {
    this.#acceptor?.stop();
  }

  /** A connection that a client opened, told once its handshake is under way. */
  nextConnection(): Connection | undefined {
    this.#settleReceived();
    return this.#acceptor?.next();
  }

  /** A connection that has events. */
  nextActive(): Connection | undefined {
    this.#settleReceived();
    const connection = this.#eventful.first;
    if (connection === undefined) return undefined;
    this.#eventful.delete(connection);
    // The reader of events may act on the connection.
    this.#goesOn = false;
    this.#turns.add(connection);
    return connection;
  }
}

/** RFC 9368, Section 2.4: the version most servers know costs no extra round trip. */
function firstVersion(session: Session | undefined, versions: readonly number[]): number {
  if (session !== undefined && versions.includes(session.version)) return session.version;
  return versions.includes(Version.V1) ? Version.V1 : versions[0]!;
}
