import { CouplingGroup } from "../congestion/coupling_group.ts";
import type { CryptoEngine } from "../crypto/aead.ts";
import type { Random } from "../crypto/random.ts";
import { ErrorCode } from "../error/error_code.ts";
import { TransportError } from "../error/quic_error.ts";
import { type Address, sameAddress } from "../path/address.ts";
import { Stage } from "../path/lifecycle.ts";
import type { IdIssuer, IssuedId } from "../path/local_ids.ts";
import type { NetworkPathOptions } from "../path/network_path.ts";
import type { Path, PathContext } from "../path/path.ts";
import { type PathObserver, PathSet } from "../path/path_set.ts";
import type { Port } from "../path/port.ts";
import { PacketSpace } from "../recovery/packet_space.ts";
import type { AckPolicy } from "../recovery/received_packets.ts";
import type { PathStatus } from "../scheduler/scheduler.ts";
import { Role } from "../stream/stream_id.ts";
import { StreamSet } from "../stream/stream_set.ts";
import type { Tls, TlsContext } from "../tls/tls.ts";
import { type CloseReason, CloseStage, Closing } from "./closing.ts";
import type { TransportConfig } from "./config.ts";
import { DatagramQueue } from "./datagram_queue.ts";
import { Dispatcher } from "./dispatcher.ts";
import type { ConnectionEvent } from "./event.ts";
import { FrameRouter } from "./frame_router.ts";
import { HandshakeDriver, type HandshakeIds } from "./handshake_driver.ts";
import { Idle } from "./idle.ts";
import { KeyRing } from "./key_ring.ts";
import { localParameters } from "./local_parameters.ts";
import { Negotiation } from "./negotiation.ts";
import { PathRequest, PathRequests } from "./path_requests.ts";
import { Peer } from "./peer.ts";
import type { PingRequest } from "./ping_request.ts";
import { Receiver } from "./receiver.ts";
import { Sender, type Transmit } from "./sender.ts";
import { Unprotected } from "./unprotected.ts";
import { encodeTransportParameters } from "./write_transport_parameters.ts";

/** Makes the connection IDs of one connection, and knows them again. */
export interface ConnectionIds extends IdIssuer {
  /** The path that an ID of this connection leads to, or -1. */
  pathOf(datagram: Uint8Array, offset: number, length: number): number;
}

/** What a connection is made from. */
export interface ConnectionOptions {
  readonly role: Role;
  readonly config: TransportConfig;
  readonly engine: CryptoEngine;
  readonly random: Random;
  readonly ids: ConnectionIds;
  /** Makes the TLS machine of this end. */
  readonly tls: (context: TlsContext) => Tls;
  /** Added to `now` gives milliseconds since 1970. */
  readonly epoch: number;
  readonly version: number;
  readonly port: Port;
  readonly remote: Address;
  /** Destination of the client's first Initial, and what a Retry changed about it. */
  readonly originalId: Uint8Array;
  readonly retrySourceId?: Uint8Array | undefined;
  /** A token the client has from this server. */
  readonly token?: Uint8Array | undefined;
  /** A server: whether a token has shown that the client is where it says. */
  readonly validated?: boolean | undefined;
}

const NO_TOKEN = new Uint8Array(0);

/**
 * One QUIC connection, of either role: a pure machine with five doors. `receive` takes datagrams,
 * `transmit` gives them, `deadline` and `expire` are its clock, `nextEvent` tells what happened.
 *
 * It owns what lives as long as the connection does and connects the parts; each part owns its
 * state, its frames and its losses.
 */
export class Connection implements PathObserver, PathContext {
  readonly role: Role;
  readonly config: TransportConfig;
  readonly random: Random;
  readonly keys: KeyRing;
  readonly handshake: HandshakeDriver;
  readonly paths: PathSet;
  readonly streams: StreamSet;
  readonly datagrams: DatagramQueue = new DatagramQueue();
  readonly peer: Peer = new Peer();
  readonly closing: Closing = new Closing();
  readonly dispatcher: Dispatcher;
  readonly ackPolicy: AckPolicy;
  readonly network: NetworkPathOptions;
  /** Room for the application to remember what belongs to this connection. */
  context: unknown = undefined;

  readonly #idle: Idle;
  readonly #requests: PathRequests;
  readonly #receiver: Receiver;
  readonly #sender: Sender;
  readonly #unprotected: Unprotected;
  readonly #events: ConnectionEvent[] = [];
  readonly #negotiation: Negotiation;
  /** When a handshake that is not complete is given up. */
  readonly #handshakeDeadline: number;
  /** When a connection without a path is given up. */
  #orphanedAt = Infinity;
  #closedTold = false;

