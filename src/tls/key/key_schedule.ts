// The key schedule of TLS 1.3 (RFC 9846, Section 7.1).

import { equalSecrets, NO_BYTES } from "../../bytes/bytes.ts";
import type { HashName } from "../../crypto/hash_function.ts";
import { deriveSecret, expandLabel, extract, hash, hmac, HmacKey } from "../../crypto/hkdf.ts";

/** The hash of no message at all, once it was needed. */
const emptyHashes: Partial<Record<HashName, Uint8Array>> = {};
/** What stands for a secret that there is not. */
const ZEROS = { sha256: new Uint8Array(32), sha384: new Uint8Array(48) };

/** The chain of secrets of one handshake (RFC 9846, Section 7.1). */
export class KeySchedule {
  /** The hash all of it rests on. */
  readonly hash: HashName;
  /** Early, handshake or master secret, whichever the schedule has come to. */
  #secret: HmacKey;

  /** @param psk The pre-shared key; nothing stands for zeros. */
  constructor(name: HashName, psk?: Uint8Array) {
    this.hash = name;
    this.#secret = new HmacKey(name, extract(name, ZEROS[name], psk ?? ZEROS[name]));
  }

  /** Goes from the early to the handshake secret. */
  enterHandshake(sharedSecret: Uint8Array): void {
    this.#advance(sharedSecret);
  }

  /** Goes from the handshake to the master secret. */
  enterMaster(): void {
    this.#advance(ZEROS[this.hash]);
  }

  /** A secret of the present stage, bound to the messages so far. */
  derive(label: string, transcriptHash: Uint8Array = emptyHash(this.hash)): Uint8Array {
    return this.#secret.expandLabel(label, transcriptHash);
  }

  /** The verify_data of Finished, or a binder (RFC 9846, Section 4.5.3). */
  finishedData(baseKey: Uint8Array, transcriptHash: Uint8Array): Uint8Array {
    return hmac(this.hash, expandLabel(this.hash, baseKey, "finished"), transcriptHash);
  }

  /** Whether `data` is the right verify_data, in constant time. */
  isFinishedData(data: Uint8Array, baseKey: Uint8Array, transcriptHash: Uint8Array): boolean {
    return equalSecrets(this.finishedData(baseKey, transcriptHash), data);
  }

  #advance(input: Uint8Array): void {
    this.#secret = new HmacKey(this.hash, extract(this.hash, this.derive("derived"), input));
  }
}

/** The pre-shared key that belongs to a ticket (RFC 9846, Section 4.7.1). */
export function resumptionKey(
  name: HashName,
  resumptionSecret: Uint8Array,
  nonce: Uint8Array,
): Uint8Array {
  return expandLabel(name, resumptionSecret, "resumption", nonce);
}

/** Keying material for an application (RFC 9846, Section 7.5). */
export function exportSecret(
  name: HashName,
  exporterSecret: Uint8Array,
  label: string,
  context: Uint8Array,
  length: number,
): Uint8Array {
  const secret = deriveSecret(name, exporterSecret, label, emptyHash(name));
  return expandLabel(name, secret, "exporter", hash(name, context), length);
}

function emptyHash(name: HashName): Uint8Array {
  return emptyHashes[name] ??= hash(name, NO_BYTES);
}
