// Keys for signatures in the memory of OpenSSL's libcrypto.

import type { KeyObject } from "node:crypto";
import type { Libc, Place } from "./libc.ts";
import { Slab } from "./slab.ts";
import type { Handle } from "./libcrypto.ts";

/** So many keys are kept; a server has one or two, a client one for each server of late. */
const MAX_KEYS = 64;
/** Bytes of a key in DER: an RSA key of 8,192 bits has 4,700. */
const MAX_DER = 8_192;

const POINTER = 0;
const DER = 8;
const NOTHING = 0n;

const SYMBOLS = {
  d2i_AutoPrivateKey: { parameters: ["usize", "usize", "usize"], result: "usize" },
  d2i_PUBKEY: { parameters: ["usize", "usize", "usize"], result: "usize" },
  EVP_PKEY_free: { parameters: ["usize"], result: "void" },
  ERR_clear_error: { parameters: [], result: "void" },
} as const;

/** A key in libcrypto's memory; nothing if libcrypto cannot read it, or has given it up. */
interface Kept {
  handle: Handle;
}

/**
 * The keys that libcrypto has read, which takes longer than to verify with them. The one used longest
 * ago gives way to a new one, and each is freed when the key it was read from is collected.
 */
export class LibcryptoKeys {
  readonly #calls: Deno.StaticForeignLibraryInterface<typeof SYMBOLS>;
  readonly #slab: Slab;
  readonly #der: Place;
  readonly #pointer: Place;
  readonly #most: number;
  readonly #byKey = new WeakMap<KeyObject, Kept>();
  /** Those that are kept, the one used last at the end. */
  readonly #kept = new Set<Kept>();
  readonly #collected = new FinalizationRegistry<Kept>((kept) => this.#free(kept));

  /**
   * @param path Where libcrypto lies.
   * @throws {Error} If it is another release without these calls.
   */
  constructor(libc: Libc, path: string, most: number = MAX_KEYS) {
    this.#calls = Deno.dlopen(path, SYMBOLS).symbols;
    this.#slab = new Slab(libc, DER + MAX_DER);
    this.#pointer = this.#slab.place(POINTER, DER);
    this.#der = this.#slab.place(DER, MAX_DER);
    this.#most = most;
  }

  /** How many are kept. */
  get count(): number {
    return this.#kept.size;
  }

  /** The key for libcrypto, good until another one is asked for; undefined if it cannot be read. */
  handleOf(key: KeyObject): Handle | undefined {
    let kept = this.#byKey.get(key);
    if (kept === undefined) {
      kept = { handle: NOTHING };
      this.#byKey.set(key, kept);
      this.#collected.register(key, kept);
      this.#read(key, kept);
    } else if (!this.#kept.delete(kept)) {
      this.#read(key, kept);
    }
    if (kept.handle === NOTHING) return undefined;
    this.#kept.add(kept);
    for (const oldest of this.#kept) {
      if (this.#kept.size <= this.#most) break;
      this.#free(oldest);
    }
    return kept.handle;
  }

  #read(key: KeyObject, kept: Kept): void {
    const isPrivate = key.type === "private";
    const der = key.export({ format: "der", type: isPrivate ? "pkcs8" : "spki" });
    if (der.length > MAX_DER) return;
    const { bytes } = this.#slab;
    bytes.set(der, DER);
    // The call moves the pointer on.
    this.#slab.putPlace(POINTER, this.#der);
    const read = isPrivate ? this.#calls.d2i_AutoPrivateKey : this.#calls.d2i_PUBKEY;
    kept.handle = read(NOTHING, this.#pointer, BigInt(der.length));
    bytes.fill(0, DER, DER + der.length);
    if (isPrivate) der.fill(0);
    if (kept.handle === NOTHING) this.#calls.ERR_clear_error();
  }

  #free(kept: Kept): void {
    this.#kept.delete(kept);
    if (kept.handle === NOTHING) return;
    this.#calls.EVP_PKEY_free(kept.handle);
    kept.handle = NOTHING;
  }
}
