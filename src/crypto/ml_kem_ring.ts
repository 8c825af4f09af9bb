// Polynomials of ML-KEM: 256 coefficients modulo 3329 (FIPS 203, 4.2 and 4.3).

/** Coefficients of a polynomial. */
export const DEGREE = 256;
/** The modulus. */
export const Q = 3_329;

/**
 * A polynomial. Coefficients may be negative, and somewhat beyond the modulus where a comment says
 * so. No step here takes longer or reads other places for other values: they are secret.
 */
export type Polynomial = Int16Array;

/** The inverse of the modulus, modulo 2^16. */
const Q_INVERSE = 62_209;
/** 2^16, its square, and its square divided by 128, modulo Q: for products in Montgomery's form. */
const R = 2_285;
const R_SQUARED = 1_353;
const R_SQUARED_128TH = 1_441;
/** A root of unity. */
const ZETA = 17;

/** The powers of the root in the order of their use, with their bits reversed, times R. */
const zetas = Int16Array.from({ length: 128 }, (_, i) => {
  let value = R;
  for (let bits = reversed(i); bits > 0; bits--) value = value * ZETA % Q;
  return value > Q / 2 ? value - Q : value;
});

function reversed(index: number): number {
  let result = 0;
  for (let bit = 0; bit < 7; bit++) result |= (index >>> bit & 1) << (6 - bit);
  return result;
}

/** `product` divided by R, modulo Q: between -Q and Q, for products of less than 2^15 times Q. */
function reduceProduct(product: number): number {
  const low = Math.imul(product, Q_INVERSE) << 16 >> 16;
  return (product - Math.imul(low, Q)) >> 16;
}

/** The smallest number, by its size, that is the same modulo Q. */
function reduce(value: number): number {
  return value - Math.imul((Math.imul(20_159, value) + 0x200_0000) >> 26, Q);
}

/** From coefficients to NTT form, whose coefficients are below 8 times Q (Algorithm 9). */
export function transform(f: Polynomial): void {
  let k = 1;
  for (let length = 128; length >= 2; length >>= 1) {
    for (let start = 0; start < DEGREE; start += 2 * length) {
      const zeta = zetas[k++]!;
      for (let j = start; j < start + length; j++) {
        const t = reduceProduct(Math.imul(zeta, f[j + length]!));
        f[j + length] = f[j]! - t;
        f[j] = f[j]! + t;
      }
    }
  }
}

/** Back from NTT form, times R (Algorithm 10). Coefficients are below Q. */
export function transformBack(f: Polynomial): void {
  let k = 127;
  for (let length = 2; length <= 128; length <<= 1) {
    for (let start = 0; start < DEGREE; start += 2 * length) {
      const zeta = zetas[k--]!;
      for (let j = start; j < start + length; j++) {
        const t = f[j]!;
        f[j] = reduce(t + f[j + length]!);
        f[j + length] = reduceProduct(Math.imul(zeta, f[j + length]! - t));
      }
    }
  }
  for (let i = 0; i < DEGREE; i++) f[i] = reduceProduct(Math.imul(R_SQUARED_128TH, f[i]!));
}

/**
 * Adds the product of two polynomials in NTT form, divided by R (Algorithms 11 and 12). The sum of
 * three is below 6 times Q.
 */
export function addProduct(sum: Polynomial, f: Polynomial, g: Polynomial): void {
  for (let i = 0; i < DEGREE; i += 4) {
    const zeta = zetas[64 + (i >> 2)]!;
    addPair(sum, f, g, i, zeta);
    addPair(sum, f, g, i + 2, -zeta);
  }
}

function addPair(sum: Polynomial, f: Polynomial, g: Polynomial, i: number, zeta: number): void {
  const [f0, f1, g0, g1] = [f[i]!, f[i + 1]!, g[i]!, g[i + 1]!];
  const high = reduceProduct(Math.imul(f1, g1));
  sum[i]! += reduceProduct(Math.imul(f0, g0)) + reduceProduct(Math.imul(high, zeta));
  sum[i + 1]! += reduceProduct(Math.imul(f0, g1)) + reduceProduct(Math.imul(f1, g0));
}

/** Multiplies by R: what {@linkcode addProduct} divides by. */
export function timesR(f: Polynomial): void {
  for (let i = 0; i < DEGREE; i++) f[i] = reduceProduct(Math.imul(f[i]!, R_SQUARED));
}

