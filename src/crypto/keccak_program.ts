// The WebAssembly program of the Keccak permutation.

import {
  access,
  type Code,
  get,
  i32,
  i64,
  operation,
  repeatWhile,
  set,
  ValueType,
  type WasmFunction,
} from "./wasm_assembler.ts";

/** Bytes of the state, which has 25 lanes. */
export const STATE_LENGTH = 200;
/** Rounds of the permutation (FIPS 202, 3.3). */
const ROUNDS = 24;

const STATE = 0;
const ROUND = 1;
/** The lanes, what becomes of them within a round, and the parities of columns. */
const A = 2;
const B = A + 25;
const C = B + 25;
const D = C + 5;

const FIVE = [0, 1, 2, 3, 4];
const LANES = Array.from({ length: 25 }, (_, i) => i);

/**
 * Keccak-f[1600] (FIPS 202, 3.4) over the state at an address, the only parameter. Lanes are
 * words of 64 bits, the lowest byte first, and WebAssembly has no other order.
 *
 * @param constants Where {@linkcode roundConstants} are in memory.
 */
export function permute(constants: number): WasmFunction {
  return {
    name: "permute",
    parameters: 1,
    locals: [[1, ValueType.I32], [D + 1 - A, ValueType.I64]],
    body: [
      ...LANES.flatMap((i) => set(A + i, access(0x29, 8 * i, get(STATE)))), // i64.load
      ...set(ROUND, i32(constants)),
      ...repeatWhile(
        operation(0x49, get(ROUND), i32(constants + 8 * ROUNDS)), // i32.lt_u
        theta(),
        rhoAndPi(),
        chi(),
        set(A, xor(get(A), access(0x29, 0, get(ROUND)))), // iota
        set(ROUND, operation(0x6a, get(ROUND), i32(8))), // i32.add
      ),
      ...LANES.flatMap((i) => access(0x37, 8 * i, get(STATE), get(A + i))), // i64.store
    ],
  };
}

/** Each column takes in the parities of two others. */
function theta(): Code {
  return [
    ...FIVE.flatMap((x) => set(C + x, FIVE.map((y) => get(A + x + 5 * y)).reduce(xor))),
    ...FIVE.flatMap((x) => [
      ...set(D, xor(get(C + (x + 4) % 5), rotate(get(C + (x + 1) % 5), 1))),
      ...FIVE.flatMap((y) => set(A + x + 5 * y, xor(get(A + x + 5 * y), get(D)))),
    ]),
  ];
}

/** Lanes are rotated, and change places. */
function rhoAndPi(): Code {
  const offsets = rotations();
  return LANES.flatMap((i) => {
    const [x, y] = [i % 5, Math.floor(i / 5)];
    return set(B + y + 5 * ((2 * x + 3 * y) % 5), rotate(get(A + i), offsets[i]!));
  });
}

/** The only step that is not linear. */
function chi(): Code {
  return LANES.flatMap((i) => {
    const row = i - i % 5;
    const [next, third] = [row + (i + 1) % 5, row + (i + 2) % 5];
    const masked = operation(0x83, xor(get(B + next), i64(-1)), get(B + third)); // i64.and
    return set(A + i, xor(get(B + i), masked));
  });
}

/** FIPS 202, 3.2.2: by how much each lane is rotated. */
function rotations(): readonly number[] {
  const offsets = new Array<number>(25).fill(0);
  let [x, y] = [1, 0];
  for (let t = 0; t < ROUNDS; t++) {
    offsets[x + 5 * y] = (t + 1) * (t + 2) / 2 % 64;
    [x, y] = [y, (2 * x + 3 * y) % 5];
  }
  return offsets;
}

/** FIPS 202, 3.2.5: what the rounds add, as the words of 32 bits that make up lanes. */
export function roundConstants(): Uint32Array<ArrayBuffer> {
  const words = new Uint32Array(2 * ROUNDS);
  let register = 1;
  for (let round = 0; round < ROUNDS; round++) {
    for (let j = 0; j <= 6; j++) {
      const bit = (1 << j) - 1;
      if (register & 1) words[2 * round + (bit >>> 5)]! |= 1 << (bit & 31);
      register = register & 0x80 ? register << 1 ^ 0x171 : register << 1;
    }
  }
  return words;
}

function xor(left: Code, right: Code): Code {
  return operation(0x85, left, right); // i64.xor
}

function rotate(value: Code, bits: number): Code {
  return bits === 0 ? value : operation(0x89, value, i64(bits)); // i64.rotl
}
