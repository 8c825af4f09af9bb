// The keys of all encryption levels.

import { NO_BYTES } from "../../bytes/bytes.ts";
import type { CryptoEngine } from "../../crypto/aead.ts";
import { InitialKeys } from "../../crypto/initial_keys.ts";
import { KeyPhases, type KeyPhasesOptions } from "../../crypto/key_phases.ts";
import { keyLabels } from "../../crypto/key_labels.ts";
import { Level } from "../../crypto/level.ts";
import { PacketKeys, type PacketUnsealer } from "../../crypto/packet_keys.ts";
import type { Role } from "../../error/role.ts";
import { PacketType } from "../../packet/packet_type.ts";

/** Keys of both directions at one level. */
interface KeyPair {
  read: PacketKeys | undefined;
  write: PacketKeys | undefined;
}

/** All keys of a connection, from the first Initial to the last update (RFC 9001, Section 4.9). */
export class KeyRing {
  /** Keys of Initial, Handshake and 0-RTT while they are of use. */
  readonly initial: KeyPair = { read: undefined, write: undefined };
  readonly handshake: KeyPair = { read: undefined, write: undefined };
  readonly zeroRtt: KeyPair = { read: undefined, write: undefined };
  /** 1-RTT keys, once ours are known. */
  oneRtt: KeyPhases | undefined = undefined;
  /** The version in use. */
  version: number;
  /** The version of the client's first packet, and of all 0-RTT packets. */
  readonly original: number;
  /** Initial keys of another version, for packets that cross a change of version. */
  #otherInitial: PacketKeys | undefined;
  #otherVersion = 0;
  #isReadable = false;
  #changes = 0;
  #initialId: Uint8Array = NO_BYTES;

  /** When a server forgets its 0-RTT keys. */
  #zeroRttUntil = Infinity;

  readonly #engine: CryptoEngine;
  readonly #role: Role;
  readonly #limits: KeyPhasesOptions | undefined;

  constructor(engine: CryptoEngine, role: Role, version: number, limits?: KeyPhasesOptions) {
    this.#engine = engine;
    this.#limits = limits;
    this.#role = role;
    this.version = this.original = version;
  }

