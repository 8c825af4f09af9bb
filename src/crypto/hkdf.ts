// HMAC and HKDF (RFC 5869).

import { expand as nobleExpand, extract as nobleExtract } from "@noble/hashes/hkdf.js";
import { hmac as nobleHmac } from "@noble/hashes/hmac.js";
import { sha256, sha384 } from "@noble/hashes/sha2.js";

/*
 * Measured on Deno 2.9 for inputs of handshake size (µs): HMAC with a new key 4.8 here against 8.6
 * through node:crypto, whose `hkdfSync` (3.3) always extracts first and so cannot expand alone;
 * 1.5 with a key that was made ready. A handshake takes about forty expansions, a packet none.
 */

/** The hash functions of our cipher suites. */
export type HashName = "sha256" | "sha384";

const none = new Uint8Array(0);

/** The hash of `data`. */
export function hash(name: HashName, data: Uint8Array): Uint8Array<ArrayBuffer> {
  return bytesOf(functionOf(name)(data));
}

/** The keyed hash of `data` (RFC 2104). */
export function hmac(name: HashName, key: Uint8Array, data: Uint8Array): Uint8Array<ArrayBuffer> {
  return bytesOf(nobleHmac(functionOf(name), key, data));
}

/**
 * A key made ready for many keyed hashes: both halves of HMAC begin with a block that depends on
 * nothing but the key, and that work is done once.
 */
export class HmacKey {
  readonly #name: HashName;
  readonly #keyed: ReturnType<typeof nobleHmac.create>;

  constructor(name: HashName, key: Uint8Array) {
    this.#name = name;
    this.#keyed = nobleHmac.create(functionOf(name), key);
  }

  /** The keyed hash of `data` (RFC 2104). */
  hash(data: Uint8Array): Uint8Array<ArrayBuffer> {
    const out = new Uint8Array(hashLength(this.#name));
    this.#keyed._cloneInto(scratch[this.#name]).update(data).digestInto(out);
    return out;
  }

  /** HKDF-Expand-Label of TLS 1.3, as {@linkcode expandLabel}, with this key as the secret. */
  expandLabel(
    label: string,
    context: Uint8Array = none,
    length: number = hashLength(this.#name),
  ): Uint8Array<ArrayBuffer> {
    if (length > hashLength(this.#name)) throw new RangeError("Cannot expand by more than a hash");
    // RFC 5869, Section 2.3: the first block is the hash of the label and the number 1.
    const block = hkdfLabel(label, context, length, 1);
    block[block.length - 1] = 1;
    const out = this.hash(block);
    return length === out.length ? out : out.slice(0, length);
  }
}

/** What a keyed hash is calculated in: each use begins with another key's state. */
const scratch = {
  sha256: nobleHmac.create(sha256, none),
  sha384: nobleHmac.create(sha384, none),
};

/** HKDF-Extract of RFC 5869, Section 2.2. */
export function extract(
  name: HashName,
  salt: Uint8Array,
  keyMaterial: Uint8Array,
): Uint8Array<ArrayBuffer> {
  return bytesOf(nobleExtract(functionOf(name), keyMaterial, salt));
}

/** HKDF-Expand of RFC 5869, Section 2.3. */
export function expand(
  name: HashName,
  secret: Uint8Array,
  info: Uint8Array,
  length: number,
): Uint8Array<ArrayBuffer> {
  return bytesOf(nobleExpand(functionOf(name), secret, info, length));
}

/** HKDF-Expand-Label of TLS 1.3; `label` comes without its "tls13 ". */
export function expandLabel(
  name: HashName,
  secret: Uint8Array,
  label: string,
  context: Uint8Array = none,
  length: number = hashLength(name),
): Uint8Array<ArrayBuffer> {
  if (length <= hashLength(name)) {
    return new HmacKey(name, secret).expandLabel(label, context, length);
  }
  return expand(name, secret, hkdfLabel(label, context, length), length);
}

/** Derive-Secret of TLS 1.3; `transcriptHash` is the hash of the messages, already taken. */
export function deriveSecret(
  name: HashName,
  secret: Uint8Array,
  label: string,
  transcriptHash: Uint8Array,
): Uint8Array<ArrayBuffer> {
  return expandLabel(name, secret, label, transcriptHash);
}

/** Bytes of the hash. */
export function hashLength(name: HashName): number {
  return name === "sha256" ? 32 : 48;
}

/**
 * The structure HkdfLabel of TLS 1.3: length, "tls13 " + label, context.
 *
 * @param room Bytes to leave free behind it.
 */
export function hkdfLabel(
  label: string,
  context: Uint8Array,
  length: number,
  room = 0,
): Uint8Array {
  const full = "tls13 " + label;
  if (full.length > 255 || context.length > 255) {
    throw new RangeError("Cannot expand: label or context is longer than 255 bytes");
  }
  const info = new Uint8Array(4 + full.length + context.length + room);
  info[0] = length >>> 8;
  info[1] = length;
  info[2] = full.length;
  for (let i = 0; i < full.length; i++) info[3 + i] = full.charCodeAt(i);
  info[3 + full.length] = context.length;
  info.set(context, 4 + full.length);
  return info;
}

function functionOf(name: HashName): typeof sha256 | typeof sha384 {
  return name === "sha256" ? sha256 : sha384;
}

/** The library's arrays never sit on shared memory. */
function bytesOf(array: Uint8Array): Uint8Array<ArrayBuffer> {
  return array as Uint8Array<ArrayBuffer>;
}
