// Object identifiers of certificates, in a form that can be compared.

import { toHex } from "../../bytes/bytes.ts";

/** Bytes of an object identifier that are shown to people; longer ones are no standard's. */
const MAX_SHOWN = 32;

/**
 * An object identifier as it is compared: the bytes of its DER content, in hexadecimal. Numbers are
 * made of it only to be shown, as a peer can choose them larger than any machine's.
 *
 * @param text Its arcs with dots between them; each below 2^28.
 */
export function identifier(text: string): string {
  const [first, second, ...rest] = text.split(".").map(Number);
  const bytes: number[] = [];
  for (const arc of [first! * 40 + second!, ...rest]) {
    const start = bytes.length;
    for (let left = arc; left > 0 || bytes.length === start; left >>>= 7) {
      bytes.splice(start, 0, (left & 0x7f) | (bytes.length > start ? 0x80 : 0));
    }
  }
  return toHex(Uint8Array.from(bytes));
}

/** An object identifier for people. */
export function identifierText(key: string): string {
  if (key.length > 2 * MAX_SHOWN) return `of ${key.length / 2} bytes`;
  const arcs: number[] = [];
  let arc = 0;
  for (const byte of key.matchAll(/../g)) {
    const value = parseInt(byte[0], 16);
    arc = arc * 128 + (value & 0x7f);
    if (value > 0x7f) continue;
    if (arcs.length === 0) {
      const first = Math.min(Math.floor(arc / 40), 2);
      arcs.push(first, arc - 40 * first);
    } else arcs.push(arc);
    arc = 0;
  }
  return arcs.join(".");
}
