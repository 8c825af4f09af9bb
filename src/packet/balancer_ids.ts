// The layout of connection IDs behind a balancer that reads them.

import { concatBytes, equalBytes } from "../bytes/bytes.ts";
import { hmac } from "../crypto/hkdf.ts";
import type { Random } from "../crypto/random.ts";
import { BalancerCode, type BalancerConfiguration } from "./balancer_code.ts";
import type { IdLayout } from "./id_layout.ts";
import { firstBits, workerAt, type WorkerPlace } from "./worker_ids.ts";
import { MAX_WORKERS } from "./worker_mask.ts";

/** The code point of IDs that no balancer can read; their other bits tell their length. */
const UNROUTABLE = 0b111 << 5;

/** One configuration, and what its IDs are made from. */
interface Entry {
  readonly code: BalancerCode;
  /** Where the nonces begin, and the next one: the counter of an encrypted ID. */
  first: Uint8Array | undefined;
  next: Uint8Array;
  isUsedUp: boolean;
  /**
   * What reset tokens depend on, beside the worker that an ID names: with another key or name they
   * are others for the same ID.
   */
  readonly owner: Uint8Array;
}

/**
 * The layout of connection IDs behind a balancer that reads them (QUIC-LB). New IDs are of the first
 * configuration; those of the others are known, so that configurations can change one by one.
 *
 * Encrypted IDs count from a random start: none is made twice, and the cipher makes them look
 * random. Those in plain text are random behind the name of the server.
 */
export class BalancerIds implements IdLayout {
  readonly length: number;
  readonly #place: WorkerPlace | undefined;
  #entries: readonly Entry[];

  /**
   * @param configurations The first is that of new IDs. All have IDs of one length.
   * @param place The worker, if several share the name of the server.
   */
  constructor(configurations: readonly BalancerConfiguration[], place?: WorkerPlace) {
    this.#place = place;
    this.#entries = configurations.map(entryOf);
    this.length = this.#entries[0]!.code.length;
  }

  /**
   * Takes other configurations: new IDs are of the first from now on, and those of the others are
   * known. A configuration that stays goes on counting.
   *
   * @param configurations Of the same length as those before.
   */
  replace(configurations: readonly BalancerConfiguration[]): void {
    const before = this.#entries;
    this.#entries = configurations.map((configuration) => {
      const next = entryOf(configuration);
      return before.find(({ owner }) => equalBytes(owner, next.owner)) ?? next;
    });
  }

  make(random: Random): Uint8Array {
    const entry = this.#entries[0]!;
    const nonce = this.#nonce(entry, random);
    if (nonce === undefined) return this.#makeUnroutable(random);
    const id = entry.code.write(nonce);
    id[0]! |= this.#place ? firstBits(this.#place, id, 0) : random.below(MAX_WORKERS);
    return id;
  }

  isOurs(datagram: Uint8Array, offset: number): boolean {
    return this.#workerIn(datagram, offset) === (this.#place?.number ?? 0);
  }

  otherWorker(datagram: Uint8Array, offset: number): number {
    // A server without workers owns all that names it.
    if (this.#place === undefined) return -1;
    const worker = this.#workerIn(datagram, offset);
    return worker === this.#place.number ? -1 : worker;
  }

  ownerOf(id: Uint8Array): Uint8Array {
    const number = id[0]! >>> 5;
    const entry = this.#entries.find(({ code }) => code.configuration.id === number);
    if (entry === undefined) return Uint8Array.of(number);
    const worker = this.#place === undefined ? 0 : workerAt(this.#place, id, 0);
    return concatBytes(entry.owner, Uint8Array.of(worker));
  }

  /** The worker that an ID of this server names; -1 if the ID is none of this server. */
  #workerIn(bytes: Uint8Array, offset: number): number {
    const place = this.#place;
    for (const { code } of this.#entries) {
      const nonce = code.read(bytes, offset);
      if (nonce === undefined) continue;
      const shown = place === undefined ? 0 : workerAt(place, bytes, offset);
      // Behind the cipher it cannot be guessed.
      return isEncrypted(code) && nonce[0] !== shown ? -1 : shown;
    }
    return -1;
  }

  /** The next nonce; undefined if there is none that was not used. */
  #nonce(entry: Entry, random: Random): Uint8Array | undefined {
    const { code } = entry;
    const { nonceLength } = code.configuration;
    if (!isEncrypted(code)) return random.bytes(nonceLength);
    if (entry.first === undefined) {
      entry.first = random.bytes(nonceLength - 1);
      entry.next = entry.first.slice();
    }
    if (entry.isUsedUp) return undefined;
    const nonce = concatBytes(Uint8Array.of(this.#place?.number ?? 0), entry.next);
    increment(entry.next);
    entry.isUsedUp = equalBytes(entry.next, entry.first);
    return nonce;
  }

  #makeUnroutable(random: Random): Uint8Array {
    const id = random.bytes(this.length);
    id[0] = UNROUTABLE | (this.length - 1);
    return id;
  }
}

function entryOf(configuration: BalancerConfiguration): Entry {
  const { id, key, serverId } = configuration;
  // The key of a configuration may not be told by its tokens.
  const print = key === undefined ? new Uint8Array(0) : hmac("sha256", key, Uint8Array.of(id));
  return {
    code: new BalancerCode(configuration),
    first: undefined,
    next: new Uint8Array(0),
    isUsedUp: false,
    owner: Uint8Array.of(id, serverId.length, ...serverId, ...print),
  };
}

function isEncrypted({ configuration }: BalancerCode): boolean {
  return configuration.key !== undefined;
}

/** Adds one to a number of many bytes, the highest first; after the largest comes zero. */
function increment(bytes: Uint8Array): void {
  for (let i = bytes.length - 1; i >= 0; i--) {
    bytes[i]!++;
    if (bytes[i] !== 0) return;
  }
}
