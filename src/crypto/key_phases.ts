// The 1-RTT keys and their updates (RFC 9001, Section 6).

import { ErrorCode } from "../error/error_code.ts";
import { TransportError } from "../error/quic_error.ts";
import type { CryptoEngine } from "./aead.ts";
import { type SuiteParameters, suiteParameters } from "./cipher_suite.ts";
import type { KeyLabels } from "./key_labels.ts";
import { PacketKeys, type PacketSealer, type PacketUnsealer } from "./packet_keys.ts";

/** Where `KeyPhases` draws its lines; each default follows RFC 9001, Section 6.6. */
export interface KeyPhasesOptions {
  /** Packets sealed under one key before an update is asked for; 3/4 of the limit by default. */
  updateAfter?: number;
  /** Packets one key may seal. */
  confidentialityLimit?: number;
  /** Packets that may fail to open. */
  integrityLimit?: number;
}

/** Packets kept back under the confidentiality limit, so that a CONNECTION_CLOSE can be sealed. */
const RESERVE = 64;

/** What one path has seen and sent in the current phase. */
class PathPhase {
  /** The generation the fields below speak of. */
  generation = 0;
  /** The smallest and largest number opened with the keys of this generation. */
  lowest = Infinity;
  highest = -1;
  /** The largest number opened with the keys of the generation before. */
  highestBefore = -1;
  /** The first number sealed in this generation. */
  firstSealed = Infinity;

  /** Brings the fields to a later generation. */
  catchUp(generation: number): void {
    if (this.generation === generation) return;
    this.highestBefore = this.generation === generation - 1 ? this.highest : -1;
    this.generation = generation;
    this.lowest = Infinity;
    this.highest = -1;
    this.firstSealed = Infinity;
  }
}

/**
 * The 1-RTT keys of both directions and their updates (RFC 9001, Section 6; MPQUIC, Section 2.5).
 *
 * How a connection uses it:
 * - `retention` is kept at three times the largest PTO of all paths.
 * - Before a packet is begun: `updateIfDue(now)`; then `phase` gives the Key Phase bit.
 * - `seal` and `headerMask` protect packets out; `reader` opens packets in, which came at
 *   `receivedAt`.
 * - `onAcked` for the largest number of each acknowledgment, while the packet that carried it is
 *   still the last one opened.
 * - `deadline` and `expire(now)` as with every timer.
 *
 * Every packet is opened at most once: which keys are tried is settled before by the Key Phase
 * bit, the path and the packet number, so time tells nothing about them.
 */
export class KeyPhases implements PacketSealer {
  readonly suite: SuiteParameters;
  /** When the old read keys go. */
  deadline = Infinity;
  /** The direction towards us. */
  readonly reader: PacketUnsealer;

  /** Milliseconds for which old read keys are kept, and between two updates of ours. */
  #retention = 3_000;
  /** When the packets that are opened came in. */
  #receivedAt = 0;
  readonly #updateAfter: number;
  readonly #confidentialityLimit: number;
  readonly #integrityLimit: number;
  readonly #paths = new Map<number, PathPhase>();
  /** How many updates there have been; its lowest bit is the Key Phase bit. */
  #generation = 0;
  #writeKeys: PacketKeys;
  /** Missing while a server does not know yet that the client has finished. */
  #readKeys: PacketKeys | undefined = undefined;
  #previousReadKeys: PacketKeys | undefined;
  /**
   * RFC 9001, Section 6.3: made ahead of need, outside of `open`, so that an update takes no longer
   * than a packet.
   */
  #nextReadKeys: PacketKeys | undefined;
  #nextWriteKeys: PacketKeys | undefined;
  #isHandshakeConfirmed = false;
  #isUpdateWanted = false;
  #sealed = 0;
  #failed = 0;
  /** Whether a packet of this generation has been opened. */
  #isPhaseOpened = true;
  /** Whether a packet was sealed after that: only then can the peer have been answered. */
  #isPhaseAnswered = true;
  /** When the peer acknowledged a packet of this generation. */
  #ackedAt = Infinity;
  /** The generation of the packet opened last. */
  #lastOpened = 0;

  readonly #makeKeys: (secret: Uint8Array) => PacketKeys;

  /**
   * @param readSecret The application traffic secret of the peer; a server may do without until
   * {@linkcode installReader}, and sends before it reads (RFC 9001, Section 5.7).
   * @param writeSecret Our own.
   */
  constructor(
    engine: CryptoEngine,
    suite: number,
    labels: KeyLabels,
    readSecret: Uint8Array | undefined,
    writeSecret: Uint8Array,
    options: KeyPhasesOptions = {},
  ) {
    this.suite = suiteParameters(suite);
    this.#confidentialityLimit = options.confidentialityLimit ?? this.suite.confidentialityLimit;
    this.#integrityLimit = options.integrityLimit ?? this.suite.integrityLimit;
    this.#updateAfter = options.updateAfter ?? Math.floor(0.75 * this.#confidentialityLimit);
    this.#makeKeys = (secret) => new PacketKeys(engine, suite, secret, labels);
    if (readSecret !== undefined) this.#readKeys = this.#makeKeys(readSecret);
    this.#writeKeys = this.#makeKeys(writeSecret);
    this.reader = {
      open: this.#open.bind(this),
      headerMask: (buffer, sampleOffset) => this.#readKeys!.headerMask(buffer, sampleOffset),
    };
    this.#prepare();
  }

