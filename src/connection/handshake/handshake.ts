// The handshake: TLS messages in CRYPTO streams, keys, versions, tickets and tokens.

import { equalBytes, NO_BYTES } from "../../bytes/bytes.ts";
import { Level } from "../../crypto/level.ts";
import { ErrorCode } from "../../error/error_code.ts";
import { TransportError } from "../../error/quic_error.ts";
import type { Random } from "../../crypto/random.ts";
import type { Role } from "../../error/role.ts";
import { MAX_TOKEN } from "../../limits/limits.ts";
import { PacketSpace } from "../../recovery/packet_space.ts";
import type { BufferMemory } from "../../stream/buffer_memory.ts";
import { CryptoStream } from "../../stream/crypto_stream.ts";
import type { Tls, TlsSink } from "../../tls/tls.ts";
import type { KeyRing } from "./key_ring.ts";
import type { ConnectionOptions } from "../options.ts";
import { loweredLimit, rememberedParameters } from "../parameters/early_data.ts";
import type { Announce } from "../parameters/local_parameters.ts";
import {
  encodeTransportParameters,
  readTransportParameters,
} from "../parameters/transport_parameters.ts";
import type { HandshakeProgress } from "./progress.ts";
import { Versions } from "./versions.ts";
import { Aftermath } from "./aftermath.ts";
import { TokenOffers } from "./token_offers.ts";
import type { TransportParameters } from "../parameters/parameter_table.ts";

/** The parts that are configured from what the handshake agrees on. */
export interface HandshakeObserver {
  /** A client sends 0-RTT data under these parameters of an earlier connection. */
  onRemembered(parameters: TransportParameters): void;
  /** The peer's parameters have come and are consistent. */
  onPeerParameters(parameters: TransportParameters): void;
  /** A server has the keys of the client's 0-RTT data. */
  onEarlyDataReadable(): void;
  /** 1-RTT keys were installed, for a direction at least. */
  onOneRttKeys(): void;
  /** The server reads none of our 0-RTT data: it counts as never sent. */
  onEarlyDataRejected(): void;
  /** RFC 9001, Section 4.1.1. */
  onHandshakeComplete(): void;
  /** RFC 9001, Section 4.1.2. */
  onHandshakeConfirmed(): void;
  /** The keys of a packet number space are gone. */
  onSpaceDiscarded(space: PacketSpace): void;
}

/** The connection IDs that the peer's parameters must name (RFC 9000, Section 7.3). */
export interface HandshakeIds {
  /** Destination of the client's very first Initial. */
  readonly original: Uint8Array;
  /** Source of the peer's first Initial. */
  readonly peerSource: Uint8Array | undefined;
  /** Source of the Retry, if there was one. */
  readonly retrySource: Uint8Array | undefined;
}

/** What paths ask for as well, and so is made before them; only the handshake changes it. */
export interface HandshakeState {
  readonly keys: KeyRing;
  readonly progress: HandshakeProgress;
  /** Of Initial and Handshake packets. */
  readonly spaces: readonly [PacketSpace, PacketSpace];
}

/** The packet number spaces of Initial and Handshake packets. */
export function handshakeSpaces(random: Random): readonly [PacketSpace, PacketSpace] {
  // RFC 9000, Section 13.2.1: Initial and Handshake packets are acknowledged at once.
  const policy = {
    elicitingThreshold: 1,
    maxAckDelay: 0,
    timerLateness: 0,
    reorderingThreshold: 1,
  };
  return [new PacketSpace(policy, random, true), new PacketSpace(policy, random, true)];
}

/**
 * The handshake of one connection: TLS and its CRYPTO streams, keys, versions, packet number spaces
 * and tokens. It carries messages between CRYPTO frames and TLS, and knows how far both ends are.
 */
export class Handshake {
  readonly role: Role;
  readonly keys: KeyRing;
  readonly versions: Versions;
  readonly tls: Tls;
  /** Spaces of Initial and Handshake packets. */
  readonly initialSpace: PacketSpace;
  readonly handshakeSpace: PacketSpace;
  /** CRYPTO streams by level; there is none at 0-RTT. */
  readonly initialCrypto: CryptoStream;
  readonly handshakeCrypto: CryptoStream;
  readonly oneRttCrypto: CryptoStream;
  /** What clients may show in later connections. */
  readonly tokens: TokenOffers;
  /** What it sends in 1-RTT packets. */
  readonly aftermath: Aftermath;

  readonly #progress: HandshakeProgress;
  readonly #observer: HandshakeObserver;
  readonly #ids: { -readonly [Key in keyof HandshakeIds]: HandshakeIds[Key] };
  /** A client: the token for Initial packets, from a Retry or an earlier connection. */
  #token: Uint8Array = NO_BYTES;
  #announced: TransportParameters | undefined;
  #remembered: TransportParameters | undefined;

