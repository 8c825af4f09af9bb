// Tells the first frame of an Initial packet before the packet is opened.

import { type CryptoEngine, type HeaderMask, MASK_LENGTH, SAMPLE_LENGTH } from "./aead.ts";
import { CipherSuite } from "./cipher_suite.ts";
import { type KeyMaterial, writeNonce } from "./packet_keys.ts";

/**
 * A glance into an Initial packet: the first byte of its payload, which is the type of its first
 * frame, without the rest and without a proof. Of noise, all but one in forty show a frame that no
 * Initial has, for half of what it costs to find the tag wrong.
 */
export class InitialGlance {
  readonly #material: KeyMaterial;
  /** AES itself, as header protection uses it. */
  readonly #block: HeaderMask;

  /** @param material Of the client, or of the server. */
  constructor(engine: CryptoEngine, material: KeyMaterial) {
    this.#material = material;
    this.#block = engine.headerMask(CipherSuite.Aes128GcmSha256, material.key);
  }

  /**
   * The first byte of the payload; the datagram stays as it is.
   *
   * @param first The first byte of the header, still protected.
   * @param numberAt Where the packet number is. A whole sample follows four bytes further on.
   */
  firstByte(datagram: Uint8Array, first: number, numberAt: number): number {
    this.#material.header.mask(datagram, numberAt + 4, mask);
    const size = ((first ^ mask[0]!) & 3) + 1;
    let number = 0;
    for (let i = 0; i < size; i++) number = number * 256 + (datagram[numberAt + i]! ^ mask[1 + i]!);
    // GCM (NIST SP 800-38D): nonce and counter make a block; the first is for the tag.
    writeNonce(this.#material.iv, 0, number, counter);
    counter[SAMPLE_LENGTH - 1] = 2;
    this.#block.mask(counter, 0, mask);
    this.#block.release?.();
    return datagram[numberAt + size]! ^ mask[0]!;
  }
}

const mask = new Uint8Array(MASK_LENGTH);
/** A block of AES: the nonce and a counter of four bytes. */
const counter = new Uint8Array(SAMPLE_LENGTH);
