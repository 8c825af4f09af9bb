// The running hash of all handshake messages.

import { concatBytes } from "../../bytes/bytes.ts";
import { hashFunction, type HashName, type RunningHash } from "../../crypto/hash_function.ts";
import { hash } from "../../crypto/hkdf.ts";
import { MessageType } from "../code/code_point.ts";

/** The running hash of all handshake messages (RFC 9846, Section 4.1). */
export class Transcript {
  /** Messages from before the hash function was known. */
  #early: Uint8Array[] = [];
  #running: RunningHash | undefined;

  /** Adds one whole message. */
  add(message: Uint8Array): void {
    if (this.#running) this.#running.update(message);
    else this.#early.push(message.slice());
  }

  /** Settles the hash function; messages from before are taken in. */
  start(name: HashName): void {
    if (this.#running) return;
    this.#running = hashFunction(name).start();
    for (const message of this.#early) this.#running.update(message);
    this.#early = [];
  }

  /** The hash of all messages so far. */
  digest(): Uint8Array {
    return this.#running!.digest();
  }

  /** The hash of all messages so far and a part of the next one, for binders. */
  digestWith(name: HashName, part: Uint8Array): Uint8Array {
    if (this.#running) return this.#running.digest(part);
    return hash(name, concatBytes(...this.#early, part));
  }

  /** Forgets all messages; no more come. */
  end(): void {
    this.#early = [];
    this.#running = undefined;
  }

  /** Puts a hash in the place of the first ClientHello (RFC 9846, Section 4.1). */
  replaceByHash(name: HashName): void {
    const digest = hash(name, concatBytes(...this.#early));
    const header = new Uint8Array([MessageType.MessageHash, 0, 0, digest.length]);
    this.#early = [concatBytes(header, digest)];
    this.start(name);
  }
}
