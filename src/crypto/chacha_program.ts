// The WebAssembly program of ChaCha20.

import { authenticate } from "./poly1305_program.ts";
import {
  access,
  assemble,
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

/*
 * ChaCha20-Poly1305 (RFC 8439) as a WebAssembly program, written in TypeScript that emits it: four
 * blocks of key stream at a time in vectors, and Poly1305 in limbs of 26 bits. It takes about 2 µs
 * for a packet, a third of what it takes to call the runtime's own.
 */

/** Where the 16 words of ChaCha20's first state are: constants, key, counter, nonce. */
export const STATE = 0;
/** Where the associated data begin, followed by zeros up to a multiple of 16. */
export const AD = 64;
/** The input: 64 zeros, which become the key of Poly1305, then the text. */
export const SOURCE = 0x2_0000;
/** The output: the key of Poly1305, and from its middle on the tag; then the text. */
export const TARGET = 0x4_0000;
/** Where in both the text begins. */
export const TEXT = 64;
/** Bytes that are done at a time. */
export const STRIDE = 256;
/** Where in the output the tag is put. */
export const TAG = 32;
/**
 * Where the 16 words are whose block gives a header's mask: constants, key and sample; the mask
 * itself lies behind them.
 */
export const MASK_STATE = 0x1_1000;
/** Where the first four words of that block are put. */
export const MASK = MASK_STATE + 64;
/** No text, and no associated data, may be longer: the length of UDP has 16 bits (RFC 768). */
export const MAX_TEXT = 0xffff;

/** Pages of 64 KiB: TARGET lies in the fifth, and what the last vectors write in the sixth. */
const PAGES = 6;
const COUNTER = 12;

/** What the program offers. */
export interface ChaChaProgram {
  readonly memory: WebAssembly.Memory;
  /**
   * XORs SOURCE with the key stream into TARGET, from `start`, a multiple of STRIDE, to `end` or the
   * next such multiple.
   */
  crypt(start: number, end: number): void;
  /**
   * Puts the tag of what lies from AD to `adEnd` and from `start` to `end` into TARGET. All are
   * multiples of 16.
   */
  authenticate(adEnd: number, start: number, end: number): void;
  /** Puts the first four words of the block of MASK_STATE into MASK. */
  mask(): void;
}

/** Makes the program ready to run. */
export function loadChaChaProgram(): ChaChaProgram {
  const places = { ad: AD, key: TARGET, tag: TARGET + TAG };
  const module = new WebAssembly.Module(assemble(PAGES, [crypt(), authenticate(places), mask()]));
  return new WebAssembly.Instance(module).exports as unknown as ChaChaProgram;
}

// ChaCha20: every vector holds one word of four blocks.

const AT = 0;
const END = 1;
const ROUNDS = 2;
const WORD = 3;
const SPARE = WORD + 16;

function crypt(): WasmFunction {
  const words = Array.from({ length: 16 }, (_, i) => i);
  return {
    name: "crypt",
    parameters: 2,
    locals: [[1, ValueType.I32], [20, ValueType.V128]],
    body: [
      ...storeCounter(operation(0x76, get(AT), i32(6))), // i32.shr_u: blocks have 64 bytes
      ...repeatWhile(
        operation(0x49, get(AT), get(END)), // i32.lt_u
        ...words.map((i) => set(WORD + i, firstWord(i))),
        set(ROUNDS, i32(10)),
        repeatWhile(get(ROUNDS), doubleRound(), set(ROUNDS, operation(0x6b, get(ROUNDS), i32(1)))),
        ...words.map((i) => set(WORD + i, addWords(get(WORD + i), firstWord(i)))),
        ...[0, 4, 8, 12].map(xorWords),
        storeCounter(operation(0x6a, access(0x28, 4 * COUNTER, i32(STATE)), i32(4))),
        set(AT, operation(0x6a, get(AT), i32(STRIDE))),
      ),
    ],
  };
}

/** One block alone: every vector holds a row of its state. */
function mask(): WasmFunction {
  const row = (i: number) => vectorAccess(0x00, MASK_STATE + 16 * i, i32(0)); // v128.load
  return {
    name: "mask",
    parameters: 0,
    locals: [[WORD, ValueType.I32], [4, ValueType.V128]],
    body: [
      ...[0, 1, 2, 3].flatMap((i) => set(WORD + i, row(i))),
      ...set(ROUNDS, i32(10)),
      ...repeatWhile(
        get(ROUNDS),
        quarterRound(0, 1, 2, 3),
        turnRows(1, 2, 3),
        quarterRound(0, 1, 2, 3),
        turnRows(3, 2, 1),
        set(ROUNDS, operation(0x6b, get(ROUNDS), i32(1))), // i32.sub
      ),
      ...vectorAccess(0x0b, MASK, i32(0), addWords(get(WORD), row(0))), // v128.store
    ],
  };
}

/** Turns all rows but the first by so many words, which makes columns of diagonals, or back. */
function turnRows(...steps: readonly number[]): Code {
  return steps.flatMap((step, i) => {
    const word = WORD + 1 + i;
    const lanes = [0, 1, 2, 3].map((lane) => (lane + step) % 4);
    return set(word, shuffle(get(word), get(word), lanesOf(4, lanes)));
  });
}

function storeCounter(value: Code): Code {
  return access(0x36, 4 * COUNTER, i32(STATE), value);
}

/** Word `i` of the first state of each of the four blocks: only their counters differ. */
function firstWord(i: number): Code {
  const same = vectorAccess(0x09, 4 * i, i32(STATE)); // v128.load32_splat
  const steps = [0, 0, 0, 0, 1, 0, 0, 0, 2, 0, 0, 0, 3, 0, 0, 0];
  return i === COUNTER ? addWords(same, vector(0x0c, [], steps)) : same;
}

/** RFC 8439, Section 2.3: four column rounds and four diagonal rounds. */
function doubleRound(): Code {
  return [
    ...[0, 1, 2, 3].flatMap((i) => quarterRound(i, 4 + i, 8 + i, 12 + i)),
    ...[0, 1, 2, 3].flatMap((i) =>
      quarterRound(i, 4 + (i + 1) % 4, 8 + (i + 2) % 4, 12 + (i + 3) % 4)
    ),
  ];
}

/** RFC 8439, Section 2.1. */
function quarterRound(a: number, b: number, c: number, d: number): Code {
  return [
    ...quarter(a, b, d, rotateBytes(d, [2, 3, 0, 1])),
    ...quarter(c, d, b, rotateBits(b, 12)),
    ...quarter(a, b, d, rotateBytes(d, [3, 0, 1, 2])),
    ...quarter(c, d, b, rotateBits(b, 7)),
  ];
}

/** `to += other; mixed ^= to;`, and then `mixed` is rotated. */
function quarter(to: number, other: number, mixed: number, rotated: Code): Code {
  return [
    ...set(WORD + to, addWords(get(WORD + to), get(WORD + other))),
    ...set(WORD + mixed, xor(get(WORD + mixed), get(WORD + to))),
    ...set(WORD + mixed, rotated),
  ];
}

function rotateBytes(word: number, order: readonly number[]): Code {
  const lanes = [0, 4, 8, 12].flatMap((lane) => order.map((byte) => lane + byte));
  return shuffle(get(WORD + word), get(WORD + word), lanes);
}

function rotateBits(word: number, bits: number): Code {
  const left = vector(0xab, [get(WORD + word), i32(bits)]); // i32x4.shl
  const right = vector(0xad, [get(WORD + word), i32(32 - bits)]); // i32x4.shr_u
  return vector(0x50, [left, right]); // v128.or
}

/** Turns four words of four blocks into 16 bytes of each block, and XORs these with the input. */
function xorWords(first: number): Code {
  const word = (i: number) => get(WORD + first + i);
  const spare = (i: number) => get(SPARE + i);
  const low = lanesOf(4, [0, 4, 1, 5]);
  const high = lanesOf(4, [2, 6, 3, 7]);
  const front = lanesOf(8, [0, 2]);
  const back = lanesOf(8, [1, 3]);
  return [
    ...set(SPARE, shuffle(word(0), word(1), low)),
    ...set(SPARE + 1, shuffle(word(0), word(1), high)),
    ...set(SPARE + 2, shuffle(word(2), word(3), low)),
    ...set(SPARE + 3, shuffle(word(2), word(3), high)),
    ...xorBytes(4 * first, shuffle(spare(0), spare(2), front)),
    ...xorBytes(4 * first + 64, shuffle(spare(0), spare(2), back)),
    ...xorBytes(4 * first + 128, shuffle(spare(1), spare(3), front)),
    ...xorBytes(4 * first + 192, shuffle(spare(1), spare(3), back)),
  ];
}

function xorBytes(offset: number, keyStream: Code): Code {
  const input = vectorAccess(0x00, SOURCE + offset, get(AT)); // v128.load
  return vectorAccess(0x0b, TARGET + offset, get(AT), xor(input, keyStream)); // v128.store
}

/** The bytes of lanes of `size` bytes each. */
function lanesOf(size: number, lanes: readonly number[]): number[] {
  return lanes.flatMap((lane) => Array.from({ length: size }, (_, i) => size * lane + i));
}

function shuffle(a: Code, b: Code, bytes: readonly number[]): Code {
  return vector(0x0d, [a, b], bytes);
}

function addWords(a: Code, b: Code): Code {
  return vector(0xae, [a, b]); // i32x4.add
}

function xor(a: Code, b: Code): Code {
  return vector(0x51, [a, b]);
}
