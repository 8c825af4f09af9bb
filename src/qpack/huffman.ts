// The Huffman code of header fields.

import { codeLengths, codes, END_OF_STRING } from "./huffman_table.ts";
import { SizeLimitError } from "./qpack_error.ts";

/*
 * Decoding walks a state machine by half bytes. A state is an inner node of the code tree, an entry
 * says where four more bits lead. No code is shorter than five bits, so at most one symbol ends.
 */
const EMITS = 0x100;
const FAILS = 0x200;
const STATE_SHIFT = 16;
const { transitions, mayEnd } = buildMachine();

let scratch = new Uint8Array(512);

/** Bytes that `text` takes in Huffman code; its characters must be below 256. */
export function huffmanSize(text: string): number {
  let bits = 0;
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code > 0xff) throw new TypeError("Cannot encode a field with characters above U+00FF");
    bits += codeLengths[code]!;
  }
  return (bits + 7) >>> 3;
}

/** Writes `text` in Huffman code at `at`, where `huffmanSize(text)` bytes must fit. */
export function encodeHuffman(text: string, out: Uint8Array, at: number): void {
  let pending = 0;
  let count = 0;
  for (let i = 0; i < text.length; i++) {
    const symbol = text.charCodeAt(i);
    let length = codeLengths[symbol]!;
    const code = codes[symbol]!;
    if (length > 24) { // beside up to seven pending bits it would not fit into 31
      length -= 16;
      pending = (pending << length) | (code >>> 16);
      count += length;
      while (count >= 8) out[at++] = pending >>> (count -= 8);
      length = 16;
    }
    pending = (pending << length) | (code & ((1 << length) - 1));
    count += length;
    while (count >= 8) out[at++] = pending >>> (count -= 8);
  }
  // RFC 7541, Section 5.2: padded with ones, the beginning of the end-of-string code.
  if (count > 0) out[at] = (pending << (8 - count)) | (0xff >>> count);
}

/**
 * Decodes the Huffman code in `bytes` from `start` to `end`.
 *
 * @throws {RangeError} If the padding is wrong or the end-of-string code occurs.
 * @throws {SizeLimitError} If more than `limit` bytes come out.
 */
export function decodeHuffman(
  bytes: Uint8Array,
  start: number,
  end: number,
  limit: number,
): string {
  const longest = Math.min(limit, Math.floor((end - start) * 8 / 5)) + 1;
  if (scratch.length < longest) scratch = new Uint8Array(2 * longest);
  let state = 0;
  let length = 0;
  for (let i = start; i < end; i++) {
    const byte = bytes[i]!;
    const high = transitions[(state << 4) | (byte >>> 4)]!;
    if (high & EMITS) scratch[length++] = high;
    const low = transitions[((high >>> STATE_SHIFT) << 4) | (byte & 15)]!;
    if (low & EMITS) scratch[length++] = low;
    if ((high | low) & FAILS) throw new RangeError("Cannot decode the end-of-string symbol");
    if (length > limit) throw new SizeLimitError("Cannot hold a string this long");
    state = low >>> STATE_SHIFT;
  }
  if (!mayEnd[state]) throw new RangeError("Cannot decode a string with wrong padding");
  return latin1(scratch, 0, length);
}

/** The bytes from `start` to `end` as characters below 256. */
export function latin1(bytes: Uint8Array, start: number, end: number): string {
  let text = "";
  for (let at = start; at < end; at += 4096) {
    const part = bytes.subarray(at, Math.min(end, at + 4096));
    text += String.fromCharCode.apply(null, part as unknown as number[]);
  }
  return text;
}

function buildMachine(): { transitions: Uint32Array; mayEnd: Uint8Array } {
  const children = buildTree();
  const transitions = new Uint32Array((children.length / 2) << 4);
  for (let state = 0; state < children.length / 2; state++) {
    for (let bits = 0; bits < 16; bits++) transitions[(state << 4) | bits] = walk(state, bits);
  }
  // Padding is fewer than eight ones, so a string may end on the first nodes along the ones.
  const mayEnd = new Uint8Array(children.length / 2);
  let node = 0;
  for (let ones = 0; ones < 8; ones++) {
    mayEnd[node] = 1;
    node = children[2 * node + 1]!;
  }
  return { transitions, mayEnd };

  function walk(state: number, bits: number): number {
    let node = state;
    let flags = 0;
    for (let bit = 3; bit >= 0; bit--) {
      const next = children[2 * node + ((bits >>> bit) & 1)]!;
      if (next >= 0) {
        node = next;
      } else {
        const symbol = -1 - next;
        flags = symbol === END_OF_STRING ? FAILS : EMITS | symbol;
        node = 0;
      }
    }
    return ((node << STATE_SHIFT) | flags) >>> 0;
  }
}

/** Two entries per inner node: the next node, or -1 - symbol for a leaf. */
function buildTree(): number[] {
  const children: number[] = [0, 0];
  for (let symbol = 0; symbol < codes.length; symbol++) {
    let node = 0;
    for (let bit = codeLengths[symbol]! - 1; bit > 0; bit--) {
      const at = 2 * node + ((codes[symbol]! >>> bit) & 1);
      if (children[at] === 0) {
        children[at] = children.length / 2;
        children.push(0, 0);
      }
      node = children[at]!;
    }
    children[2 * node + (codes[symbol]! & 1)] = -1 - symbol;
  }
  return children;
}
