// Contexts of libcrypto, lent to the keys that are in use.

import type { Handle, Libcrypto } from "./libcrypto.ts";

/** So many keys are in use at once before one has to give way: two for each of 500 connections. */
const MAX_CONTEXTS = 1_024;

/** The right of one key to a context, until another key takes it over. */
interface Lease {
  /** Where the key lies; undefined once it was taken over. */
  context: Context | undefined;
}

/** A context and the key that has it now. */
interface Context {
  readonly handle: Handle;
  lease: Lease | undefined;
}

/**
 * Contexts for keys. A context takes a kilobyte of the library's memory, so there are only so many;
 * the key that was given one longest ago gives way, and is set again when it is next used. When a
 * key is released, or collected at the latest, its context is overwritten and free.
 */
export class CipherContexts {
  readonly #library: Libcrypto;
  readonly #all: Context[] = [];
  readonly #free: Context[] = [];
  readonly #collected = new FinalizationRegistry<Lease>((lease) => this.release(lease));
  readonly #most: number;
  /** Which context is taken over next. */
  #next = 0;

  constructor(library: Libcrypto, most: number = MAX_CONTEXTS) {
    this.#library = library;
    this.#most = most;
  }

  /** How many there are, in use or free. */
  get count(): number {
    return this.#all.length;
  }

  /** How many hold a key. */
  get used(): number {
    return this.#all.length - this.#free.length;
  }

  /** A lease without a context as yet, given back when `owner` is collected. */
  leaseFor(owner: object): Lease {
    const lease: Lease = { context: undefined };
    this.#collected.register(owner, lease);
    return lease;
  }

  /** Gives a lease a context with this key. */
  lend(lease: Lease, cipher: Handle, key: Uint8Array): Context {
    const context = this.#free.pop() ?? this.#make() ?? this.#takeOver();
    this.#library.setKey(context.handle, cipher, key);
    context.lease = lease;
    lease.context = context;
    return context;
  }

  /** The key is no longer needed; a key that is used all the same is given a context again. */
  release(lease: Lease): void {
    const { context } = lease;
    if (context === undefined) return;
    lease.context = context.lease = undefined;
    this.#library.forget(context.handle);
    this.#free.push(context);
  }

  #make(): Context | undefined {
    if (this.#all.length >= this.#most) return undefined;
    const context: Context = { handle: this.#library.newContext(), lease: undefined };
    this.#all.push(context);
    return context;
  }

  #takeOver(): Context {
    const context = this.#all[this.#next]!;
    this.#next = (this.#next + 1) % this.#all.length;
    if (context.lease !== undefined) context.lease.context = undefined;
    this.#library.forget(context.handle);
    return context;
  }
}

/** A key that has a context whenever it is used. */
export class LeasedKey {
  readonly #contexts: CipherContexts;
  readonly #cipher: Handle;
  readonly #key: Uint8Array;
  readonly #lease: Lease;

  constructor(contexts: CipherContexts, cipher: Handle, key: Uint8Array) {
    this.#contexts = contexts;
    this.#cipher = cipher;
    this.#key = key;
    this.#lease = contexts.leaseFor(this);
  }

  /** The context with this key, good until another key is used. */
  get context(): Handle {
    const context = this.#lease.context ??
      this.#contexts.lend(this.#lease, this.#cipher, this.#key);
    return context.handle;
  }

  /** The key is no longer needed. */
  release(): void {
    this.#contexts.release(this.#lease);
  }
}
