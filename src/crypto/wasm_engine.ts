// The engine in WebAssembly.

import {
  type Aead,
  type CryptoEngine,
  type HeaderMask,
  MASK_LENGTH,
  NONCE_LENGTH,
  SAMPLE_LENGTH,
  TAG_LENGTH,
} from "./aead.ts";
import * as program from "./chacha_program.ts";
import { CipherSuite } from "./cipher_suite.ts";

/**
 * An engine whose ChaCha20-Poly1305, with its header masks, runs in WebAssembly; the rest is left to `base`.
 *
 * @throws If the runtime has no WebAssembly with vectors.
 */
export function wasmEngine(base: CryptoEngine): CryptoEngine {
  const machine = new Machine();
  return {
    name: "wasm",
    suites: base.suites,
    aead(suite: CipherSuite, key: Uint8Array): Aead {
      if (suite !== CipherSuite.ChaCha20Poly1305Sha256) return base.aead(suite, key);
      return new WasmChaCha(machine, key);
    },
    headerMask(suite: CipherSuite, key: Uint8Array): HeaderMask {
      if (suite !== CipherSuite.ChaCha20Poly1305Sha256) return base.headerMask(suite, key);
      return new WasmMask(machine, key);
    },
  };
}

/** The program with its memory, shared by all keys: a call fills in what it needs. */
class Machine {
  readonly #program = program.loadChaChaProgram();
  readonly #memory = new Uint8Array(this.#program.memory.buffer);
  readonly #view = new DataView(this.#program.memory.buffer);
  /** The keys that lie in the memory: a connection seals or opens many packets with one. */
  #key: Uint8Array | undefined;
  #maskKey: Uint8Array | undefined;
  /** The tag computed last. */
  readonly tag = this.#memory.subarray(
    program.TARGET + program.TAG,
    program.TARGET + program.TAG + TAG_LENGTH,
  );

  constructor() {
    const constants = new TextEncoder().encode("expand 32-byte k");
    this.#memory.set(constants, program.STATE);
    this.#memory.set(constants, program.MASK_STATE);
  }

  /**
   * Takes the key, the nonce and the text, and makes the key stream's XOR of all of it or of its
   * beginning; with either, the key of the tag is made as well.
   *
   * @param key Never changes.
   */
  begin(key: Uint8Array, nonce: Uint8Array, text: Uint8Array, isAll: boolean): void {
    if (text.length > program.MAX_TEXT) {
      throw new RangeError("Cannot encrypt: the text is too long");
    }
    const memory = this.#memory;
    if (this.#key !== key) {
      memory.set(key, program.STATE + 16);
      this.#key = key;
    }
    for (let i = 0; i < NONCE_LENGTH; i++) memory[program.STATE + 52 + i] = nonce[i]!;
    memory.set(text, program.SOURCE + program.TEXT);
    this.#program.crypt(0, isAll ? program.TEXT + text.length : program.STRIDE);
  }

  /** Makes the rest of the XOR of a text of this length. */
  finish(length: number): void {
    const end = program.TEXT + length;
    if (end > program.STRIDE) this.#program.crypt(program.STRIDE, end);
  }

  /** Computes the tag of `buffer` from `adStart` to `adEnd`, and the ciphertext at `region`. */
  authenticate(
    buffer: Uint8Array,
    adStart: number,
    adEnd: number,
    region: number,
    length: number,
  ): void {
    const adLength = adEnd - adStart;
    if (adLength > program.MAX_TEXT) throw new RangeError("Cannot encrypt: the data are too long");
    const memory = this.#memory;
    // A header is short: a loop takes less than a view of it.
    for (let i = 0; i < adLength; i++) memory[program.AD + i] = buffer[adStart + i]!;
    const paddedAd = this.#padBlock(program.AD + adLength);
    const start = region + program.TEXT;
    const lengths = this.#padBlock(start + length);
    // RFC 8439, Section 2.8: both lengths, as numbers of 64 bits.
    this.#view.setUint32(lengths, adLength, true);
    this.#view.setUint32(lengths + 4, 0);
    this.#view.setUint32(lengths + 8, length, true);
    this.#view.setUint32(lengths + 12, 0);
    this.#program.authenticate(paddedAd, start, lengths + 16);
  }

  /** What `crypt` made. */
  output(length: number): Uint8Array {
    const start = program.TARGET + program.TEXT;
    return this.#memory.subarray(start, start + length);
  }

  /**
   * Writes the mask of the sample at `sampleOffset` into `out`.
   *
   * @param key Never changes.
   */
  mask(key: Uint8Array, buffer: Uint8Array, sampleOffset: number, out: Uint8Array): void {
    const memory = this.#memory;
    if (this.#maskKey !== key) {
      memory.set(key, program.MASK_STATE + 16);
      this.#maskKey = key;
    }
    const sample = program.MASK_STATE + 48;
    for (let i = 0; i < SAMPLE_LENGTH; i++) memory[sample + i] = buffer[sampleOffset + i]!;
    this.#program.mask();
    for (let i = 0; i < MASK_LENGTH; i++) out[i] = memory[program.MASK + i]!;
  }

  /** Puts zeros from `end` to the next multiple of 16, and returns that. */
  #padBlock(end: number): number {
    const next = (end + 15) & ~15;
    for (let i = end; i < next; i++) this.#memory[i] = 0;
    return next;
  }
}

