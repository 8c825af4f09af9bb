// OpenSSL's libcrypto, called in place: authenticated encryption in memory of its own.

import { MASK_LENGTH, SAMPLE_LENGTH, TAG_LENGTH } from "../../crypto/aead.ts";
import { type Libc, libc, type Place } from "./libc.ts";
import { Slab } from "./slab.ts";

/** Names that OpenSSL has for the ciphers of QUIC. */
export type CipherName =
  | "AES-128-GCM"
  | "AES-256-GCM"
  | "ChaCha20-Poly1305"
  | "AES-128-ECB"
  | "AES-256-ECB";

/** The address of something that libcrypto made; 0 for nothing. */
export type Handle = bigint;

/** A library that may be missing, by its absolute path: a bare name would be sought anywhere. */
const FOLDERS: readonly string[] = [
  "/usr/lib/x86_64-linux-gnu",
  "/usr/lib/aarch64-linux-gnu",
  "/usr/lib64",
  "/usr/lib",
  "/lib/x86_64-linux-gnu",
  "/lib/aarch64-linux-gnu",
  "/lib64",
];

/** No text and no header is longer: the length of UDP has 16 bits (RFC 768). */
const MAX_BYTES = 65_535;

/** Bytes of a buffer that is copied as a whole: slots of sockets have so many. */
const LONGEST_COPY = 2_048;

// Where things lie in the memory that libcrypto reads and writes.
const NONCE = 0;
const TAG = 16;
const WRITTEN = 32;
const KEY = 64;
const AD = 128;
const INPUT = 0x1_0100;
const OUTPUT = 0x2_0200;
const SIZE = 0x3_0400;

/** OpenSSL, evp.h: the controls that read and set the tag of an AEAD. */
const GET_TAG = 0x10;
const SET_TAG = 0x11;

const NOTHING = 0n;

const SYMBOLS = {
  EVP_CIPHER_fetch: { parameters: ["usize", "buffer", "usize"], result: "usize" },
  EVP_CIPHER_CTX_new: { parameters: [], result: "usize" },
  EVP_CIPHER_CTX_reset: { parameters: ["usize"], result: "i32" },
  EVP_CIPHER_CTX_ctrl: { parameters: ["usize", "i32", "i32", "usize"], result: "i32" },
  EVP_CipherInit_ex: {
    parameters: ["usize", "usize", "usize", "usize", "usize", "i32"],
    result: "i32",
  },
  EVP_CipherUpdate: { parameters: ["usize", "usize", "usize", "usize", "i32"], result: "i32" },
  EVP_CipherFinal_ex: { parameters: ["usize", "usize", "usize"], result: "i32" },
  ERR_clear_error: { parameters: [], result: "void" },
} as const;

/**
 * The library with the memory that it works in. All addresses are made once and point to fixed
 * places; what a peer decides are lengths, and these are checked against the places.
 *
 * One instance serves a process: a call leaves nothing in the memory that the next one needs.
 */
export class Libcrypto {
  /** Where it was found. */
  readonly path: string;
  readonly #calls: Deno.StaticForeignLibraryInterface<typeof SYMBOLS>;
  /** As long as this is reachable, the addresses are good: array buffers do not move. */
  readonly #memory: Uint8Array<ArrayBuffer>;
  /** Found once, and kept: a cipher is a description without a key. */
  readonly #ciphers = new Map<CipherName, Handle>();
  readonly #nonce: Place;
  readonly #tag: Place;
  readonly #written: Place;
  readonly #key: Place;
  readonly #ad: Place;
  readonly #input: Place;
  readonly #output: Place;
  #lastOutput: Uint8Array;

  private constructor(libc: Libc, path: string) {
    this.path = path;
    this.#calls = Deno.dlopen(path, SYMBOLS).symbols;
    const slab = new Slab(libc, SIZE);
    this.#memory = slab.bytes;
    this.#nonce = slab.place(NONCE, TAG - NONCE);
    this.#tag = slab.place(TAG, WRITTEN - TAG);
    this.#written = slab.place(WRITTEN, KEY - WRITTEN);
    this.#key = slab.place(KEY, AD - KEY);
    this.#ad = slab.place(AD, INPUT - AD);
    this.#input = slab.place(INPUT, OUTPUT - INPUT);
    this.#output = slab.place(OUTPUT, SIZE - OUTPUT);
    this.#lastOutput = this.#memory.subarray(OUTPUT, OUTPUT);
  }

  /** Opens the library where it usually lies, if it may be opened. Never prompts. */
  static open(): Libcrypto | undefined {
    if (typeof libc === "string") return undefined;
    for (const folder of FOLDERS) {
      const path = `${folder}/libcrypto.so.3`;
      if (Deno.permissions.querySync({ name: "ffi", path }).state !== "granted") continue;
      try {
        return new Libcrypto(libc, path);
      } catch {
        // It is not there, or another release without these calls.
      }
    }
    return undefined;
  }

  /** Finds a cipher; some providers lack some. */
  cipher(name: CipherName): Handle | undefined {
    let cipher = this.#ciphers.get(name);
    if (cipher === undefined) {
      cipher = this.#calls.EVP_CIPHER_fetch(NOTHING, new TextEncoder().encode(`${name}\0`), 0n);
      if (cipher === NOTHING) this.#calls.ERR_clear_error();
      this.#ciphers.set(name, cipher);
    }
    return cipher === NOTHING ? undefined : cipher;
  }

