// The parts of a connection.

import { NO_BYTES, toHex } from "../bytes/bytes.ts";
import type { CryptoEngine } from "../crypto/aead.ts";
import type { InitialKeys } from "../crypto/initial_keys.ts";
import type { Random } from "../crypto/random.ts";
import type { Role } from "../error/role.ts";
import type { Account } from "../limits/account.ts";
import { Ledger } from "../limits/ledger.ts";
import type { Address } from "../path/address.ts";
import type { IdIssuer } from "../path/local_ids.ts";
import { idsPerPath } from "../path/path_limits.ts";
import type { NetworkPath } from "../path/network_path.ts";
import type { NetworkPathOptions } from "../path/network_path_options.ts";
import type { Path, PathContext } from "../path/path.ts";
import { type PathObserver, PathSet } from "../path/path_set.ts";
import { AddressAnnouncer } from "../path/address_announcer.ts";
import { RemoteAddresses } from "../path/remote_addresses.ts";
import { Stage } from "../path/lifecycle.ts";
import type { Header } from "../packet/header.ts";
import type { ConnectionId } from "../packet/connection_id.ts";
import type { Port } from "../path/port.ts";
import { UnprovenBytes, type UnprovenHosts } from "../path/unproven_bytes.ts";
import { PacketSpace } from "../recovery/packet_space.ts";
import type { AckPolicy } from "../recovery/received_packets.ts";
import { BufferMemory } from "../stream/buffer_memory.ts";
import { StreamSet } from "../stream/stream_set.ts";
import type { Tls, TlsContext } from "../tls/tls.ts";
import type { WallClock } from "../tls/wall_clock.ts";
import { AckRequest } from "./send/ack_request.ts";
import { Closing } from "./closing.ts";
import { ConnectionLog } from "./trace/connection_log.ts";
import type { TransportConfig } from "./config.ts";
import { DatagramQueue } from "./datagram_queue.ts";
import { Dispatcher } from "./send/dispatcher.ts";
import { rememberedParameters } from "./parameters/early_data.ts";
import type { ConnectionEvent } from "./event.ts";
import { FrameRouter, type FrameTargets } from "./receive/frame_router.ts";
import { HandshakeDriver, type HandshakeIds } from "./handshake/handshake_driver.ts";
import { Idle } from "./idle.ts";
import { KeyRing } from "./handshake/key_ring.ts";
import { configuredParameters, localParameters } from "./parameters/local_parameters.ts";
import type { IssuedId } from "./parameters/preferred_address.ts";
import { Negotiation } from "./handshake/negotiation.ts";
import { networkOptions } from "./network_options.ts";
import { PathRequests } from "./path_requests.ts";
import { Peer } from "./parameters/peer.ts";
import { type KnownIds, Receiver, type ReceiverParts } from "./receive/receiver.ts";
import { Sender, type SenderParts } from "./send/sender.ts";
import { Unprotected } from "./handshake/unprotected.ts";
import { type VersionOptions, Versions } from "./handshake/versions.ts";
import { encodeTransportParameters } from "./parameters/transport_parameters.ts";

/** The connection IDs of one connection: makes them, and recognises them. */
export interface ConnectionIds extends IdIssuer, KnownIds {}

/** What a connection is made from. */
export interface ConnectionOptions {
  readonly role: Role;
  readonly config: TransportConfig;
  readonly engine: CryptoEngine;
  readonly random: Random;
  readonly ids: ConnectionIds;
  /** Makes the TLS machine of this end. */
  readonly tls: (context: TlsContext) => Tls;
  /** By which certificates and tickets are judged. */
  readonly wallTime: WallClock;
  readonly version: number;
  readonly versions: VersionOptions;
  readonly port: Port;
  readonly remote: Address;
  /** Destination of the client's first Initial, and what a Retry changed about it. */
  readonly originalId: Uint8Array;
  readonly retrySourceId?: Uint8Array | undefined;
  /** A server: the keys by which it has opened the client's first Initial. */
  readonly initialKeys?: InitialKeys | undefined;
  /** A token the client has from this server. */
  readonly token?: Uint8Array | undefined;
  /** A client: the server's parameters in the connection whose session is resumed. */
  readonly remembered?: Uint8Array | undefined;
  /** Where it counts what the peer makes it hold; without one, nothing is limited. */
  readonly account?: Account | undefined;
  /** A server: what all its connections may send to hosts that are not proven. */
  readonly unprovenHosts?: UnprovenHosts | undefined;
  /** A server: whether a token has shown that the client is where it says. */
  readonly validated?: boolean | undefined;
  /** A server: makes the tokens its clients may show later. */
  readonly addressToken?:
    | ((remotes: readonly Address[], version: number, now: number) => Uint8Array)
    | undefined;
}

/** What the parts tell the connection. */
export interface PartsObserver extends PathObserver {
  /** CONNECTION_CLOSE arrived. */
  onPeerClose(application: boolean, code: number, reason: string, now: number): void;
  /** A stateless reset arrived. */
  onStatelessReset(now: number): void;
}