  /** A datagram arrived, whose packets are opened next. */
  onDatagram(now: number): void {
    this.#receivedAt = now;
  }

  /** Old read keys are kept for so many milliseconds, and our updates are as far apart. */
  retainFor(milliseconds: number): void {
    this.#retention = milliseconds;
  }

  /** The peer's secret, if it was not known at first. */
  installReader(secret: Uint8Array): void {
    this.#readKeys = this.#makeKeys(secret);
    this.#prepare();
  }

  /** The Key Phase bit of packets sealed now. */
  get phase(): number {
    return this.#generation & 1;
  }

  /** How many key updates there have been. */
  get generation(): number {
    return this.#generation;
  }

  /** How many packets failed to open so far. */
  get failed(): number {
    return this.#failed;
  }

  /** Seals a packet with the newest keys; see `PacketSealer.seal`. */
  seal(
    buffer: Uint8Array,
    headerStart: number,
    payloadStart: number,
    payloadEnd: number,
    pathId: number,
    packetNumber: number,
  ): number {
    if (this.#sealed >= this.#confidentialityLimit) throw limitReached("sealed with one key");
    if (++this.#sealed >= this.#updateAfter) this.#isUpdateWanted = true;
    if (this.#nextWriteKeys === undefined) this.#prepare();
    if (this.#isPhaseOpened) this.#isPhaseAnswered = true;
    const path = this.#pathPhase(pathId);
    if (path.firstSealed === Infinity) path.firstSealed = packetNumber;
    return this.#writeKeys.seal(
      buffer,
      headerStart,
      payloadStart,
      payloadEnd,
      pathId,
      packetNumber,
    );
  }

  /** The mask for the header of a packet to be sent. */
  headerMask(buffer: Uint8Array, sampleOffset: number): Uint8Array {
    return this.#writeKeys.headerMask(buffer, sampleOffset);
  }

  /** Counts a packet of another level that failed to open: the limit is the connection's. */
  countFailure(): void {
    this.#failed++;
    // RFC 9001, Section 6.6: over all keys, and so over all paths.
    if (this.#failed > this.#integrityLimit) throw limitReached("refused");
  }

  /** From now on this side may update keys (RFC 9001, Section 6.1). */
  confirmHandshake(): void {
    this.#isHandshakeConfirmed = true;
  }

  /** Asks for a key update as soon as one is allowed. */
  requestUpdate(): void {
    this.#isUpdateWanted = true;
  }

  /** Whether this side may update its keys now. */
  canUpdate(now: number): boolean {
    if (!this.#isHandshakeConfirmed || this.#ackedAt === Infinity) return false;
    // MPQUIC, Section 2.5: three times the largest PTO after the last update was confirmed.
    return this.#generation === 0 || now >= this.#ackedAt + this.#retention;
  }

  /**
   * Updates the keys if an update is wanted and allowed; returns whether it did.
   *
   * Throws AEAD_LIMIT_REACHED when the keys are all but used up and cannot be updated; the
   * CONNECTION_CLOSE that follows can still be sealed.
   */
  updateIfDue(now: number): boolean {
    if (!this.#isUpdateWanted) return false;
    if (this.canUpdate(now)) {
      this.#advance();
      this.#prepare();
      return true;
    }
    if (this.#sealed >= this.#confidentialityLimit - RESERVE) {
      throw limitReached("sealed with one key");
    }
    return false;
  }

  /**
   * Takes note that the peer acknowledged packet `number` of a path.
   *
   * Call it for the largest number of an acknowledgment, once that is known to have been sent.
   */
  onAcked(pathId: number, number: number, now: number): void {
    const isConfirmed = this.#ackedAt !== Infinity;
    if (isConfirmed && this.#lastOpened === this.#generation) return;
    const path = this.#paths.get(pathId);
    if (!path || path.generation !== this.#generation || number < path.firstSealed) return;
    // RFC 9001, Section 6.2: a peer that has seen the new keys may not answer with the old ones.
    if (this.#lastOpened < this.#generation) {
      throw updateError("new keys were acknowledged under old ones");
    }
    this.#ackedAt = now;
  }

  /** Drops old read keys that have expired. */
  expire(now: number): void {
    if (this.deadline > now) return;
    this.deadline = Infinity;
    this.#previousReadKeys = undefined;
  }

  /** The keys of all generations are not needed any more. */
  release(): void {
    this.#readKeys?.release();
    this.#writeKeys.release();
    this.#previousReadKeys?.release();
    this.#nextReadKeys?.release();
    this.#nextWriteKeys?.release();
  }

  /** Forgets a path that was abandoned and will not be used again. */
  forgetPath(pathId: number): void {
    this.#paths.delete(pathId);
  }

  /**
   * Opens a packet; the Key Phase bit is read from its first byte.
   *
   * Throws KEY_UPDATE_ERROR when the peer breaks the rules of key updates, AEAD_LIMIT_REACHED
   * when too many packets failed.
   */
  #open(
    buffer: Uint8Array,
    headerStart: number,
    payloadStart: number,
    end: number,
    pathId: number,
    packetNumber: number,
    out: Uint8Array,
  ): number {
    if (this.deadline <= this.#receivedAt) this.expire(this.#receivedAt);
    const phase = (buffer[headerStart]! >>> 2) & 1;
    const generation = this.#generationOf(pathId, packetNumber, phase);
    const keys = this.#keysOf(generation);
    const length = keys.open(buffer, headerStart, payloadStart, end, pathId, packetNumber, out);
    if (length < 0) {
      // RFC 9001, Section 5.5: what only seems to update keys is dropped like any other.
      this.countFailure();
      return -1;
    }
    if (generation > this.#generation) this.#onPeerUpdate(pathId, packetNumber);
    this.#onOpened(generation, pathId, packetNumber);
    return length;
  }

  /**
   * Which generation of keys a packet claims.
   *
   * The bit tells current keys from others. RFC 9001, Section 6.5: others are the previous ones
   * for a number below all those of the current phase. Numbers of different paths cannot be
   * compared, so a path that has shown nothing of the current phase counts as late.
   */
  #generationOf(pathId: number, packetNumber: number, phase: number): number {
    if (phase === this.phase) return this.#generation;
    if (this.#previousReadKeys === undefined) return this.#generation + 1;
    const path = this.#paths.get(pathId);
    const isLate = path === undefined || path.generation !== this.#generation ||
      packetNumber < path.lowest;
    return isLate ? this.#generation - 1 : this.#generation + 1;
  }

  #keysOf(generation: number): PacketKeys {
    if (generation === this.#generation) return this.#readKeys!;
    if (generation < this.#generation) return this.#previousReadKeys!;
    // Missing only if the peer updates twice before anything was sealed in between.
    if (this.#nextReadKeys === undefined) this.#prepare();
    return this.#nextReadKeys!;
  }

  /** The peer has updated its keys: follow, if it was allowed to. */
  #onPeerUpdate(pathId: number, packetNumber: number): void {
    // RFC 9001, Section 6.2: nothing was sealed since the last update could be acknowledged.
    if (!this.#isPhaseAnswered) throw updateError("the last update is not confirmed yet");
    const path = this.#pathPhase(pathId);
    if (packetNumber < path.highest) throw updateError("old keys were used after new ones");
    this.#advance();
  }

  #onOpened(generation: number, pathId: number, packetNumber: number): void {
    this.#lastOpened = generation;
    const path = this.#pathPhase(pathId);
    if (generation < this.#generation) {
      if (packetNumber > path.highestBefore) path.highestBefore = packetNumber;
      return;
    }
    // RFC 9001, Section 6.4: keys never get older as numbers grow.
    if (packetNumber < path.highestBefore) throw updateError("old keys were used after new ones");
    if (packetNumber < path.lowest) path.lowest = packetNumber;
    if (packetNumber > path.highest) path.highest = packetNumber;
    if (this.#isPhaseOpened) return;
    this.#isPhaseOpened = true;
    // RFC 9001, Section 6.5: from the first packet under the new keys on.
    this.deadline = this.#receivedAt + this.#retention;
  }

  /** Moves both directions one generation on; the keys for it were made before. */
  #advance(): void {
    this.#previousReadKeys = this.#readKeys;
    this.#readKeys = this.#nextReadKeys!;
    this.#writeKeys = this.#nextWriteKeys!;
    this.#nextReadKeys = undefined;
    this.#nextWriteKeys = undefined;
    this.#generation++;
    this.#sealed = 0;
    this.#isUpdateWanted = false;
    this.#isPhaseOpened = false;
    this.#isPhaseAnswered = false;
    this.#ackedAt = Infinity;
    this.deadline = Infinity;
  }

  /** Makes the keys of the next generation, as far as they are not there. */
  #prepare(): void {
    this.#nextReadKeys ??= this.#readKeys?.next();
    this.#nextWriteKeys ??= this.#writeKeys.next();
  }

  /** The notes on a path, brought to the current generation. */
  #pathPhase(pathId: number): PathPhase {
    let path = this.#paths.get(pathId);
    if (path === undefined) {
      path = new PathPhase();
      path.generation = this.#generation;
      this.#paths.set(pathId, path);
    } else {
      path.catchUp(this.#generation);
    }
    return path;
  }
}

function updateError(reason: string): TransportError {
  return new TransportError(ErrorCode.KeyUpdateError, `Cannot follow a key update: ${reason}`);
}

function limitReached(what: string): TransportError {
  return new TransportError(
    ErrorCode.AeadLimitReached,
    `Cannot protect more packets: too many were ${what}`,
  );
}
