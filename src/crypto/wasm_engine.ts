import { type Aead, type CryptoEngine, type HeaderMask, TAG_LENGTH } from "./aead.ts";
import * as program from "./chacha_program.ts";
import { CipherSuite } from "./cipher_suite.ts";

/**
 * An engine whose ChaCha20-Poly1305 runs in WebAssembly; the rest is left to `base`.
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
      return base.headerMask(suite, key);
    },
  };
}

/** The program with its memory, shared by all keys: a call fills in what it needs. */
class Machine {
  readonly #program = program.loadChaChaProgram();
  readonly #memory = new Uint8Array(this.#program.memory.buffer);
  readonly #view = new DataView(this.#program.memory.buffer);
  /** The tag computed last. */
  readonly tag = this.#memory.subarray(
    program.TARGET + program.TAG,
    program.TARGET + program.TAG + TAG_LENGTH,
  );

  constructor() {
    this.#memory.set(new TextEncoder().encode("expand 32-byte k"), program.STATE);
  }

  /**
   * Takes the key, the nonce and the text, and makes the key stream's XOR of all of it or of its
   * beginning; with either, the key of the tag is made as well.
   */
  begin(key: Uint8Array, nonce: Uint8Array, text: Uint8Array, isAll: boolean): void {
    if (text.length > program.MAX_TEXT) {
      throw new RangeError("Cannot encrypt: the text is too long");
    }
    this.#memory.set(key, program.STATE + 16);
    this.#memory.set(nonce, program.STATE + 52);
    this.#memory.set(text, program.SOURCE + program.TEXT);
    this.#program.crypt(0, isAll ? program.TEXT + text.length : program.STRIDE);
  }

  /** Makes the rest of the XOR of a text of this length. */
  finish(length: number): void {
    const end = program.TEXT + length;
    if (end > program.STRIDE) this.#program.crypt(program.STRIDE, end);
  }

  /** Computes the tag of associated data and the ciphertext that is at `region`. */
  authenticate(ad: Uint8Array, region: number, length: number): void {
    if (ad.length > program.MAX_TEXT) throw new RangeError("Cannot encrypt: the data are too long");
    this.#memory.set(ad, program.AD);
    const adEnd = this.#padBlock(program.AD + ad.length);
    const start = region + program.TEXT;
    const lengths = this.#padBlock(start + length);
    // RFC 8439, Section 2.8: both lengths, as numbers of 64 bits.
    this.#view.setUint32(lengths, ad.length, true);
    this.#view.setUint32(lengths + 4, 0);
    this.#view.setUint32(lengths + 8, length, true);
    this.#view.setUint32(lengths + 12, 0);
    this.#program.authenticate(adEnd, start, lengths + 16);
  }

  /** What `crypt` made. */
  output(length: number): Uint8Array {
    const start = program.TARGET + program.TEXT;
    return this.#memory.subarray(start, start + length);
  }

  /** Puts zeros from `end` to the next multiple of 16, and returns that. */
  #padBlock(end: number): number {
    const next = (end + 15) & ~15;
    this.#memory.fill(0, end, next);
    return next;
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
    machine.authenticate(buffer.subarray(adStart, textStart), program.TARGET, length);
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
    machine.authenticate(buffer.subarray(adStart, textStart), program.SOURCE, length);
    let difference = 0;
    for (let i = 0; i < TAG_LENGTH; i++) difference |= machine.tag[i]! ^ buffer[tagStart + i]!;
    // Noise is not worth its key stream: strangers may send as much of it as they like.
    if (difference !== 0) return -1;
    machine.finish(length);
    out.set(machine.output(length));
    return length;
  }
}