  /** Makes room for a key in use. */
  newContext(): Handle {
    const context = this.#calls.EVP_CIPHER_CTX_new();
    if (context === NOTHING) throw new Error("Cannot encrypt: libcrypto has no memory");
    return context;
  }

  /** Overwrites the key in a context, which may then get another. */
  forget(context: Handle): void {
    this.#calls.EVP_CIPHER_CTX_reset(context);
  }

  /** Puts a key of at most 32 bytes into a context. */
  setKey(context: Handle, cipher: Handle, key: Uint8Array): void {
    this.#memory.set(key, KEY);
    const isSet = this.#calls.EVP_CipherInit_ex(context, cipher, NOTHING, this.#key, NOTHING, 1);
    this.#memory.fill(0, KEY, KEY + key.length);
    if (isSet !== 1) throw new Error("Cannot encrypt: libcrypto refuses the key");
  }

  /** Seals `textStart` to before `textEnd` in place, with the tag behind; see `Aead.seal`. */
  seal(
    context: Handle,
    nonce: Uint8Array,
    buffer: Uint8Array,
    adStart: number,
    textStart: number,
    textEnd: number,
  ): void {
    const length = textEnd - textStart;
    if (length > MAX_BYTES || textStart - adStart > MAX_BYTES) {
      throw new RangeError("Cannot encrypt: the text is too long");
    }
    this.#begin(context, nonce, buffer, adStart, textStart, textEnd, 1);
    this.#calls.EVP_CipherFinal_ex(context, this.#output, this.#written);
    this.#calls.EVP_CIPHER_CTX_ctrl(context, GET_TAG, TAG_LENGTH, this.#tag);
    const memory = this.#memory;
    if (length > 0) buffer.set(this.#outputOf(length), textStart);
    for (let i = 0; i < TAG_LENGTH; i++) buffer[textEnd + i] = memory[TAG + i]!;
  }

  /** Opens `textStart` to before `end`, the tag included, into `out`; see `Aead.open`. */
  open(
    context: Handle,
    nonce: Uint8Array,
    buffer: Uint8Array,
    adStart: number,
    textStart: number,
    end: number,
    out: Uint8Array,
  ): number {
    const tagStart = end - TAG_LENGTH;
    const length = tagStart - textStart;
    if (length < 0 || length > MAX_BYTES || textStart - adStart > MAX_BYTES) return -1;
    if (out.length < length) throw new RangeError("Cannot open: the plaintext does not fit");
    this.#begin(context, nonce, buffer, adStart, textStart, tagStart, 0);
    const memory = this.#memory;
    for (let i = 0; i < TAG_LENGTH; i++) memory[TAG + i] = buffer[tagStart + i]!;
    this.#calls.EVP_CIPHER_CTX_ctrl(context, SET_TAG, TAG_LENGTH, this.#tag);
    if (this.#calls.EVP_CipherFinal_ex(context, this.#output, this.#written) !== 1) return -1;
    // Only now is the text known to be genuine.
    if (length > 0) out.set(this.#outputOf(length));
    return length;
  }

  /** Encrypts the sample at `sampleOffset` as one block of AES, the context's cipher. */
  mask(context: Handle, buffer: Uint8Array, sampleOffset: number, out: Uint8Array): void {
    const memory = this.#memory;
    for (let i = 0; i < SAMPLE_LENGTH; i++) memory[INPUT + i] = buffer[sampleOffset + i]!;
    const calls = this.#calls;
    calls.EVP_CipherUpdate(context, this.#output, this.#written, this.#input, SAMPLE_LENGTH);
    for (let i = 0; i < MASK_LENGTH; i++) out[i] = memory[OUTPUT + i]!;
  }

  /** What a cipher has written; most packets have the length of the one before. */
  #outputOf(length: number): Uint8Array {
    if (this.#lastOutput.length !== length) {
      this.#lastOutput = this.#memory.subarray(OUTPUT, OUTPUT + length);
    }
    return this.#lastOutput;
  }

  /** Nonce, associated data and text go through the cipher; the tag is still to come. */
  #begin(
    context: Handle,
    nonce: Uint8Array,
    buffer: Uint8Array,
    adStart: number,
    textStart: number,
    textEnd: number,
    isSealing: 0 | 1,
  ): void {
    const memory = this.#memory;
    const calls = this.#calls;
    const adLength = textStart - adStart;
    const length = textEnd - textStart;
    if (length > 0) this.#putText(buffer, adLength, textStart, textEnd);
    for (let i = 0; i < nonce.length; i++) memory[NONCE + i] = nonce[i]!;
    // A header is short: a loop takes less than a view of it.
    for (let i = 0; i < adLength; i++) memory[AD + i] = buffer[adStart + i]!;
    calls.EVP_CipherInit_ex(context, NOTHING, NOTHING, NOTHING, this.#nonce, isSealing);
    if (adLength > 0) {
      calls.EVP_CipherUpdate(context, NOTHING, this.#written, this.#ad, adLength);
    }
    if (length === 0) return;
    calls.EVP_CipherUpdate(context, this.#output, this.#written, this.#input, length);
  }

  /**
   * Copies the text to where the cipher reads it. A buffer that is little longer is copied as a
   * whole, what is before the text into the end of the place of the associated data: that takes less
   * than a view of the text.
   */
  #putText(buffer: Uint8Array, adLength: number, textStart: number, textEnd: number): void {
    const isShort = buffer.length <= LONGEST_COPY && adLength + textStart <= INPUT - AD;
    if (isShort) this.#memory.set(buffer, INPUT - textStart);
    else this.#memory.set(buffer.subarray(textStart, textEnd), INPUT);
  }
}
