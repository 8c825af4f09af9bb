// SHA-256 and HMAC with it, by a WebAssembly program.

import { concatBytes } from "../bytes/bytes.ts";
import { compress, emit, initialState, roundConstants } from "./sha256_program.ts";
import { assemble } from "./wasm_assembler.ts";

/** Bytes of a hash. */
const HASH_LENGTH = 32;
const BLOCK_LENGTH = 64;
const STATE_WORDS = 8;

// Where things lie in the program's memory.
const STATE = 0;
const CONSTANTS = 256;
const SCHEDULE = 512;
const INPUT = 1_024;
/** Bytes that are taken in by one call. */
const ROOM = 32_768;

/** RFC 2104: what a key is mixed with, for the inner hash and for the outer one. */
const INNER = 0x36;
const OUTER = 0x5c;

/** The program with its memory, which holds one calculation at a time. */
export class Sha256 {
  readonly #compress: (block: number, end: number) => void;
  readonly #emit: (to: number) => void;
  readonly #words: Uint32Array;
  readonly #bytes: Uint8Array;
  readonly #initial = initialState();

  /** @throws {Error} On a runtime without WebAssembly, or without vectors in it. */
  constructor() {
    const places = { state: STATE, constants: CONSTANTS, schedule: SCHEDULE };
    const module = new WebAssembly.Module(assemble(1, [compress(places), emit(places)]));
    const { exports } = new WebAssembly.Instance(module);
    const { buffer } = exports.memory as WebAssembly.Memory;
    this.#words = new Uint32Array(buffer);
    this.#bytes = new Uint8Array(buffer);
    this.#words.set(roundConstants(), CONSTANTS >>> 2);
    this.#compress = exports.compress as (block: number, end: number) => void;
    this.#emit = exports.emit as (to: number) => void;
  }

  /** The hash of `data`. */
  hash(data: Uint8Array): Uint8Array<ArrayBuffer> {
    this.#load(this.#initial, 0);
    return this.#finish(data, 0);
  }

  /** A hash of bytes that are still to come. */
  start(): RunningSha256 {
    return new RunningSha256(this, this.#initial);
  }

  /** A key made ready for {@linkcode keyed}: the states behind its two blocks. */
  ready(key: Uint8Array): Uint32Array {
    const short = key.length > BLOCK_LENGTH ? this.hash(key) : key;
    const states = new Uint32Array(2 * STATE_WORDS);
    this.#mix(short, INNER);
    this.#save(states, 0);
    this.#mix(short, OUTER);
    this.#save(states, STATE_WORDS);
    return states;
  }

  /** HMAC (RFC 2104) with a key that was made ready. */
  keyed(states: Uint32Array, data: Uint8Array): Uint8Array<ArrayBuffer> {
    this.#load(states, 0);
    this.#end(data, BLOCK_LENGTH);
    this.#emit(INPUT);
    this.#load(states, STATE_WORDS);
    this.#pad(HASH_LENGTH, BLOCK_LENGTH + HASH_LENGTH);
    return this.#result();
  }

  /** Takes whole blocks of `data` into a state; returns the offset of the rest. */
  take(state: Uint32Array, data: Uint8Array): number {
    this.#load(state, 0);
    const rest = this.#blocks(data);
    this.#save(state, 0);
    return rest;
  }

  /** The hash of what a state has taken in, and of `rest` behind it; the state stays as it is. */
  close(state: Uint32Array, rest: Uint8Array, taken: number): Uint8Array<ArrayBuffer> {
    this.#load(state, 0);
    return this.#finish(rest, taken);
  }

  #load(states: Uint32Array, at: number): void {
    for (let i = 0; i < STATE_WORDS; i++) this.#words[(STATE >>> 2) + i] = states[at + i]!;
  }

  #save(states: Uint32Array, at: number): void {
    for (let i = 0; i < STATE_WORDS; i++) states[at + i] = this.#words[(STATE >>> 2) + i]!;
  }

  #mix(key: Uint8Array, pad: number): void {
    this.#bytes.fill(pad, INPUT, INPUT + BLOCK_LENGTH);
    for (let i = 0; i < key.length; i++) this.#bytes[INPUT + i] = key[i]! ^ pad;
    this.#load(this.#initial, 0);
    this.#compress(INPUT, INPUT + BLOCK_LENGTH);
  }

  #finish(data: Uint8Array, before: number): Uint8Array<ArrayBuffer> {
    this.#end(data, before);
    return this.#result();
  }

  #end(data: Uint8Array, before: number): void {
    const at = this.#blocks(data);
    const left = data.length - at;
    for (let i = 0; i < left; i++) this.#bytes[INPUT + i] = data[at + i]!;
    this.#pad(left, before + data.length);
  }

  #result(): Uint8Array<ArrayBuffer> {
    this.#emit(INPUT);
    return this.#bytes.slice(INPUT, INPUT + HASH_LENGTH) as Uint8Array<ArrayBuffer>;
  }

  #blocks(data: Uint8Array): number {
    let at = 0;
    while (data.length - at >= BLOCK_LENGTH) {
      const left = data.length - at;
      const size = Math.min(left - left % BLOCK_LENGTH, ROOM);
      this.#bytes.set(data.subarray(at, at + size), INPUT);
      this.#compress(INPUT, INPUT + size);
      at += size;
    }
    return at;
  }

  /** Ends a hash whose last bytes, so many, are in the room for input (FIPS 180-4, 5.1.1). */
  #pad(left: number, total: number): void {
    const bytes = this.#bytes;
    const end = INPUT + (left < BLOCK_LENGTH - 8 ? BLOCK_LENGTH : 2 * BLOCK_LENGTH);
    bytes[INPUT + left] = 0x80;
    bytes.fill(0, INPUT + left + 1, end - 8);
    const high = Math.floor(total / 0x2000_0000);
    for (let i = 0; i < 4; i++) {
      bytes[end - 8 + i] = high >>> (24 - 8 * i);
      bytes[end - 4 + i] = (total << 3) >>> (24 - 8 * i);
    }
    this.#compress(INPUT, end);
  }
}

/** The hash of bytes that come bit by bit. */
export class RunningSha256 {
  readonly #program: Sha256;
  readonly #state: Uint32Array;
  /** Bytes behind the last whole block. */
  #rest: Uint8Array = new Uint8Array(0);
  /** Bytes in whole blocks. */
  #taken = 0;

  constructor(program: Sha256, initial: Uint32Array) {
    this.#program = program;
    this.#state = initial.slice();
  }

  /** Takes in more bytes. */
  update(data: Uint8Array): void {
    const all = this.#with(data);
    const rest = this.#program.take(this.#state, all);
    this.#taken += rest;
    this.#rest = all.slice(rest);
  }

  /** The hash of all bytes so far, and of a few more that are not taken in. */
  digest(more?: Uint8Array): Uint8Array<ArrayBuffer> {
    const rest = more === undefined ? this.#rest : this.#with(more);
    return this.#program.close(this.#state, rest, this.#taken);
  }

  #with(data: Uint8Array): Uint8Array {
    return this.#rest.length === 0 ? data : concatBytes(this.#rest, data);
  }
}
