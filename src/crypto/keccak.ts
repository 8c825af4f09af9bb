// The sponge functions of FIPS 202, with their permutation in WebAssembly.

import { permute, roundConstants, STATE_LENGTH } from "./keccak_program.ts";
import { assemble } from "./wasm_assembler.ts";

// Where things lie in the program's memory.
const STATE = 0;
const CONSTANTS = 256;

/** What a sponge function is: bytes of each block, and the bits behind the message. */
interface Sponge {
  readonly rate: number;
  readonly suffix: number;
}

const SHA3_256: Sponge = { rate: 136, suffix: 0x06 };
const SHA3_512: Sponge = { rate: 72, suffix: 0x06 };
const SHAKE128: Sponge = { rate: 168, suffix: 0x1f };
const SHAKE256: Sponge = { rate: 136, suffix: 0x1f };

/** Bytes of each block that {@linkcode Keccak.shake128} gives. */
export const SHAKE128_RATE = SHAKE128.rate;

/** The functions, all in one state: each call begins with an empty one. */
export class Keccak {
  readonly #permute: (state: number) => void;
  readonly #state: Uint8Array;

  /** @throws {Error} On a runtime without WebAssembly. */
  constructor() {
    const module = new WebAssembly.Module(assemble(1, [permute(CONSTANTS)]));
    const { exports } = new WebAssembly.Instance(module);
    const { buffer } = exports.memory as WebAssembly.Memory;
    new Uint32Array(buffer, CONSTANTS).set(roundConstants());
    this.#permute = exports.permute as (state: number) => void;
    this.#state = new Uint8Array(buffer, STATE, STATE_LENGTH);
  }

  /** SHA3-256 of the parts, one behind the other. */
  sha3(...parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
    this.#absorb(SHA3_256, parts);
    return this.#end(32);
  }

  /** SHA3-512 of the parts. */
  sha3Long(...parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
    this.#absorb(SHA3_512, parts);
    return this.#end(64);
  }

  /** As many bytes of SHAKE256 of the parts; one block has 136. */
  shake256(length: number, ...parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
    if (length > SHAKE256.rate) throw new RangeError("Cannot give more than one block");
    this.#absorb(SHAKE256, parts);
    return this.#end(length);
  }

  /**
   * The blocks of SHAKE128 of the parts, one after the other. Each is good until the next one, and
   * nothing else may be asked for in between.
   *
   * @param take Looks at a block, and says whether another one is needed.
   */
  shake128(take: (block: Uint8Array) => boolean, ...parts: readonly Uint8Array[]): void {
    this.#absorb(SHAKE128, parts);
    while (take(this.#state)) this.#permute(STATE);
  }

  #absorb({ rate, suffix }: Sponge, parts: readonly Uint8Array[]): void {
    const state = this.#state;
    state.fill(0);
    let at = 0;
    for (const part of parts) at = this.#mix(part, at, rate);
    state[at]! ^= suffix;
    state[rate - 1]! ^= 0x80;
    this.#permute(STATE);
  }

  /**
   * Mixes a part into the state from a place on, and gives the place behind the part. V8 compiles a
   * loop inside a loop while it runs, and throws that code away at the end of each part.
   */
  #mix(part: Uint8Array, start: number, rate: number): number {
    const state = this.#state;
    let at = start;
    for (let i = 0; i < part.length; i++) {
      state[at]! ^= part[i]!;
      if (++at < rate) continue;
      this.#permute(STATE);
      at = 0;
    }
    return at;
  }

  /** What was asked for; nothing that it depends on stays behind. */
  #end(length: number): Uint8Array<ArrayBuffer> {
    const out = this.#state.slice(0, length) as Uint8Array<ArrayBuffer>;
    this.#state.fill(0);
    return out;
  }
}