/**
 * RFC 9001, Section 5.4.4: the first four bytes of the sample are the block counter, the rest is
 * the nonce, and the mask is the beginning of that block of key stream.
 */
class WasmMask implements HeaderMask {
  readonly #machine: Machine;
  readonly #key: Uint8Array;

  constructor(machine: Machine, key: Uint8Array) {
    if (key.length !== 32) throw new RangeError("Cannot use a ChaCha20 key that is not 32 bytes");
    this.#machine = machine;
    this.#key = key;
  }

  mask(buffer: Uint8Array, sampleOffset: number, out: Uint8Array): void {
    this.#machine.mask(this.#key, buffer, sampleOffset, out);
  }
}

class WasmChaCha implements Aead {
  readonly #machine: Machine;
  readonly #key: Uint8Array;

  constructor(machine: Machine, key: Uint8Array) {
    if (key.length !== 32) throw new RangeError("Cannot use a ChaCha20 key that is not 32 bytes");
    this.#machine = machine;
    this.#key = key;
  }

  seal(
    nonce: Uint8Array,
    buffer: Uint8Array,
    adStart: number,
    textStart: number,
    textEnd: number,
  ): void {
    const machine = this.#machine;
    const length = textEnd - textStart;
    machine.begin(this.#key, nonce, buffer.subarray(textStart, textEnd), true);
    machine.authenticate(buffer, adStart, textStart, program.TARGET, length);
    buffer.set(machine.output(length), textStart);
    buffer.set(machine.tag, textEnd);
  }

  open(
    nonce: Uint8Array,
    buffer: Uint8Array,
    adStart: number,
    textStart: number,
    end: number,
    out: Uint8Array,
  ): number {
    const machine = this.#machine;
    const tagStart = end - TAG_LENGTH;
    const length = tagStart - textStart;
    if (length < 0 || length > program.MAX_TEXT || textStart - adStart > program.MAX_TEXT) {
      return -1;
    }
    if (out.length < length) throw new RangeError("Cannot open: the plaintext does not fit");
    machine.begin(this.#key, nonce, buffer.subarray(textStart, tagStart), false);
    machine.authenticate(buffer, adStart, textStart, program.SOURCE, length);
    let difference = 0;
    for (let i = 0; i < TAG_LENGTH; i++) difference |= machine.tag[i]! ^ buffer[tagStart + i]!;
    // Noise is not worth its key stream: strangers may send as much of it as they like.
    if (difference !== 0) return -1;
    machine.finish(length);
    out.set(machine.output(length));
    return length;
  }
}