  constructor(
    options: ConnectionOptions,
    { keys, progress, spaces }: HandshakeState,
    memory: BufferMemory,
    announce: Announce,
    observer: HandshakeObserver,
  ) {
    const { role, originalId: original, retrySourceId: retrySource, token, remembered } = options;
    // TLS holds on to what it calls: not to the options, which hold the keys of Initial packets.
    const { random } = options;
    this.role = role;
    this.keys = keys;
    this.versions = new Versions(role, options.version, options.versions);
    [this.initialSpace, this.handshakeSpace] = spaces;
    this.initialCrypto = new CryptoStream(memory);
    this.handshakeCrypto = new CryptoStream(memory);
    this.oneRttCrypto = new CryptoStream(memory);
    const { addressToken } = options;
    this.tokens = new TokenOffers(
      addressToken && ((remotes, now) => addressToken(remotes, keys.version, now)),
    );
    this.aftermath = new Aftermath(this.tokens, this.oneRttCrypto);
    this.#progress = progress;
    this.#observer = observer;
    this.#ids = { original, retrySource, peerSource: undefined };
    // A token that leaves Initial packets no room is not shown.
    if (token !== undefined && token.length <= MAX_TOKEN) this.#token = token;
    this.#remembered = remembered && rememberedParameters(remembered);
    keys.deriveInitial(retrySource ?? original, options.initialKeys);
    this.tls = options.tls({
      sink: this.#sink(),
      random,
      wallTime: options.wallTime,
      version: () => keys.version,
      transportParameters: () => this.#announce(announce, random),
    });
  }

