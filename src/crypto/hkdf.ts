// HMAC and HKDF (RFC 5869).

import { concatBytes } from "../bytes/bytes.ts";
import { hashFunction, type HashName, type KeyedHash } from "./hash_function.ts";

/*
 * Measured on Deno 2.9 for inputs of handshake size (µs): to make a key of HMAC ready and to use it
 * takes 1.4 each in WebAssembly, 2.7 and 3.4 by the library; node:crypto takes 8.6 for both, and its
 * `hkdfSync` (3.3) always extracts first and so cannot expand alone. A handshake takes about forty
 * expansions, a packet none.
 */

const none = new Uint8Array(0);

/** The hash of `data`. */
export function hash(name: HashName, data: Uint8Array): Uint8Array<ArrayBuffer> {
  return hashFunction(name).hash(data);
}

/** The keyed hash of `data` (RFC 2104). */
export function hmac(name: HashName, key: Uint8Array, data: Uint8Array): Uint8Array<ArrayBuffer> {
  return hashFunction(name).keyed(key)(data);
}

/** A key made ready for many keyed hashes. */
export class HmacKey {
  readonly #name: HashName;
  readonly #keyed: KeyedHash;

  constructor(name: HashName, key: Uint8Array) {
    this.#name = name;
    this.#keyed = hashFunction(name).keyed(key);
  }

  /** The keyed hash of `data` (RFC 2104). */
  hash(data: Uint8Array): Uint8Array<ArrayBuffer> {
    return this.#keyed(data);
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

/** HKDF-Extract of RFC 5869, Section 2.2. */
export function extract(
  name: HashName,
  salt: Uint8Array,
  keyMaterial: Uint8Array,
): Uint8Array<ArrayBuffer> {
  return hmac(name, salt, keyMaterial);
}

/** HKDF-Expand of RFC 5869, Section 2.3. */
export function expand(
  name: HashName,
  secret: Uint8Array,
  info: Uint8Array,
  length: number,
): Uint8Array<ArrayBuffer> {
  const keyed = hashFunction(name).keyed(secret);
  const out = new Uint8Array(length);
  let block: Uint8Array = none;
  let count = 0;
  for (let at = 0; at < length; at += block.length) {
    block = keyed(concatBytes(block, info, Uint8Array.of(++count)));
    out.set(block.subarray(0, length - at), at);
  }
  return out;
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
