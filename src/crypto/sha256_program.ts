// The WebAssembly program of SHA-256.

import {
  access,
  type Code,
  get,
  i32,
  operation,
  repeatWhile,
  set,
  ValueType,
  vector,
  vectorAccess,
  type WasmFunction,
} from "./wasm_assembler.ts";

/** Where the program finds and leaves things in memory. */
export interface Sha256Places {
  /** The eight words that depend on all blocks so far. */
  readonly state: number;
  /** Where {@linkcode roundConstants} are. */
  readonly constants: number;
  /** Room for 64 words that are made of each block. */
  readonly schedule: number;
}

/** Rounds for each block, and its bytes. */
const ROUNDS = 64;
const BLOCK_LENGTH = 64;

const BLOCK = 0;
const END = 1;
const AT = 2;
const SUM = 3;
/** The working variables. */
const WORKING = 4;
const WORDS = [0, 1, 2, 3, 4, 5, 6, 7];

/** Takes in the blocks from the first parameter to before the second, of which there is one (FIPS 180-4). */
export function compress({ state, constants, schedule }: Sha256Places): WasmFunction {
  return {
    name: "compress",
    parameters: 2,
    locals: [[2 + WORDS.length, ValueType.I32]],
    body: repeatWhile(
      less(get(BLOCK), get(END)),
      readBlock(schedule),
      extend(schedule),
      WORDS.flatMap((i) => set(WORKING + i, access(LOAD, state + 4 * i, i32(0)))),
      set(AT, i32(0)),
      repeatWhile(
        less(get(AT), i32(4 * ROUNDS)),
        // After eight rounds each variable is at its place again.
        WORDS.flatMap((i) => round(i, constants, schedule)),
        set(AT, add(get(AT), i32(4 * WORDS.length))),
      ),
      WORDS.flatMap((i) => {
        const sum = add(access(LOAD, state + 4 * i, i32(0)), get(WORKING + i));
        return access(STORE, state + 4 * i, i32(0), sum);
      }),
      set(BLOCK, add(get(BLOCK), i32(BLOCK_LENGTH))),
    ),
  };
}

/** Writes the state to an address, the only parameter, as the bytes of a hash. */
export function emit({ state }: Sha256Places): WasmFunction {
  const half = (at: number) =>
    vectorAccess(0x0b, at, get(BLOCK), reversed(vectorAccess(0, state + at, i32(0)))); // v128.store
  return { name: "emit", parameters: 1, locals: [], body: [...half(0), ...half(16)] };
}

/** The first sixteen words of the schedule are those of the block. */
function readBlock(schedule: number): Code {
  return [0, 16, 32, 48].flatMap((at) =>
    vectorAccess(0x0b, schedule + at, i32(0), reversed(vectorAccess(0, at, get(BLOCK))))
  );
}

/** Bytes change places within each word, the highest first. */
function reversed(value: Code): Code {
  const lanes = Array.from({ length: 16 }, (_, i) => i ^ 3);
  return vector(0x0d, [value, value], lanes); // i8x16.shuffle
}

function extend(schedule: number): Code {
  const word = (back: number) => access(LOAD, schedule + 4 * (16 - back), get(AT));
  return [
    ...set(AT, i32(0)),
    ...repeatWhile(
      less(get(AT), i32(4 * (ROUNDS - 16))),
      access(
        STORE,
        schedule + 64,
        get(AT),
        add(
          add(word(16), xor(rotate(word(15), 7), rotate(word(15), 18), shift(word(15), 3))),
          add(word(7), xor(rotate(word(2), 17), rotate(word(2), 19), shift(word(2), 10))),
        ),
      ),
      set(AT, add(get(AT), i32(4))),
    ),
  ];
}

/** One of eight rounds. What a variable is called changes from round to round; no value moves. */
function round(index: number, constants: number, schedule: number): Code {
  const [a, b, c, d, e, f, g, h] = WORDS.map((i) => WORKING + (i + 8 - index) % 8) as [
    ...[number, number, number, number],
    ...[number, number, number, number],
  ];
  const input = add(
    access(LOAD, constants + 4 * index, get(AT)),
    access(LOAD, schedule + 4 * index, get(AT)),
  );
  const choice = xor(get(g), and(get(e), xor(get(f), get(g))));
  const majority = or(and(get(a), get(b)), and(get(c), or(get(a), get(b))));
  const mixed = (local: number, bits: readonly number[]) =>
    xor(...bits.map((count) => rotate(get(local), count)));
  return [
    ...set(SUM, add(add(get(h), mixed(e, [6, 11, 25])), add(choice, input))),
    ...set(d, add(get(d), get(SUM))),
    ...set(h, add(get(SUM), add(mixed(a, [2, 13, 22]), majority))),
  ];
}

/** What a hash begins with: of the square roots of the first eight primes. */
export function initialState(): Uint32Array<ArrayBuffer> {
  return Uint32Array.from(primes(8), (prime) => fraction(Math.sqrt(prime)));
}

/** What the rounds add: of the cube roots of the first 64 primes. */
export function roundConstants(): Uint32Array<ArrayBuffer> {
  return Uint32Array.from(primes(ROUNDS), (prime) => fraction(Math.cbrt(prime)));
}

/** The first 32 bits behind the point. */
function fraction(value: number): number {
  return (value - Math.floor(value)) * 0x1_0000_0000;
}

function primes(count: number): readonly number[] {
  const found: number[] = [];
  for (let n = 2; found.length < count; n++) if (found.every((p) => n % p !== 0)) found.push(n);
  return found;
}

const LOAD = 0x28; // i32.load
const STORE = 0x36; // i32.store

function add(left: Code, right: Code): Code {
  return operation(0x6a, left, right); // i32.add
}

function and(left: Code, right: Code): Code {
  return operation(0x71, left, right); // i32.and
}

function or(left: Code, right: Code): Code {
  return operation(0x72, left, right); // i32.or
}

function xor(...values: Code[]): Code {
  return values.reduce((left, right) => operation(0x73, left, right)); // i32.xor
}

function shift(value: Code, bits: number): Code {
  return operation(0x76, value, i32(bits)); // i32.shr_u
}

function rotate(value: Code, bits: number): Code {
  return operation(0x78, value, i32(bits)); // i32.rotr
}

function less(left: Code, right: Code): Code {
  return operation(0x49, left, right); // i32.lt_u
}
