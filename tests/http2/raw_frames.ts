// Frames of HTTP/2 (RFC 9113, Section 4.1) as a client writes them that knows no better.

import { concatBytes } from "../../src/bytes/bytes.ts";

/** What a client says first (RFC 9113, Section 3.4). */
export const PREFACE = new TextEncoder().encode("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");

/** Kinds of frames (RFC 9113, Section 6). */
export const Kind = {
  Data: 0,
  Headers: 1,
  Priority: 2,
  Reset: 3,
  Settings: 4,
  Ping: 6,
  GoAway: 7,
  Window: 8,
};

/** A frame. */
export function frame(
  kind: number,
  flags: number,
  stream: number,
  content = new Uint8Array(),
): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(9 + content.length);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, content.length * 256 + kind);
  bytes[4] = flags;
  view.setUint32(5, stream);
  bytes.set(content, 9);
  return bytes;
}

/** Numbers of 32 bits, one after the other. */
export function numbers(...list: number[]): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(4 * list.length);
  list.forEach((number, i) => new DataView(bytes.buffer).setUint32(4 * i, number));
  return bytes;
}

/** A field of a header section, written without compression (RFC 7541, Section 6.2.2). */
export function field(name: string, value: string): Uint8Array {
  const text = new TextEncoder();
  return concatBytes(
    Uint8Array.of(0, name.length),
    text.encode(name),
    Uint8Array.of(value.length),
    text.encode(value),
  );
}