/** The parts of a connection, made in the order in which they need each other, and connected. */
export class ConnectionParts implements PathContext, ReceiverParts, SenderParts, FrameTargets {
  readonly role: Role;
  readonly config: TransportConfig;
  readonly random: Random;
  readonly network: NetworkPathOptions;
  readonly unproven: UnprovenBytes;
  /** What the peer makes us hold. */
  readonly account: Account;
  readonly ackPolicy: AckPolicy;
  readonly events: ConnectionEvent[] = [];
  /** What all buffers have allocated. */
  readonly memory: BufferMemory;
  readonly datagrams: DatagramQueue;
  readonly peer: Peer;
  /** A server: the addresses its clients hear of. */
  readonly announcer: AddressAnnouncer = new AddressAnnouncer();
  /** How often the peer is asked to acknowledge. */
  readonly ackRequest: AckRequest;
  /** A client: the addresses its server has told of. */
  readonly remoteAddresses: RemoteAddresses = new RemoteAddresses();
  readonly closing: Closing = new Closing();
  readonly idle: Idle;
  readonly keys: KeyRing;
  readonly versions: Versions;
  readonly paths: PathSet;
  readonly streams: StreamSet;
  readonly requests: PathRequests;
  readonly negotiation: Negotiation;
  readonly handshake: HandshakeDriver;
  readonly dispatcher: Dispatcher;
  readonly unprotected: Unprotected;
  readonly router: FrameRouter;
  readonly receiver: Receiver;
  readonly sender: Sender;
  /** Only if a trace is wanted. */
  readonly log: ConnectionLog | undefined;
  /** The largest DATAGRAM frame we announce. */
  readonly maxDatagramFrameSize: number;
  /** The ID the peer reaches us by during the handshake. */
  readonly sourceId: Uint8Array;
  readonly ids: ConnectionIds;
  /** Where the account counts. */
  #home: NetworkPath | undefined;
  readonly #observer: PartsObserver;

  constructor(options: ConnectionOptions, observer: PartsObserver, now: number) {
    const { role, config, random, ids } = options;
    this.role = role;
    this.config = config;
    this.random = random;
    this.ids = ids;
    this.#observer = observer;
    this.peer = new Peer(options.remote);
    this.network = networkOptions(role, config, random);
    this.unproven = new UnprovenBytes(options.unprovenHosts);
    this.account = options.account ?? Ledger.unlimited();
    this.memory = new BufferMemory(this.account);
    this.datagrams = new DatagramQueue(this.events, this.memory);
    this.ackPolicy = ackPolicy(config);
    this.maxDatagramFrameSize = config.maxDatagramFrameSize;
    this.idle = new Idle(config.maxIdleTimeout);
    this.ackRequest = new AckRequest(config.ackFrequency);
    this.keys = new KeyRing(options.engine, role, options.version, config.keyLimits);
    this.versions = new Versions(role, options.version, options.versions);
    this.paths = this.#makePaths();
    this.streams = new StreamSet({
      role,
      ...config,
      order: config.streamOrder,
      memory: this.memory,
    });
    this.requests = new PathRequests(this.paths);
    this.negotiation = new Negotiation(this, configuredParameters(config, role));
    this.handshake = this.#makeHandshake(options);
    this.dispatcher = new Dispatcher(
      config.scheduler,
      this.paths,
      this.streams,
      this.datagrams,
    );
    this.log = this.#makeLog(options, now);
    this.unprotected = new Unprotected(this, options.engine);
    if (options.token !== undefined) this.unprotected.offer(options.token);
    this.router = new FrameRouter(this);
    this.receiver = new Receiver(this);
    const own = ids.issue(0);
    this.sourceId = own.bytes;
    this.sender = new Sender(this, options.port, options.remote);
    this.#startPath(options, own, now);
    this.log?.start(this.paths.paths[0]!, this.sender.builder, now);
    this.#startTls(options, own);
  }

