import { equalSecrets } from "../bytes/bytes.ts";
import {
  deriveSecret,
  expandLabel,
  extract,
  hash,
  hashLength,
  type HashName,
  hmac,
  HmacKey,
} from "../crypto/hkdf.ts";

const none = new Uint8Array(0);

/** The chain of secrets of one handshake (RFC 9846, Section 7.1). */
export class KeySchedule {
  /** The hash all of it rests on. */
  readonly hash: HashName;
  readonly #zeros: Uint8Array;
  readonly #emptyHash: Uint8Array;
  /** Early, handshake or master secret, whichever the schedule has come to. */
  #secret: HmacKey;

  /** @param psk The pre-shared key; nothing stands for zeros. */
  constructor(name: HashName, psk?: Uint8Array) {
    this.hash = name;
    this.#zeros = new Uint8Array(hashLength(name));
    this.#emptyHash = hash(name, none);
    this.#secret = new HmacKey(name, extract(name, this.#zeros, psk ?? this.#zeros));
  }

  /** Goes from the early to the handshake secret. */
  enterHandshake(sharedSecret: Uint8Array): void {
    this.#advance(sharedSecret);
  }

  /** Goes from the handshake to the master secret. */
  enterMaster(): void {
    this.#advance(this.#zeros);
  }

  /** A secret of the present stage, bound to the messages so far. */
  derive(label: string, transcriptHash: Uint8Array = this.#emptyHash): Uint8Array {
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

  /** The pre-shared key that belongs to a ticket (RFC 9846, Section 4.7.1). */
  resumptionKey(resumptionSecret: Uint8Array, nonce: Uint8Array): Uint8Array {
    return expandLabel(this.hash, resumptionSecret, "resumption", nonce);
  }

  /** Keying material for an application (RFC 9846, Section 7.5). */
  export(
    exporterSecret: Uint8Array,
    label: string,
    context: Uint8Array,
    length: number,
  ): Uint8Array {
    const secret = deriveSecret(this.hash, exporterSecret, label, this.#emptyHash);
    return expandLabel(this.hash, secret, "exporter", hash(this.hash, context), length);
  }

  #advance(input: Uint8Array): void {
    this.#secret = new HmacKey(this.hash, extract(this.hash, this.derive("derived"), input));
  }
}