  constructor(options: ConnectionOptions, now: number) {
    const { role, config, random, ids } = options;
    this.role = role;
    this.config = config;
    this.random = random;
    this.network = networkOptions(role, config, random);
    this.ackPolicy = {
      elicitingThreshold: config.ackThreshold,
      maxAckDelay: config.maxAckDelay,
      reorderingThreshold: 0,
    };
    this.#handshakeDeadline = now + config.handshakeTimeout;
    this.#idle = new Idle(config.maxIdleTimeout, config.keepAliveInterval);
    this.keys = new KeyRing(options.engine, role, options.version);
    this.paths = new PathSet({
      context: this,
      observer: this,
      issuer: ids,
      maxPaths: config.maxPaths,
      remoteIdLimit: config.activeIdLimit,
    });
    this.streams = new StreamSet({ role, ...config, order: config.streamOrder });
    this.#requests = new PathRequests(this.paths);
    this.#negotiation = this.#makeNegotiation();
    const { originalId: original, retrySourceId: retrySource } = options;
    const handshakeIds: HandshakeIds = { original, retrySource, peerSource: undefined };
    this.handshake = this.#makeHandshake(handshakeIds);
    this.datagrams.sink = this.#events;
    this.dispatcher = new Dispatcher(config.scheduler, this.paths, this.streams);
    this.#unprotected = new Unprotected(this.handshake, this.keys, this.paths, options.engine);
    if (options.token !== undefined) this.#unprotected.token = options.token;
    const router = new FrameRouter(this.#routerTargets());
    this.#receiver = new Receiver(this.#receiverParts(ids, router));
    const own = ids.issue(0);
    this.#sender = this.#makeSender(options, own);
    this.#start(options, own, handshakeIds, now);
  }

  #makeNegotiation(): Negotiation {
    const { keys, paths, streams, datagrams, peer } = this;
    const parts = { keys, paths, streams, datagrams, peer, idle: this.#idle };
    return new Negotiation(
      { ...parts, requests: this.#requests, events: this.#events },
      this.config.maxDatagramFrameSize > 0,
    );
  }

  #makeHandshake(ids: HandshakeIds): HandshakeDriver {
    const spaces = [this.#handshakeSpace(), this.#handshakeSpace()] as const;
    const driver = new HandshakeDriver(this.role, ids, spaces, this.keys, this.#negotiation);
    this.#negotiation.handshake = driver;
    return driver;
  }

  #handshakeSpace(): PacketSpace {
    // RFC 9000, Section 13.2.1: Initial and Handshake packets are acknowledged at once.
    const policy = { elicitingThreshold: 1, maxAckDelay: 0, reorderingThreshold: 0 };
    return new PacketSpace(policy, this.random);
  }

  #routerTargets(): ConstructorParameters<typeof FrameRouter>[0] {
    const { handshake, keys, paths, streams, datagrams, peer, ackPolicy } = this;
    return {
      handshake,
      keys,
      paths,
      streams,
      datagrams,
      peer,
      ackPolicy,
      maxDatagramFrameSize: this.config.maxDatagramFrameSize,
      events: this.#events,
      onClose: (application, code, reason, now) => {
        this.closing.drain({ by: "peer", application, code, reason }, this.#lifetime, now);
      },
    };
  }

  #receiverParts(
    ids: ConnectionIds,
    router: FrameRouter,
  ): ConstructorParameters<typeof Receiver>[0] {
    const { handshake, keys, paths } = this;
    return {
      handshake,
      keys,
      paths,
      router,
      extensions: this.#negotiation.extensions,
      pathOf: (datagram, offset, length) => ids.pathOf(datagram, offset, length),
      acceptsPaths: () => this.role === Role.Server && paths.multipath && handshake.complete,
      onUnprotected: (header, now) => {
        const reason = this.#unprotected.receive(header, now);
        if (reason !== undefined) this.closing.end(reason);
      },
      onHandshakePacket: () => this.#negotiation.onHandshakePacket(Role.Client),
      onPeerId: (id) => paths.slot(0)!.remote.adopt(id),
      onPacket: (_path, now) => this.#idle.onReceived(paths.largestProbeTimeout, now),
      onStatelessReset: () => {
        this.closing.end({ by: "reset", application: false, code: 0, reason: "" });
      },
    };
  }

  #makeSender(options: ConnectionOptions, own: IssuedId): Sender {
    const { handshake, keys, paths, streams, datagrams, closing, dispatcher } = this;
    return new Sender(
      {
        handshake,
        keys,
        paths,
        streams,
        datagrams,
        closing,
        dispatcher,
        sourceId: own.id.bytes,
        token: () => this.#unprotected.token ?? NO_TOKEN,
        onElicitingSent: (_path, now) => this.#idle.onSent(paths.largestProbeTimeout, now),
        onHandshakeSent: () => this.#negotiation.onHandshakePacket(this.role),
      },
      options.port,
      options.remote,
    );
  }

