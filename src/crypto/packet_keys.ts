// The keys that seal and open packets of one encryption level.

import { concatBytes } from "../bytes/bytes.ts";
import {
  type Aead,
  type CryptoEngine,
  type HeaderMask,
  MASK_LENGTH,
  NONCE_LENGTH,
  TAG_LENGTH,
} from "./aead.ts";
import { type SuiteParameters, suiteParameters } from "./cipher_suite.ts";
import { expandLabel, HmacKey } from "./hkdf.ts";
import type { KeyLabels } from "./key_labels.ts";

/** What a packet builder needs of keys: `PacketKeys` and `KeyPhases` offer it. */
export interface PacketSealer {
  /**
   * Seals `payloadStart` to before `payloadEnd` in place; the header from `headerStart` is the
   * associated data. The caller leaves room for a tag. Returns where the sealed packet ends.
   */
  seal(
    buffer: Uint8Array,
    headerStart: number,
    payloadStart: number,
    payloadEnd: number,
    pathId: number,
    packetNumber: number,
  ): number;
  /** The mask of 5 bytes for the sample at `sampleOffset`, valid until any keys are asked again. */
  headerMask(buffer: Uint8Array, sampleOffset: number): Uint8Array;
}

/** What a packet opener needs of keys: `PacketKeys` and `KeyPhases.reader` offer it. */
export interface PacketUnsealer {
  /**
   * Opens `payloadStart` to before `end` (tag included) into `out`; the header from
   * `headerStart`, its protection removed, is the associated data.
   *
   * Returns the plaintext's length, or -1 if the packet is forged; `out` is not touched then.
   */
  open(
    buffer: Uint8Array,
    headerStart: number,
    payloadStart: number,
    end: number,
    pathId: number,
    packetNumber: number,
    out: Uint8Array,
  ): number;
  /** The mask of 5 bytes for the sample at `sampleOffset`, valid until any keys are asked again. */
  headerMask(buffer: Uint8Array, sampleOffset: number): Uint8Array;
}

/** What is derived from a secret for the packets of one direction (RFC 9001, Section 5.1). */
export interface KeyMaterial {
  readonly key: Uint8Array;
  readonly iv: Uint8Array;
  readonly header: HeaderMask;
}

/**
 * Derives it.
 *
 * @param header The header protection of the generation before, when keys are updated.
 */
export function keyMaterial(
  engine: CryptoEngine,
  { suite, hash, keyLength }: SuiteParameters,
  secret: Uint8Array,
  labels: KeyLabels,
  header?: HeaderMask,
): KeyMaterial {
  const expander = new HmacKey(hash, secret);
  const derive = (label: string, length: number) => expander.expandLabel(label, undefined, length);
  return {
    key: derive(labels.key, keyLength),
    iv: derive(labels.iv, NONCE_LENGTH),
    header: header ?? engine.headerMask(suite, derive(labels.hp, keyLength)),
  };
}

/** What is calculated for the packet at hand; views of it are good until the next one. */
const nonce = new Uint8Array(NONCE_LENGTH);
const mask = new Uint8Array(MASK_LENGTH);

/**
 * Keys of one direction at one level: they seal or open packets and mask their headers. A
 * connection has several of them for as long as it lives, and each array of bytes takes half a
 * kilobyte, however short: so there is one, which begins with the IV and goes on with the secret.
 */
export class PacketKeys implements PacketSealer, PacketUnsealer {
  readonly suite: SuiteParameters;
  readonly #engine: CryptoEngine;
  readonly #labels: KeyLabels;
  readonly #ivAndSecret: Uint8Array;
  readonly #aead: Aead;
  readonly #header: HeaderMask;

  /** @param material What is derived from the secret, if it is there already. */
  constructor(
    engine: CryptoEngine,
    suite: number,
    secret: Uint8Array,
    labels: KeyLabels,
    material?: KeyMaterial,
  ) {
    this.suite = suiteParameters(suite);
    this.#engine = engine;
    this.#labels = labels;
    const { key, iv, header } = material ?? keyMaterial(engine, this.suite, secret, labels);
    this.#aead = engine.aead(this.suite.suite, key);
    this.#ivAndSecret = concatBytes(iv, secret);
    this.#header = header;
  }

  seal(
    buffer: Uint8Array,
    headerStart: number,
    payloadStart: number,
    payloadEnd: number,
    pathId: number,
    packetNumber: number,
  ): number {
    writeNonce(this.#ivAndSecret, pathId, packetNumber, nonce);
    this.#aead.seal(nonce, buffer, headerStart, payloadStart, payloadEnd);
    return payloadEnd + TAG_LENGTH;
  }

  open(
    buffer: Uint8Array,
    headerStart: number,
    payloadStart: number,
    end: number,
    pathId: number,
    packetNumber: number,
    out: Uint8Array,
  ): number {
    writeNonce(this.#ivAndSecret, pathId, packetNumber, nonce);
    return this.#aead.open(nonce, buffer, headerStart, payloadStart, end, out);
  }

  headerMask(buffer: Uint8Array, sampleOffset: number): Uint8Array {
    this.#header.mask(buffer, sampleOffset, mask);
    return mask;
  }

  /** The keys are not needed any more; a packet that comes late can still be opened. */
  release(): void {
    this.#aead.release?.();
    this.#header.release?.();
  }

  /** Keys of the next generation; header protection stays (RFC 9001, Section 6.1). */
  next(): PacketKeys {
    const secret = this.#ivAndSecret.subarray(NONCE_LENGTH);
    const next = expandLabel(this.suite.hash, secret, this.#labels.ku);
    const material = keyMaterial(this.#engine, this.suite, next, this.#labels, this.#header);
    return new PacketKeys(this.#engine, this.suite.suite, next, this.#labels, material);
  }
}

/**
 * Writes the nonce of a packet into `out`.
 *
 * MPQUIC, Section 2.4: the path ID takes the first 32 bits and the packet number the last 62. For
 * path 0 that is the nonce of RFC 9001, Section 5.3, which is why one rule serves every level.
 */
export function writeNonce(
  iv: Uint8Array,
  pathId: number,
  packetNumber: number,
  out: Uint8Array,
): void {
  const high = Math.floor(packetNumber / 0x1_0000_0000);
  out[0] = iv[0]! ^ (pathId >>> 24);
  out[1] = iv[1]! ^ (pathId >>> 16);
  out[2] = iv[2]! ^ (pathId >>> 8);
  out[3] = iv[3]! ^ pathId;
  out[4] = iv[4]! ^ (high >>> 24);
  out[5] = iv[5]! ^ (high >>> 16);
  out[6] = iv[6]! ^ (high >>> 8);
  out[7] = iv[7]! ^ high;
  out[8] = iv[8]! ^ (packetNumber >>> 24);
  out[9] = iv[9]! ^ (packetNumber >>> 16);
  out[10] = iv[10]! ^ (packetNumber >>> 8);
  out[11] = iv[11]! ^ packetNumber;
}
