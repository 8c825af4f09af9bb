// Drives the handshake: TLS messages in CRYPTO streams, keys, tickets and tokens.

import { equalBytes } from "../../bytes/bytes.ts";
import { Level } from "../../crypto/level.ts";
import { ErrorCode } from "../../error/error_code.ts";
import { TransportError } from "../../error/quic_error.ts";
import type { Role } from "../../error/role.ts";
import { HANDSHAKE_DONE, writeHandshakeDone } from "../../frame/crypto.ts";
import type { FrameOwner, FrameSink, SentFrame } from "../../frame/sent_frame.ts";
import type { PacketSpace } from "../../recovery/packet_space.ts";
import type { BufferMemory } from "../../stream/buffer_memory.ts";
import { CryptoStream } from "../../stream/crypto_stream.ts";
import type { Tls, TlsSink } from "../../tls/tls.ts";
import type { KeyRing } from "./key_ring.ts";
import { readTransportParameters } from "../parameters/transport_parameters.ts";
import { TokenOffers } from "./token_offers.ts";
import type { TransportParameters } from "../parameters/parameter_table.ts";

/** Full data packets that may leave before tickets and tokens do. */
const PATIENCE = 64;

/** Hears how the handshake goes. */
export interface HandshakeObserver {
  /** The peer's parameters have come and are consistent. */
  onPeerParameters(parameters: TransportParameters): void;
  /** Keys were installed: packets kept back may be readable now. */
  onKeys(level: Level): void;
  onEarlyDataRejected(): void;
  /** RFC 9001, Section 4.1.1. */
  onHandshakeComplete(): void;
  /** RFC 9001, Section 4.1.2. */
  onHandshakeConfirmed(): void;
}

/** The connection IDs that the peer's parameters must name (RFC 9000, Section 7.3). */
export interface HandshakeIds {
  /** Destination of the client's very first Initial. */
  original: Uint8Array;
  /** Source of the peer's first Initial. */
  peerSource: Uint8Array | undefined;
  /** Source of the Retry, if there was one. */
  retrySource: Uint8Array | undefined;
}

/** Carries TLS messages between CRYPTO frames and TLS, and knows how far the handshake is. */
export class HandshakeDriver implements TlsSink, FrameOwner {
  readonly role: Role;
  readonly ids: HandshakeIds;
  /** Spaces of Initial and Handshake packets. */
  readonly initialSpace: PacketSpace;
  readonly handshakeSpace: PacketSpace;
  /** CRYPTO streams by level; there is none at 0-RTT. */
  readonly initialCrypto: CryptoStream;
  readonly handshakeCrypto: CryptoStream;
  readonly oneRttCrypto: CryptoStream;
  /** What clients may show in later connections. */
  readonly tokens: TokenOffers = new TokenOffers();
  complete = false;
  confirmed = false;
  /** A client: whether the server has shown that it need not wait for our address any more. */
  addressValidated = false;
  /** TLS, set right after it was made with this as its sink. */
  tls!: Tls;

  readonly #keys: KeyRing;
  readonly #observer: HandshakeObserver;
  #donePending = false;
  /** Packets in a row that had no room for what can wait. */
  #passedOver = 0;

  constructor(
    role: Role,
    ids: HandshakeIds,
    spaces: readonly [PacketSpace, PacketSpace],
    keys: KeyRing,
    observer: HandshakeObserver,
    memory?: BufferMemory,
  ) {
    this.role = role;
    this.initialCrypto = new CryptoStream(memory);
    this.handshakeCrypto = new CryptoStream(memory);
    this.oneRttCrypto = new CryptoStream(memory);
    this.ids = ids;
    [this.initialSpace, this.handshakeSpace] = spaces;
    this.#keys = keys;
    this.#observer = observer;
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

  onHandshakeData(level: Level, data: Uint8Array): void {
    this.#crypto(level).write(data);
  }

  onSecrets(
    level: Level,
    suite: number,
    read: Uint8Array | undefined,
    write: Uint8Array | undefined,
  ): void {
    this.#keys.install(level, suite, read, write);
    this.#observer.onKeys(level);
  }

  onPeerTransportParameters(data: Uint8Array): void {
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
    this.#observer.onPeerParameters(parameters);
  }

  onEarlyDataRejected(): void {
    if (this.role === "server") return;
    this.#keys.discardZeroRtt();
    this.#observer.onEarlyDataRejected();
  }

  onComplete(): void {
    this.complete = true;
    this.#keys.readable = true;
    if (this.role === "client") this.#keys.discardZeroRtt();
    this.#observer.onHandshakeComplete();
    if (this.role === "client") return;
    this.#donePending = true;
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
    this.confirmed = true;
    this.addressValidated = true;
    this.#keys.oneRtt!.confirmHandshake();
    this.#observer.onHandshakeConfirmed();
  }

  /** Whether 1-RTT frames wait. */
  get pending(): boolean {
    return this.#donePending || this.#forLaterPending;
  }

  /** Writes HANDSHAKE_DONE, NEW_TOKEN and CRYPTO into a 1-RTT packet. */
  writeFrames(sink: FrameSink): void {
    if (this.#donePending && sink.room >= 1) {
      writeHandshakeDone(sink.writer);
      sink.record(this, HANDSHAKE_DONE, 0, 0);
      this.#donePending = false;
    }
    if (this.#passedOver > PATIENCE) this.#writeForLater(sink);
  }

  /**
   * Writes what is of use for later connections only, behind everything else: the first answers
   * need the first window for themselves.
   */
  writeForLater(sink: FrameSink): void {
    if (!this.#forLaterPending) return;
    this.#writeForLater(sink);
    if (this.#forLaterPending) this.#passedOver++;
  }

  #writeForLater(sink: FrameSink): void {
    // Before the session tickets: a client that stores a ticket may store the token with it.
    this.tokens.writeFrames(sink);
    if (this.oneRttCrypto.hasPending) this.oneRttCrypto.writeFrames(sink);
    if (!this.#forLaterPending) this.#passedOver = 0;
  }

  get #forLaterPending(): boolean {
    return this.tokens.pending || this.oneRttCrypto.hasPending;
  }

  onFrameAcked(_frame: SentFrame): void {}

  onFrameLost(_frame: SentFrame): void {
    // RFC 9000, Section 13.3: HANDSHAKE_DONE is repeated until it has arrived.
    this.#donePending = true;
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
