// The cryptographic engine that OpenSSL's libcrypto makes, where it may be called.

import type { Aead, CryptoEngine, HeaderMask } from "../../crypto/aead.ts";
import { CipherSuite, suiteParameters } from "../../crypto/cipher_suite.ts";
import { headerMaskOf } from "../../crypto/header_masks.ts";
import { monotonicNow } from "../clock.ts";
import { CipherContexts, LeasedKey } from "./cipher_contexts.ts";
import { type Libc, libc } from "./libc.ts";
import { type CipherName, Libcrypto } from "./libcrypto.ts";
import { LibcryptoSignatures } from "./libcrypto_signatures.ts";

const NAMES: Readonly<Record<CipherSuite, CipherName>> = {
  [CipherSuite.Aes128GcmSha256]: "AES-128-GCM",
  [CipherSuite.Aes256GcmSha384]: "AES-256-GCM",
  [CipherSuite.ChaCha20Poly1305Sha256]: "ChaCha20-Poly1305",
};

/** Header protection by AES is one block of it (RFC 9001, Section 5.4.3). */
const MASK_NAMES: ReadonlyMap<CipherSuite, CipherName> = new Map([
  [CipherSuite.Aes128GcmSha256, "AES-128-ECB"],
  [CipherSuite.Aes256GcmSha384, "AES-256-ECB"],
]);

/** The engine, and the contexts of its keys. */
export interface LibcryptoEngine extends CryptoEngine {
  readonly contexts: CipherContexts;
  readonly signatures: LibcryptoSignatures | undefined;
}

/**
 * An engine whose AES and ChaCha20-Poly1305 libcrypto does. Suites that this libcrypto lacks are left
 * to another engine. Header masks of ChaCha20 are made in script: each block needs another nonce, for
 * which libcrypto takes longer.
 *
 * A packet of 1,452 bytes takes 0.9 µs with AES-128-GCM and 1.2 with ChaCha20-Poly1305, on a
 * processor that has instructions for both; ChaCha20-Poly1305 in WebAssembly takes 2.
 *
 * @param base Makes the other engine, if one is needed: that takes some time.
 * @returns Nothing if the library is missing or may not be opened.
 */
export function libcryptoEngine(base: () => CryptoEngine): LibcryptoEngine | undefined {
  const library = Libcrypto.open();
  if (library === undefined) return undefined;
  const contexts = new CipherContexts(library);
  const aead = (suite: CipherSuite, key: Uint8Array): Aead => {
    const cipher = library.cipher(NAMES[suite]);
    if (cipher === undefined) return base().aead(suite, key);
    if (key.length !== suiteParameters(suite).keyLength) {
      throw new RangeError(`Cannot use a ${NAMES[suite]} key of ${key.length} bytes`);
    }
    return new LibcryptoAead(library, new LeasedKey(contexts, cipher, key));
  };
  return {
    name: "libcrypto",
    contexts,
    suites: fastestFirst(aead),
    signatures: LibcryptoSignatures.open(libc as Libc, library.path),
    aead,
    headerMask(suite: CipherSuite, key: Uint8Array): HeaderMask {
      const name = MASK_NAMES.get(suite);
      const cipher = name && library.cipher(name);
      if (cipher === undefined) return headerMaskOf(suite, key);
      return new LibcryptoMask(library, new LeasedKey(contexts, cipher, key));
    },
  };
}

/** Rounds in which all ciphers are tried in turn, and texts of each in a round. */
const ROUNDS = 6;
const TEXTS = 4;
/** Bytes of a text: so many that the call, slow while it is new, counts for little. */
const TEXT_LENGTH = 16_384;
/**
 * How much slower AES may seem. By instructions of its own AES takes about as long as ChaCha20, without
 * them three to ten times as long; a busy machine disturbs what is between.
 */
const DOUBT = 2;

const { Aes128GcmSha256: AES_128, Aes256GcmSha384: AES_256, ChaCha20Poly1305Sha256: CHACHA } =
  CipherSuite;

/**
 * Only where the processor has instructions for AES is AES the fastest: so it is tried, with the
 * shorter keys, which never take longer. What is tried first would pay for all that is done for the
 * first time, so the two take turns.
 */
function fastestFirst(aead: CryptoEngine["aead"]): readonly CipherSuite[] {
  const [aes, chacha] = [AES_128, CHACHA].map((suite) =>
    aead(suite, new Uint8Array(keyLength(suite)))
  ) as [Aead, Aead];
  let [aesTime, chachaTime] = [Infinity, Infinity];
  for (let round = 0; round < ROUNDS; round++) {
    aesTime = Math.min(aesTime, timeOf(aes));
    chachaTime = Math.min(chachaTime, timeOf(chacha));
  }
  return aesTime <= DOUBT * chachaTime ? [AES_128, AES_256, CHACHA] : [CHACHA, AES_128, AES_256];
}

function keyLength(suite: CipherSuite): number {
  return suiteParameters(suite).keyLength;
}

/** Milliseconds for some texts. */
function timeOf(aead: Aead): number {
  const buffer = new Uint8Array(TEXT_LENGTH + 16);
  const nonce = new Uint8Array(12);
  const start = monotonicNow();
  for (let i = 0; i < TEXTS; i++) aead.seal(nonce, buffer, 0, 16, TEXT_LENGTH);
  return monotonicNow() - start;
}

class LibcryptoMask implements HeaderMask {
  readonly #library: Libcrypto;
  readonly #key: LeasedKey;

  constructor(library: Libcrypto, key: LeasedKey) {
    this.#library = library;
    this.#key = key;
  }

  mask(buffer: Uint8Array, sampleOffset: number, out: Uint8Array): void {
    this.#library.mask(this.#key.context, buffer, sampleOffset, out);
  }

  release(): void {
    this.#key.release();
  }
}

class LibcryptoAead implements Aead {
  readonly #library: Libcrypto;
  readonly #key: LeasedKey;

  constructor(library: Libcrypto, key: LeasedKey) {
    this.#library = library;
    this.#key = key;
  }

  seal(
    nonce: Uint8Array,
    buffer: Uint8Array,
    adStart: number,
    textStart: number,
    textEnd: number,
  ): void {
    this.#library.seal(this.#key.context, nonce, buffer, adStart, textStart, textEnd);
  }

  open(
    nonce: Uint8Array,
    buffer: Uint8Array,
    adStart: number,
    textStart: number,
    end: number,
    out: Uint8Array,
  ): number {
    return this.#library.open(this.#key.context, nonce, buffer, adStart, textStart, end, out);
  }

  release(): void {
    this.#key.release();
  }
}
