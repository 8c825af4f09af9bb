import { expand as nobleExpand, extract as nobleExtract } from "@noble/hashes/hkdf.js";
import { hmac as nobleHmac } from "@noble/hashes/hmac.js";
import { sha256, sha384 } from "@noble/hashes/sha2.js";

/*
 * Measured on Deno 2.9 for inputs of handshake size (µs): HKDF-Expand to 32 bytes 5.3 here;
 * HMAC 4.8 here against 8.6 through node:crypto, whose `hkdfSync` (3.3) always extracts first and
 * so cannot expand alone. A handshake takes about forty expansions, a packet none.
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

/** The structure HkdfLabel of TLS 1.3: length, "tls13 " + label, context. */
export function hkdfLabel(label: string, context: Uint8Array, length: number): Uint8Array {
  const full = "tls13 " + label;
  if (full.length > 255 || context.length > 255) {
    throw new RangeError("Cannot expand: label or context is longer than 255 bytes");
  }
  const info = new Uint8Array(4 + full.length + context.length);
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
