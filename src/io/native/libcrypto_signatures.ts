// Signatures by OpenSSL's libcrypto.

import { constants, createPublicKey, type KeyObject, verify } from "node:crypto";
import { faultOfVerifying } from "../../crypto/signature_proof.ts";
import type { SignatureEngine, SignatureMethod } from "../../crypto/signature_engine.ts";
import type { Libc, Place } from "./libc.ts";
import { Slab } from "./slab.ts";
import type { Handle } from "./libcrypto.ts";
import { LibcryptoKeys } from "./libcrypto_keys.ts";

/** Bytes of what is signed: that of a handshake has 146 at most. */
const MAX_CONTENT = 256;
/** Bytes of a signature: an RSA key of 8,192 bits makes them as long as itself. */
const MAX_SIGNATURE = 1_024;

// Where things lie in the memory that libcrypto reads and writes.
const CONTEXT = 0;
const LENGTH = 8;
const CONTENT = 64;
const SIGNATURE = CONTENT + MAX_CONTENT;
const SIZE = SIGNATURE + MAX_SIGNATURE;

/** OpenSSL, rsa.h. */
const PSS_PADDING = 6;

const NOTHING = 0n;

const SYMBOLS = {
  EVP_MD_fetch: { parameters: ["usize", "buffer", "usize"], result: "usize" },
  EVP_MD_CTX_new: { parameters: [], result: "usize" },
  EVP_MD_CTX_reset: { parameters: ["usize"], result: "i32" },
  EVP_DigestSignInit: {
    parameters: ["usize", "usize", "usize", "usize", "usize"],
    result: "i32",
  },
  EVP_DigestSign: { parameters: ["usize", "usize", "usize", "usize", "usize"], result: "i32" },
  EVP_DigestVerifyInit: {
    parameters: ["usize", "usize", "usize", "usize", "usize"],
    result: "i32",
  },
  EVP_DigestVerify: { parameters: ["usize", "usize", "usize", "usize", "usize"], result: "i32" },
  EVP_PKEY_CTX_set_rsa_padding: { parameters: ["usize", "i32"], result: "i32" },
  EVP_PKEY_CTX_set_rsa_pss_saltlen: { parameters: ["usize", "i32"], result: "i32" },
  ERR_clear_error: { parameters: [], result: "void" },
} as const;

/**
 * Signs and verifies by libcrypto: with a key on P-256 in 30 and 85 µs, where the runtime takes 630.
 *
 * Verifying is proved once for each type of key. A private key is used from its second signature on:
 * the first one is verified by the runtime.
 */
export class LibcryptoSignatures implements SignatureEngine {
  readonly #calls: Deno.StaticForeignLibraryInterface<typeof SYMBOLS>;
  readonly #keys: LibcryptoKeys;
  readonly #slab: Slab;
  readonly #context: Handle;
  readonly #contextSlot: Place;
  readonly #length: Place;
  readonly #content: Place;
  readonly #signature: Place;
  /** Hashes by name; 0 for those that are missing. */
  readonly #hashes = new Map<string, Handle>();
  readonly #isProved = new Map<string, boolean>();
  /** Whether libcrypto's first signature with a key was right. */
  readonly #signsWell = new WeakMap<KeyObject, boolean>();