/** Adds `g`, and makes the coefficients of the sum small. */
export function add(f: Polynomial, g: Polynomial): void {
  for (let i = 0; i < DEGREE; i++) f[i] = reduce(f[i]! + g[i]!);
}

/** Makes coefficients small. */
export function normalize(f: Polynomial): void {
  for (let i = 0; i < DEGREE; i++) f[i] = reduce(f[i]!);
}

/** Fills up a polynomial by rejection with the bytes of a block; how many it has then (Algorithm 7). */
export function sampleUniform(
  f: Polynomial,
  count: number,
  block: Uint8Array,
  end: number,
): number {
  for (let i = 0; i < end && count < DEGREE; i += 3) {
    const middle = block[i + 1]!;
    const first = block[i]! | (middle & 15) << 8;
    const second = middle >>> 4 | block[i + 2]! << 4;
    if (first < Q) f[count++] = first;
    if (second < Q && count < DEGREE) f[count++] = second;
  }
  return count;
}

/** A polynomial with small coefficients from 128 random bytes (Algorithm 8, of two bits). */
export function sampleNoise(bytes: Uint8Array): Polynomial {
  const f = new Int16Array(DEGREE);
  for (let i = 0; i < DEGREE / 2; i++) {
    const byte = bytes[i]!;
    const pairs = (byte & 0x55) + (byte >>> 1 & 0x55);
    f[2 * i] = (pairs & 3) - (pairs >>> 2 & 3);
    f[2 * i + 1] = (pairs >>> 4 & 3) - (pairs >>> 6);
  }
  return f;
}

/**
 * Writes coefficients of 12 bits (Algorithm 5). They must be small.
 *
 * @returns Where the next polynomial begins.
 */
export function encode(f: Polynomial, out: Uint8Array, at: number): number {
  for (let i = 0; i < DEGREE; i += 2) {
    const [first, second] = [positive(f[i]!), positive(f[i + 1]!)];
    out[at++] = first;
    out[at++] = first >>> 8 | second << 4;
    out[at++] = second >>> 4;
  }
  return at;
}

/** Reads coefficients of 12 bits (Algorithm 6); undefined if one is not below the modulus. */
export function decode(bytes: Uint8Array, at: number): Polynomial | undefined {
  const f = new Int16Array(DEGREE);
  let largest = 0;
  for (let i = 0; i < DEGREE; i += 2, at += 3) {
    const middle = bytes[at + 1]!;
    f[i] = bytes[at]! | (middle & 15) << 8;
    f[i + 1] = middle >>> 4 | bytes[at + 2]! << 4;
    largest = Math.max(largest, f[i]!, f[i + 1]!);
  }
  return largest < Q ? f : undefined;
}

/**
 * Writes coefficients rounded to so many bits (FIPS 203, 4.2.1, Compress). They must be small.
 *
 * @param bits A divisor of 8, or 10.
 * @returns Where the next polynomial begins.
 */
export function compress(f: Polynomial, bits: number, out: Uint8Array, at: number): number {
  let held = 0;
  let count = 0;
  for (let i = 0; i < DEGREE; i++) {
    // No division: how long one takes may depend on what is divided.
    const scaled = (positive(f[i]!) << bits) + (Q >>> 1);
    const rounded = (scaled + 0.5) * (1 / Q) | 0;
    held |= (rounded & (1 << bits) - 1) << count;
    for (count += bits; count >= 8; count -= 8, held >>>= 8) out[at++] = held;
  }
  return at;
}

/** Reads such coefficients (FIPS 203, 4.2.1, Decompress). */
export function decompress(bytes: Uint8Array, bits: number, at: number): Polynomial {
  const f = new Int16Array(DEGREE);
  let held = 0;
  let count = 0;
  for (let i = 0; i < DEGREE; i++) {
    for (; count < bits; count += 8) held |= bytes[at++]! << count;
    f[i] = (held & (1 << bits) - 1) * Q + (1 << bits - 1) >>> bits;
    held >>>= bits;
    count -= bits;
  }
  return f;
}

/** The same modulo Q, but not negative. */
function positive(value: number): number {
  return value + (value >> 15 & Q);
}