  /**
   * Makes Initial keys from the destination ID of the client's first packet.
   *
   * @param keys What was derived from it already.
   */
  deriveInitial(destinationId: Uint8Array, keys?: InitialKeys): void {
    this.#initialId = destinationId;
    this.#replaceInitial();
    const { client, server } = keys ?? new InitialKeys(this.#engine, this.version, destinationId);
    const isClient = this.#role === "client";
    this.initial.read = isClient ? server : client;
    this.initial.write = isClient ? client : server;
  }

  /** Others take their place, as after a Retry, but what another version is read with stays. */
  #replaceInitial(): void {
    const { read, write } = this.initial;
    if (read !== this.#otherInitial) read?.release();
    write?.release();
  }

  /** What opens Initial packets of a version, derived once for each. */
  initialReader(version: number): PacketKeys | undefined {
    if (version === this.version || this.initial.read === undefined) return this.initial.read;
    if (version !== this.#otherVersion) {
      const keys = new InitialKeys(this.#engine, version, this.#initialId);
      this.#otherInitial?.release();
      this.#otherInitial = this.#role === "client" ? keys.server : keys.client;
      this.#otherVersion = version;
    }
    return this.#otherInitial;
  }

  /**
   * Another version was agreed on. Initial packets of the one before can still be read: the client
   * may not know yet (RFC 9369, Section 4.1).
   */
  changeVersion(version: number): void {
    if (version === this.version || this.initial.read === undefined) return;
    this.#otherInitial?.release();
    this.#otherInitial = this.initial.read;
    this.#otherVersion = this.version;
    this.version = version;
    this.deriveInitial(this.#initialId);
  }

  /** Whether 1-RTT packets may be read: not before the handshake is complete. */
  get readable(): boolean {
    return this.#isReadable;
  }

  /** 1-RTT packets may be read. */
  allowReading(): void {
    this.#isReadable = true;
    this.#changes++;
  }

  /** How often there were further keys; after each, packets that were kept may be readable. */
  get changes(): number {
    return this.#changes;
  }

  /** TLS gives secrets of a level. */
  install(
    level: Level,
    suite: number,
    read: Uint8Array | undefined,
    write: Uint8Array | undefined,
  ): void {
    this.#changes++;
    if (level === Level.OneRtt) return this.#installOneRtt(suite, read, write);
    const pair = level === Level.Handshake ? this.handshake : this.zeroRtt;
    // RFC 9369, Section 4.1: 0-RTT packets never have the negotiated version.
    const labels = keyLabels(level === Level.ZeroRtt ? this.original : this.version);
    if (read) pair.read = new PacketKeys(this.#engine, suite, read, labels);
    if (write) pair.write = new PacketKeys(this.#engine, suite, write, labels);
  }

  /** A server can write before it can read: the first 1-RTT packets need not wait. */
  #installOneRtt(
    suite: number,
    read: Uint8Array | undefined,
    write: Uint8Array | undefined,
  ): void {
    if (this.oneRtt !== undefined) {
      if (read !== undefined) this.oneRtt.installReader(read);
    } else if (write !== undefined) {
      const labels = keyLabels(this.version);
      this.oneRtt = new KeyPhases(this.#engine, suite, labels, read, write, this.#limits);
    }
  }

  /** What opens packets of a type now, if anything (RFC 9001, Section 5.6: 0-RTT at servers). */
  reader(type: PacketType): PacketUnsealer | undefined {
    switch (type) {
      case PacketType.Initial:
        return this.initial.read;
      case PacketType.Handshake:
        return this.handshake.read;
      case PacketType.ZeroRtt:
        return this.zeroRtt.read;
      case PacketType.OneRtt:
        return this.#isReadable ? this.oneRtt?.reader : undefined;
    }
    return undefined;
  }

  /** What seals packets with long headers. */
  writer(type: PacketType): PacketKeys | undefined {
    if (type === PacketType.Initial) return this.initial.write;
    return (type === PacketType.ZeroRtt ? this.zeroRtt : this.handshake).write;
  }

  /** The version in the header of packets of a type. */
  versionOf(type: PacketType): number {
    return type === PacketType.ZeroRtt ? this.original : this.version;
  }

  /** RFC 9001, Section 4.9.1: when the first Handshake packet is sent or opened. */
  discardInitial(): void {
    release(this.initial);
    this.#otherInitial?.release();
    this.initial.read = this.initial.write = this.#otherInitial = undefined;
    this.#initialId = NO_BYTES;
  }

  /** RFC 9001, Section 4.9.2: when the handshake is confirmed. */
  discardHandshake(): void {
    release(this.handshake);
    this.handshake.read = this.handshake.write = undefined;
  }

  /** RFC 9001, Section 4.9.3: a client is through with 0-RTT as soon as it has 1-RTT keys. */
  discardZeroRtt(): void {
    release(this.zeroRtt);
    this.zeroRtt.read = this.zeroRtt.write = undefined;
    this.#zeroRttUntil = Infinity;
  }

  /** No keys are needed any more. */
  release(): void {
    for (const pair of [this.initial, this.handshake, this.zeroRtt]) release(pair);
    this.#otherInitial?.release();
    this.oneRtt?.release();
  }

  /** A server keeps its 0-RTT keys a little for packets that come late; only the first call counts. */
  limitZeroRtt(until: number): void {
    if (this.zeroRtt.read === undefined || this.#zeroRttUntil < Infinity) return;
    this.#zeroRttUntil = until;
  }

  /** When {@linkcode expire} must be called. */
  get deadline(): number {
    return Math.min(this.#zeroRttUntil, this.oneRtt?.deadline ?? Infinity);
  }

  /** Forgets expired keys. */
  expire(now: number): void {
    this.oneRtt?.expire(now);
    if (now >= this.#zeroRttUntil) this.discardZeroRtt();
  }
}

function release({ read, write }: KeyPair): void {
  read?.release();
  write?.release();
}