  #start(options: ConnectionOptions, own: IssuedId, ids: HandshakeIds, now: number): void {
    const { initialSpace, handshakeSpace } = this.handshake;
    const path = this.paths.start(options.port, options.remote, [initialSpace, handshakeSpace]);
    path.slot.local.adopt(own);
    path.advance(Stage.Open);
    const isClient = this.role === Role.Client;
    // A client need not limit itself; a server's address is proven by its answering.
    path.current.validated = isClient || options.validated === true;
    if (isClient) path.slot.remote.adopt(options.originalId);
    this.keys.deriveInitial(options.retrySourceId ?? options.originalId);
    this.handshake.tls = options.tls({
      sink: this.handshake,
      random: this.random,
      epoch: options.epoch,
      transportParameters: () => {
        const parameters = localParameters(this.role, this.config, ids, own);
        return encodeTransportParameters(parameters, this.random);
      },
    });
    this.#idle.onReceived(path.probeTimeout, now);
    path.loss.restart(now);
    this.#guard(now, () => this.handshake.tls.start(now));
  }

  // What paths and recovery ask of the connection.

  get handshakeConfirmed(): boolean {
    return this.handshake.confirmed;
  }

  get mustProbeUnasked(): boolean {
    return this.role === Role.Client && !this.handshake.addressValidated;
  }

  get peerMaxAckDelay(): number {
    return this.peer.parameters.maxAckDelay;
  }

  // The five doors.

  /** A datagram arrived; it is changed in place and only looked at during the call. */
  receive(datagram: Uint8Array, port: Port, remote: Address, now: number): void {
    if (!this.closing.open) return this.closing.onPacket();
    this.#guard(now, () => {
      this.#receiver.receive(datagram, port, remote, now);
      if (this.#negotiation.retryKept) {
        this.#negotiation.retryKept = false;
        this.#receiver.retryKept(now);
      }
      this.#settle(now);
    });
  }

  /** The next datagram to send, or nothing for now. The object is reused. */
  transmit(now: number): Transmit | undefined {
    let out: Transmit | undefined;
    this.#guard(now, () => {
      this.dispatcher.refresh(now);
      out = this.#sender.transmit(now);
    });
    // What failed has closed the connection, and the peer is told at once.
    return out ?? (this.closing.pending ? this.#sender.transmit(now) : undefined);
  }

  /** When {@linkcode expire} must be called; `Infinity` for never. */
  get deadline(): number {
    if (!this.closing.open) return this.closing.deadline;
    const idle = Math.min(this.#idle.deadline, this.#idle.keepAliveDeadline);
    const start = this.handshake.complete ? this.#orphanedAt : this.#handshakeDeadline;
    const sending = Math.min(this.dispatcher.deadline, this.streams.deadline);
    const keys = this.keys.oneRtt?.deadline ?? Infinity;
    return Math.min(idle, start, sending, keys, this.paths.deadline);
  }

  /** The deadline has come. */
  expire(now: number): void {
    if (!this.closing.open) return this.closing.expire(now);
    if (now >= this.#idle.deadline) return this.#timeOut("Nothing arrived for too long", now);
    this.#guard(now, () => {
      const late = !this.handshake.complete && now >= this.#handshakeDeadline;
      if (late) return this.#giveUp("The handshake took too long", now);
      if (now >= this.#orphanedAt) throw noPath();
      if (this.#idle.takeKeepAlive(now)) this.#keepAlive();
      this.keys.oneRtt?.expire(now);
      this.streams.expire(now);
      this.paths.expire(now);
      this.#settle(now);
    });
  }

  /** What happened, oldest first. */
  nextEvent(): ConnectionEvent | undefined {
    const event = this.#events.shift() ?? this.streams.nextEvent();
    if (event !== undefined || this.closing.open || this.#closedTold) return event;
    this.#closedTold = true;
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
    if (this.handshake.complete && !this.paths.multipath) {
      this.#events.push({ type: "pathRefused", request, code: ErrorCode.NoViablePath });
      return request;
    }
    this.#requests.add(request);
    this.#settle(now);
    return request;
  }

  /** Abandons a path; its data move to the others. False for the last one, which must stay. */
  closePath(path: Path, code: number, now: number): boolean {
    if (!path.live) return true;
    if (!this.paths.multipath || this.paths.liveCount < 2) return false;
    this.#guard(now, () => this.paths.abandon(path.slot, code, now));
    return true;
  }

  /** Asks a path's peer for a sign of life; a "pong" event follows. */
  ping(path: Path, request: PingRequest): void {
    request.sink = this.#events;
    path.pings.push(request);
  }

  /** Closes with a code of the application. */
  close(code: number, reason: string, now: number): void {
    this.#close({ by: "local", application: true, code, reason }, now);
  }

  /**
   * A socket reports that nothing can be sent; paths over it are in doubt at once.
   *
   * @param remote Where to; anywhere if left out.
   * @returns Whether that concerns this connection.
   */
  onPortFailed(port: Port, remote: Address | undefined): boolean {
    let concerned = false;
    for (const path of this.paths.paths) {
      if (!path.live || path.current.port !== port) continue;
      if (remote !== undefined && !sameAddress(path.current.remote, remote)) continue;
      concerned = true;
      path.onProbeTimeout(this.paths.best(path) !== undefined);
    }
    return concerned;
  }

  /** Whether {@linkcode nextEvent} has something to tell. */
  get hasEvents(): boolean {
    return this.#events.length > 0 || this.streams.hasEvents ||
      (!this.closing.open && !this.#closedTold);
  }

  /** Whether a datagram may be waiting for nothing but its port to be free. */
  get waitsForPort(): boolean {
    return this.paths.paths.some((path) => path.current.port.buffer === undefined);
  }

  /** Lets go of everything, once {@linkcode finished}. */
  release(): void {
    this.paths.close();
  }

  // What becomes of paths.

  onPathOpen(path: Path): void {
    path.current.limitDatagramSize(this.peer.parameters.maxUdpPayloadSize);
    this.#orphanedAt = Infinity;
    this.#events.push({ type: "pathOpened", path, request: this.#requests.take(path) });
  }

  onPathClosed(path: Path, code: number): void {
    const request = this.#requests.take(path);
    if (request !== undefined) this.#events.push({ type: "pathRefused", request, code });
    this.#events.push({ type: "pathClosed", path, code });
  }

  onPathStatus(path: Path): void {
    this.#events.push({ type: "pathStatus", path });
  }

  // The rest.

  /** Follows up what arrived or expired. */
  #settle(now: number): void {
    if (this.keys.oneRtt !== undefined) {
      this.keys.oneRtt.retention = this.#lifetime;
    }
    this.paths.settle(now);
    if (this.handshake.complete && this.paths.multipath) this.#requests.advance(now);
    if (this.#orphanedAt < Infinity || this.paths.liveCount > 0) return;
    // MPQUIC, Section 3.4: a little time to see whether another path is coming.
    this.#orphanedAt = now + (this.role === Role.Server ? this.#lifetime / 3 : 0);
  }

  /** How long an ending is remembered: three probe timeouts of the slowest path. */
  get #lifetime(): number {
    // MPQUIC, Section 2.6.
    return 3 * Math.max(this.paths.largestProbeTimeout, 1);
  }

  #keepAlive(): void {
    const path = this.paths.best() ?? this.paths.find(0);
    if (path !== undefined) path.space.probes = Math.max(path.space.probes, 1);
  }

  #timeOut(reason: string, _now: number): void {
    this.closing.end({ by: "timeout", application: false, code: 0, reason });
  }

  #giveUp(reason: string, now: number): void {
    this.#close({ by: "timeout", application: false, code: ErrorCode.NoError, reason }, now);
  }

  #close(reason: CloseReason, now: number): void {
    this.#idle.stop();
    this.closing.close(reason, this.#lifetime, now);
  }

  /** Whatever fails in here closes the connection, and nothing is thrown. */
  #guard(now: number, action: () => void): void {
    try {
      action();
    } catch (cause) {
      const known = cause instanceof TransportError;
      const code = known ? cause.code : ErrorCode.InternalError;
      const reason = known ? cause.message : "Internal error";
      this.#close({ by: "local", application: false, code, reason, cause }, now);
    }
  }
}

function networkOptions(role: Role, config: TransportConfig, random: Random): NetworkPathOptions {
  const { congestionControl, initialWindow, initialRtt, maxDatagramSize } = config;
  return {
    congestionControl,
    initialWindow,
    initialRtt,
    maxDatagramSize,
    random,
    group: new CouplingGroup(),
    limited: role === Role.Server,
  };
}

function noPath(): TransportError {
  return new TransportError(ErrorCode.NoViablePath, "Cannot go on: no path is left");
}