  private constructor(libc: Libc, path: string) {
    this.#calls = Deno.dlopen(path, SYMBOLS).symbols;
    this.#keys = new LibcryptoKeys(libc, path);
    const slab = this.#slab = new Slab(libc, SIZE);
    this.#contextSlot = slab.place(CONTEXT, 8);
    this.#length = slab.place(LENGTH, 8);
    this.#content = slab.place(CONTENT, MAX_CONTENT);
    this.#signature = slab.place(SIGNATURE, MAX_SIGNATURE);
    this.#context = this.#calls.EVP_MD_CTX_new();
    if (this.#context === NOTHING) throw new Error("Cannot sign: libcrypto has no memory");
  }

  /** Opens the library at a path; nothing if it lacks these calls. */
  static open(libc: Libc, path: string): LibcryptoSignatures | undefined {
    try {
      return new LibcryptoSignatures(libc, path);
    } catch {
      return undefined;
    }
  }

  /** How many keys libcrypto keeps. */
  get keys(): number {
    return this.#keys.count;
  }

  sign(key: KeyObject, method: SignatureMethod, content: Uint8Array): Uint8Array | undefined {
    if (content.length > MAX_CONTENT || this.#signsWell.get(key) === false) return undefined;
    const signature = this.#sign(key, method, content);
    if (!this.#signsWell.has(key)) {
      this.#signsWell.set(key, signature !== undefined && isRight(key, method, content, signature));
      return undefined;
    }
    return signature;
  }

  verify(
    key: KeyObject,
    method: SignatureMethod,
    content: Uint8Array,
    signature: Uint8Array,
  ): boolean | undefined {
    if (!this.#prove(method.keyType)) return undefined;
    return this.#verify(key, method, content, signature);
  }

  #prove(keyType: string): boolean {
    let isProved = this.#isProved.get(keyType);
    if (isProved === undefined) {
      const raw: SignatureEngine = {
        sign: () => undefined,
        verify: (...all) => this.#verify(...all),
      };
      isProved = faultOfVerifying(raw, keyType) === undefined;
      this.#isProved.set(keyType, isProved);
    }
    return isProved;
  }

  #sign(key: KeyObject, method: SignatureMethod, content: Uint8Array): Uint8Array | undefined {
    const handle = this.#keys.handleOf(key);
    if (handle === undefined) return undefined;
    const { bytes, words } = this.#slab;
    bytes.set(content, CONTENT);
    words[LENGTH >>> 2] = MAX_SIGNATURE;
    words[(LENGTH >>> 2) + 1] = 0;
    const isSigned = this.#begin(this.#calls.EVP_DigestSignInit, handle, method) &&
      this.#calls.EVP_DigestSign(
          this.#context,
          this.#signature,
          this.#length,
          this.#content,
          BigInt(content.length),
        ) === 1;
    this.#end(isSigned);
    const length = words[LENGTH >>> 2]!;
    if (!isSigned || length > MAX_SIGNATURE) return undefined;
    return bytes.slice(SIGNATURE, SIGNATURE + length);
  }

  #verify(
    key: KeyObject,
    method: SignatureMethod,
    content: Uint8Array,
    signature: Uint8Array,
  ): boolean | undefined {
    if (content.length > MAX_CONTENT) return undefined;
    // No key that is kept makes signatures as long as that.
    if (signature.length > MAX_SIGNATURE) return false;
    const handle = this.#keys.handleOf(key);
    if (handle === undefined) return undefined;
    const { bytes } = this.#slab;
    bytes.set(content, CONTENT);
    bytes.set(signature, SIGNATURE);
    if (!this.#begin(this.#calls.EVP_DigestVerifyInit, handle, method)) {
      this.#end(false);
      return undefined;
    }
    const isRight = this.#calls.EVP_DigestVerify(
      this.#context,
      this.#signature,
      BigInt(signature.length),
      this.#content,
      BigInt(content.length),
    ) === 1;
    this.#end(isRight);
    return isRight;
  }

  /** Makes the context ready; says whether it is. */
  #begin(
    init: (...all: [Handle, bigint, Handle, bigint, Handle]) => number,
    key: Handle,
    { hash, saltLength }: SignatureMethod,
  ): boolean {
    const digest = hash === null ? NOTHING : this.#hash(hash);
    if (hash !== null && digest === NOTHING) return false;
    if (init(this.#context, this.#contextSlot, digest, NOTHING, key) !== 1) return false;
    if (saltLength === undefined) return true;
    const context = this.#slab.longAt(CONTEXT);
    return this.#calls.EVP_PKEY_CTX_set_rsa_padding(context, PSS_PADDING) === 1 &&
      this.#calls.EVP_PKEY_CTX_set_rsa_pss_saltlen(context, saltLength) === 1;
  }

  /** What failed leaves notes behind, and the context what it knows of the key. */
  #end(isRight: boolean): void {
    this.#calls.EVP_MD_CTX_reset(this.#context);
    if (!isRight) this.#calls.ERR_clear_error();
  }

  #hash(name: string): Handle {
    let handle = this.#hashes.get(name);
    if (handle === undefined) {
      const text = new TextEncoder().encode(`${name}\0`);
      handle = this.#calls.EVP_MD_fetch(NOTHING, text, NOTHING);
      this.#hashes.set(name, handle);
    }
    return handle;
  }
}

/** Whether the runtime takes a signature as one of a private key. */
function isRight(
  key: KeyObject,
  { hash, saltLength }: SignatureMethod,
  content: Uint8Array,
  signature: Uint8Array,
): boolean {
  const publicKey = createPublicKey(key);
  const padding = constants.RSA_PKCS1_PSS_PADDING;
  return verify(
    hash,
    content,
    saltLength === undefined ? publicKey : { key: publicKey, padding, saltLength },
    signature,
  );
}
