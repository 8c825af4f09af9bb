// The hash functions of cipher suites, and which library computes them.

import { hmac as nobleHmac } from "@noble/hashes/hmac.js";
import { sha256, sha384 } from "@noble/hashes/sha2.js";
import { equalBytes, fromHex } from "../bytes/bytes.ts";
import { Sha256 } from "./sha256.ts";

/** The hash functions of our cipher suites. */
export type HashName = "sha256" | "sha384";

/** The hash of bytes that come bit by bit. */
export interface RunningHash {
  /** Takes in more bytes. */
  update(data: Uint8Array): void;
  /** The hash of all bytes so far, and of a few more that are not taken in. */
  digest(more?: Uint8Array): Uint8Array<ArrayBuffer>;
}

/** The keyed hash of `data` (RFC 2104), with a key that was made ready. */
export type KeyedHash = (data: Uint8Array) => Uint8Array<ArrayBuffer>;

/** One hash function. */
export interface HashFunction {
  /** The hash of `data`. */
  hash(data: Uint8Array): Uint8Array<ArrayBuffer>;
  /** A hash of bytes that are still to come. */
  start(): RunningHash;
  /** Makes a key ready: of both halves of HMAC, the first block depends on the key alone. */
  keyed(key: Uint8Array): KeyedHash;
}

const chosen: Partial<Record<HashName, HashFunction>> = {};

/** The fastest library for a hash function that has proved itself; the proof is at first use. */
export function hashFunction(name: HashName): HashFunction {
  return chosen[name] ??= (name === "sha256" ? tryOwn() : undefined) ?? nobleHash(name);
}

/** All arithmetic by the library. */
export function nobleHash(name: HashName): HashFunction {
  const its = name === "sha256" ? sha256 : sha384;
  // What a keyed hash is calculated in: each use begins with another key's state.
  const scratch = nobleHmac.create(its, new Uint8Array(0));
  return {
    hash: (data) => bytesOf(its(data)),
    start() {
      const running = its.create();
      return {
        update: (data) => void running.update(data),
        digest: (more = new Uint8Array(0)) => bytesOf(running.clone().update(more).digest()),
      };
    },
    keyed(key) {
      const ready = nobleHmac.create(its, key);
      return (data) => {
        const out = new Uint8Array(its.outputLen);
        ready._cloneInto(scratch).update(data).digestInto(out);
        return out;
      };
    },
  };
}

function tryOwn(): HashFunction | undefined {
  try {
    const own = ownHash(new Sha256());
    return isSha256(own) ? own : undefined;
  } catch {
    return undefined; // a runtime without WebAssembly, or without vectors in it
  }
}

function ownHash(program: Sha256): HashFunction {
  return {
    hash: (data) => program.hash(data),
    start: () => program.start(),
    keyed(key) {
      const states = program.ready(key);
      return (data) => program.keyed(states, data);
    },
  };
}

/** Whether a function gives what FIPS 180-4 and RFC 4231 say. */
export function isSha256(candidate: HashFunction): boolean {
  const encoder = new TextEncoder();
  const text = encoder.encode("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq");
  const right = fromHex("248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
  const running = candidate.start();
  running.update(text.subarray(0, 50));
  const mac = candidate.keyed(encoder.encode("Jefe"))(
    encoder.encode("what do ya want for nothing?"),
  );
  return equalBytes(candidate.hash(text), right) &&
    equalBytes(running.digest(text.subarray(50)), right) &&
    equalBytes(mac, fromHex("5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"));
}

/** The library's arrays never sit on shared memory. */
function bytesOf(array: Uint8Array): Uint8Array<ArrayBuffer> {
  return array as Uint8Array<ArrayBuffer>;
}
