// The WebAssembly program of Poly1305.

import {
  access,
  type Code,
  get,
  i32,
  i64,
  operation,
  repeatWhile,
  set,
  unless,
  ValueType,
  type WasmFunction,
} from "./wasm_assembler.ts";

/** Where the program finds and leaves things in memory. */
export interface Poly1305Places {
  /** Where the associated data begin. */
  readonly ad: number;
  /** Where the key is: 32 bytes. */
  readonly key: number;
  /** Where the tag goes: 16 bytes. */
  readonly tag: number;
}

// Numbers are held in five limbs of 26 bits, so that sums of products fit 64 bits.

const LIMBS = [0, 1, 2, 3, 4];
const LIMB_MASK = 0x3ff_ffff;
/** RFC 8439, Section 2.5: bits of the multiplier that are cleared, as limbs. */
const CLAMPS = [0x3ff_ffff, 0x3ff_ff03, 0x3ff_c0ff, 0x3f0_3fff, 0x00f_ffff];

const AD_END = 0;
const START = 1;
const END = 2;
const AT = 3;
/** The multiplier, and five times it. */
const R = 4;
const S = R + 5;
/** The sum so far, and products or what becomes of it. */
const H = S + 5;
const D = H + 5;
const CARRY = D + 5;

/**
 * Poly1305 (RFC 8439, Section 2.5) over whole blocks: those from `ad` to the first parameter, then
 * those from the second to the third, of which there is at least one.
 */
export function authenticate({ ad, key, tag }: Poly1305Places): WasmFunction {
  return {
    name: "authenticate",
    parameters: 3,
    locals: [[1, ValueType.I32], [CARRY + 1 - R, ValueType.I64]],
    body: [
      ...LIMBS.flatMap((i) => set(R + i, and(limbAt(i32(key), i), i64(CLAMPS[i]!)))),
      ...LIMBS.flatMap((i) => set(S + i, mul(get(R + i), i64(5)))),
      ...set(AT, i32(ad)),
      ...repeatWhile(
        operation(0x47, get(AT), get(END)), // i32.ne
        unless(operation(0x47, get(AT), get(AD_END)), set(AT, get(START))),
        addBlock(),
        multiply(),
        set(AT, operation(0x6a, get(AT), i32(16))), // i32.add
      ),
      ...carryAll(),
      ...subtractPrime(),
      ...storeTag(key, tag),
    ],
  };
}

/** Limb `i` of the 16 bytes at an address, its upper bits not yet cut off. */
function limbAt(address: Code, i: number): Code {
  return shiftRight(access(0x35, i < 4 ? 3 * i : 12, address), 2 * i); // i64.load32_u
}

/** Every block is a number with one more bit on top. */
function addBlock(): Code {
  return LIMBS.flatMap((i) => {
    const limb = limbAt(get(AT), i);
    const whole = i < 4 ? and(limb, i64(LIMB_MASK)) : or(limb, i64(0x100_0000));
    return set(H + i, add(get(H + i), whole));
  });
}

/** `H *= R` modulo 2^130 - 5, all but the last carries. */
function multiply(): Code {
  return [
    ...LIMBS.flatMap((k) =>
      set(D + k, LIMBS.map((i) => mul(get(H + i), factor(k - i))).reduce((a, b) => add(a, b)))
    ),
    ...LIMBS.flatMap((i) => [
      ...(i > 0 ? set(D + i, add(get(D + i), shiftRight(get(D + i - 1), 26))) : []),
      ...set(H + i, and(get(D + i), i64(LIMB_MASK))),
    ]),
    ...set(H, add(get(H), mul(shiftRight(get(D + 4), 26), i64(5)))),
    ...carry(0),
  ];
}

/** What is beyond 2^130 comes in again times five. */
function factor(limb: number): Code {
  return limb >= 0 ? get(R + limb) : get(S + 5 + limb);
}

/** Moves what limb `i` has too much into the next, from the last one to the first. */
function carry(i: number): Code {
  const next = (i + 1) % 5;
  const over = next === 0 ? mul(get(CARRY), i64(5)) : get(CARRY);
  return [
    ...set(CARRY, shiftRight(get(H + i), 26)),
    ...set(H + i, and(get(H + i), i64(LIMB_MASK))),
    ...set(H + next, add(get(H + next), over)),
  ];
}

function carryAll(): Code {
  return [1, 2, 3, 4, 0].flatMap(carry);
}

/** Takes off 2^130 - 5 if there is as much; time does not tell. */
function subtractPrime(): Code {
  return [
    ...set(CARRY, i64(5)),
    ...LIMBS.flatMap((i) => [
      ...set(D + i, add(get(H + i), get(CARRY))),
      ...set(CARRY, shiftRight(get(D + i), 26)),
      ...set(D + i, and(get(D + i), i64(LIMB_MASK))),
    ]),
    // All ones if H + 5 reached 2^130, else zero.
    ...set(CARRY, sub(i64(0), get(CARRY))),
    ...LIMBS.flatMap((i) => {
      const difference = operation(0x85, get(H + i), get(D + i)); // i64.xor
      return set(H + i, operation(0x85, get(H + i), and(difference, get(CARRY))));
    }),
  ];
}

/** The tag is the sum and the second half of the key, modulo 2^128. */
function storeTag(key: number, tag: number): Code {
  const low = or(or(get(H), shiftLeft(get(H + 1), 26)), shiftLeft(get(H + 2), 52));
  const high = or(
    or(shiftRight(get(H + 2), 12), shiftLeft(get(H + 3), 14)),
    shiftLeft(get(H + 4), 40),
  );
  const carried = operation(0xad, operation(0x54, get(D), access(0x29, 16, i32(key)))); // lt_u
  return [
    ...set(D, add(low, access(0x29, 16, i32(key)))), // i64.load
    ...set(D + 1, add(add(high, access(0x29, 24, i32(key))), carried)),
    ...access(0x37, 0, i32(tag), get(D)), // i64.store
    ...access(0x37, 8, i32(tag), get(D + 1)),
  ];
}

function add(a: Code, b: Code): Code {
  return operation(0x7c, a, b);
}

function sub(a: Code, b: Code): Code {
  return operation(0x7d, a, b);
}

function mul(a: Code, b: Code): Code {
  return operation(0x7e, a, b);
}

function and(a: Code, b: Code): Code {
  return operation(0x83, a, b);
}

function or(a: Code, b: Code): Code {
  return operation(0x84, a, b);
}

function shiftLeft(value: Code, bits: number): Code {
  return operation(0x86, value, i64(bits));
}

function shiftRight(value: Code, bits: number): Code {
  return operation(0x88, value, i64(bits));
}