  /** What TLS calls: none of it is for others. */
  #sink(): TlsSink {
    return {
      onHandshakeData: (level, data) => this.#crypto(level).write(data),
      onSecrets: (level, suite, read, write) => this.#onSecrets(level, suite, read, write),
      onPeerTransportParameters: (data) => this.#onPeerTransportParameters(data),
      onEarlyDataRejected: () => this.#onEarlyDataRejected(),
      onComplete: () => this.#onComplete(),
    };
  }

  #announce(announce: Announce, random: Random): Uint8Array {
    this.#announced = announce(this.versions.information(this.keys.version, random));
    return encodeTransportParameters(this.#announced, random);
  }

  /** Begins: a client writes its first message, and may send 0-RTT data. */
  start(now: number): void {
    this.tls.start(now);
    if (this.keys.zeroRtt.write === undefined) this.#remembered = undefined;
    if (this.#remembered !== undefined) this.#observer.onRemembered(this.#remembered);
  }

  /** The connection IDs that the parameters of both ends must name. */
  get ids(): HandshakeIds {
    return this.#ids;
  }

  /** RFC 9001, Section 4.1.1. */
  get complete(): boolean {
    return this.#progress.complete;
  }

  /** RFC 9001, Section 4.1.2. */
  get confirmed(): boolean {
    return this.#progress.confirmed;
  }

  /** A client: the token for Initial packets; empty without one. */
  get token(): Uint8Array {
    return this.#token;
  }

  /** What this end has announced: once TLS has asked for it, until the handshake is confirmed. */
  get announced(): TransportParameters | undefined {
    return this.#announced;
  }

  /** A client: the parameters of an earlier connection under which it sends 0-RTT data. */
  get remembered(): TransportParameters | undefined {
    return this.#remembered;
  }

  /** The peer has sent its first packet, from this connection ID. */
  onPeerSource(id: Uint8Array): void {
    this.#ids.peerSource = id;
  }

  /** A client: a Retry wants the same messages again, to another ID and with a token. */
  onRetry(source: Uint8Array, token: Uint8Array): void {
    this.#ids.retrySource = source;
    this.#token = token;
    this.keys.deriveInitial(source);
    // RFC 9000, Section 17.2.5.3: the same messages again; packet numbers go on.
    this.initialSpace.discard(false);
    this.initialCrypto.resend();
  }

  /** A server: a Handshake packet was acknowledged, or a client: its own was. */
  onHandshakeAcked(): void {
    this.#progress.onAddressValidated();
  }

  /** RFC 9001, Section 4.9.1: a server is through with Initial packets when it reads the next. */
  onHandshakeRead(): void {
    if (this.role === "server") this.#discardInitial();
  }

  /** RFC 9001, Section 4.9.1: a client is through with Initial packets when it sends the next. */
  onHandshakeSent(): void {
    if (this.role === "client") this.#discardInitial();
  }

  /** CRYPTO arrived. */
  onCrypto(level: Level, offset: number, data: Uint8Array, now: number): void {
    const stream = this.#crypto(level);
    stream.receive(offset, data);
    for (let bytes = stream.read(); bytes !== undefined; bytes = stream.read()) {
      this.tls.receive(level, bytes, now);
    }
  }

  #crypto(level: Level): CryptoStream {
    if (level === Level.Initial) return this.initialCrypto;
    return level === Level.Handshake ? this.handshakeCrypto : this.oneRttCrypto;
  }

  #onSecrets(
    level: Level,
    suite: number,
    read: Uint8Array | undefined,
    write: Uint8Array | undefined,
  ): void {
    this.keys.install(level, suite, read, write);
    if (level === Level.OneRtt) this.#observer.onOneRttKeys();
    else if (level === Level.ZeroRtt && read) this.#observer.onEarlyDataReadable();
  }

  #onPeerTransportParameters(data: Uint8Array): void {
    const isClient = this.role === "client";
    const parameters = readTransportParameters(data, isClient ? "server" : "client");
    const { ids } = this;
    // RFC 9000, Section 7.3: shows whether IDs were changed on the way.
    requireId("initial_source_connection_id", parameters.initialSourceId, ids.peerSource);
    if (isClient) {
      requireId(
        "original_destination_connection_id",
        parameters.originalDestinationId,
        ids.original,
      );
      requireId("retry_source_connection_id", parameters.retrySourceId, ids.retrySource);
    }
    // Before anything else: the keys that follow belong to the version agreed on.
    this.keys.changeVersion(this.versions.agree(parameters.versionInformation, this.keys.version));
    // MPQUIC, Section 2.1: several paths need connection IDs.
    if (parameters.initialMaxPathId >= 0 && ids.peerSource!.length === 0) throw emptyId();
    this.#checkRemembered(parameters);
    this.#observer.onPeerParameters(parameters);
  }

  #checkRemembered(parameters: TransportParameters): void {
    const lowered = this.#remembered && loweredLimit(this.#remembered, parameters);
    this.#remembered = undefined;
    if (lowered === undefined) return;
    // RFC 9000, Section 7.4.1: it reads our 0-RTT data, which may be beyond what it allows now.
    throw new TransportError(
      ErrorCode.ProtocolViolation,
      `Cannot accept the peer's parameters: ${lowered} is lower than 0-RTT data was sent under`,
    );
  }

  #onEarlyDataRejected(): void {
    if (this.role === "server") return;
    this.keys.discardZeroRtt();
    if (this.#remembered === undefined) return;
    this.#remembered = undefined;
    this.#observer.onEarlyDataRejected();
  }

  #onComplete(): void {
    this.#progress.onComplete();
    this.keys.allowReading();
    if (this.role === "client") this.keys.discardZeroRtt();
    this.#observer.onHandshakeComplete();
    if (this.role === "client") return;
    this.aftermath.begin();
    this.#confirm();
  }

  /** HANDSHAKE_DONE arrived (RFC 9000, Section 19.20). */
  onHandshakeDone(): void {
    if (this.role === "server" || !this.complete) {
      throw new TransportError(
        ErrorCode.ProtocolViolation,
        "Cannot accept HANDSHAKE_DONE: only a server sends it, and only at the end",
      );
    }
    this.#confirm();
  }

  #confirm(): void {
    if (this.confirmed) return;
    this.#progress.onConfirmed();
    this.keys.oneRtt!.confirmHandshake();
    this.#observer.onHandshakeConfirmed();
    this.keys.discardHandshake();
    this.#discard(this.handshakeSpace, this.handshakeCrypto);
    this.#discardInitial();
    // A log has it by now, and an idle connection need not hold it.
    this.#announced = undefined;
  }

  #discardInitial(): void {
    if (this.keys.initial.write === undefined) return;
    this.keys.discardInitial();
    this.#discard(this.initialSpace, this.initialCrypto);
  }

  #discard(space: PacketSpace, crypto: CryptoStream): void {
    space.discard(false);
    crypto.discard();
    this.#observer.onSpaceDiscarded(space);
  }
}

function requireId(
  name: string,
  said: Uint8Array | undefined,
  seen: Uint8Array | undefined,
): void {
  const agrees = said === undefined || seen === undefined ? said === seen : equalBytes(said, seen);
  if (agrees) return;
  throw new TransportError(
    ErrorCode.TransportParameterError,
    `Cannot accept the peer's parameters: ${name} does not fit the packets`,
  );
}

function emptyId(): TransportError {
  return new TransportError(
    ErrorCode.ProtocolViolation,
    "Cannot use several paths: the peer's connection ID is empty",
  );
}