  #makeLog(options: ConnectionOptions, now: number): ConnectionLog | undefined {
    const { config, originalId, wallTime } = options;
    const epoch = wallTime(now) - now;
    const qlog = config.qlog?.({ role: this.role, originalId: toHex(originalId), now, epoch });
    return qlog && new ConnectionLog(qlog, this);
  }

  #makePaths(): PathSet {
    return new PathSet({
      context: this,
      observer: this.#observer,
      issuer: this.ids,
      maxPaths: this.config.maxPaths,
      remoteIdLimit: idsPerPath(this.config.activeIdLimit, this.config.maxPaths),
      opensPaths: this.role === "client",
    });
  }

  #makeHandshake(options: ConnectionOptions): HandshakeDriver {
    const { originalId: original, retrySourceId: retrySource } = options;
    const ids: HandshakeIds = { original, retrySource, peerSource: undefined };
    // RFC 9000, Section 13.2.1: Initial and Handshake packets are acknowledged at once.
    const policy = { elicitingThreshold: 1, maxAckDelay: 0, reorderingThreshold: 0 };
    const spaces = [
      new PacketSpace(policy, this.random, true),
      new PacketSpace(policy, this.random, true),
    ] as const;
    const driver = new HandshakeDriver(
      this.role,
      ids,
      spaces,
      this.keys,
      this.negotiation,
      this.memory,
    );
    const { addressToken } = options;
    driver.tokens.make = addressToken &&
      ((remotes, now) => addressToken(remotes, this.keys.version, now));
    this.negotiation.handshake = driver;
    return driver;
  }

  #startPath(options: ConnectionOptions, own: ConnectionId, now: number): void {
    const { initialSpace, handshakeSpace } = this.handshake;
    const path = this.paths.start(options.port, options.remote, [initialSpace, handshakeSpace]);
    path.slot.local.adopt(own);
    path.advance(Stage.Open);
    const isClient = this.role === "client";
    // A server's address is proven by its answering, a client's only later, or by a token.
    path.current.validated = isClient || options.validated === true;
    if (isClient) path.slot.remote.adopt(options.originalId);
    this.idle.onReceived(path.probeTimeout, now);
    path.loss.restart(now);
  }

  #startTls(options: ConnectionOptions, own: ConnectionId): void {
    const { config, handshake, keys, random, role, versions } = this;
    keys.deriveInitial(options.retrySourceId ?? options.originalId, options.initialKeys);
    const offers = role === "server" && config.preferredAddress !== undefined;
    const preferred = offers ? this.ids.issue(0) : undefined;
    // RFC 9000, Section 5.1.1: its sequence number is 1.
    if (preferred !== undefined) this.paths.slot(0)!.local.adopt(preferred);
    handshake.tls = options.tls({
      sink: handshake,
      random,
      wallTime: options.wallTime,
      version: () => keys.version,
      transportParameters: () => {
        const { original, retrySource } = handshake.ids;
        const parameters = localParameters({
          config,
          versions: versions.information(keys.version, random),
          own: this.#withToken(own),
          original,
          retrySource,
          preferred: preferred && this.#withToken(preferred),
        }, role);
        this.log?.onLocalParameters(parameters);
        return encodeTransportParameters(parameters, random);
      },
    });
  }

  #withToken(id: ConnectionId): IssuedId {
    return { id, resetToken: this.ids.resetToken(id) };
  }

  /** What the peer holds counts where it has proven to be. */
  settleAccount(): void {
    const home = this.paths.paths[0]?.current;
    if (home === this.#home || !home?.validated) return;
    this.#home = home;
    this.account.moveTo(home.remote.hostname);
  }

  /** A client offers 0-RTT data: it begins with the limits of the earlier connection. */
  rememberParameters(bytes: Uint8Array | undefined): void {
    const parameters = bytes && rememberedParameters(bytes);
    if (parameters === undefined) return;
    this.log?.onRemembered(parameters);
    this.negotiation.onRemembered(parameters);
  }

  // What the receiver asks and tells.

  get extensions(): number {
    return this.negotiation.extensions;
  }

  acceptsPaths(): boolean {
    return this.role === "server" && this.paths.multipath && this.handshake.complete;
  }

  onUnprotected(header: Header, now: number): void {
    const reason = this.unprotected.receive(header, now);
    if (reason !== undefined) this.closing.end(reason);
  }

  onHandshakePacket(): void {
    this.negotiation.onHandshakePacket("client");
  }

  onPeerId(id: Uint8Array): void {
    this.paths.slot(0)!.remote.adopt(id);
  }

  onPacket(path: Path, now: number): void {
    this.closing.sendError = undefined;
    this.paths.watch.onSeen(path, now);
    this.idle.onReceived(this.paths.largestProbeTimeout, now);
  }

  onStatelessReset(now: number): void {
    this.#observer.onStatelessReset(now);
  }

  onClose(application: boolean, code: number, reason: string, now: number): void {
    this.#observer.onPeerClose(application, code, reason, now);
  }

  // What the sender asks and tells.

  token(): Uint8Array {
    return this.unprotected.token ?? NO_BYTES;
  }

  onElicitingSent(now: number): void {
    this.idle.onSent(this.paths.largestProbeTimeout, now);
  }

  onHandshakeSent(): void {
    this.negotiation.onHandshakePacket(this.role);
  }

  // What paths and recovery ask of the connection.

  get handshakeConfirmed(): boolean {
    return this.handshake.confirmed;
  }

  get mustProbeUnasked(): boolean {
    return this.role === "client" && !this.handshake.addressValidated;
  }

  get pathIdleTimeout(): number {
    return this.config.pathIdleTimeout;
  }

  get hasHandshakeKeys(): boolean {
    return this.keys.handshake.write !== undefined;
  }

  get keepAliveInterval(): number {
    return this.config.keepAliveInterval;
  }

  hasOther(path: Path): boolean {
    return this.paths.hasOther(path);
  }

  get gapMark(): number {
    return this.streams.gapMark;
  }

  get peerAckThreshold(): number {
    return this.ackRequest.threshold;
  }

  get peerMaxAckDelay(): number {
    return this.peer.parameters.maxAckDelay;
  }
}

function ackPolicy({ ackThreshold, maxAckDelay }: TransportConfig): AckPolicy {
  return { elicitingThreshold: ackThreshold, maxAckDelay, reorderingThreshold: 0 };
}
