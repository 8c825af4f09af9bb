// Reads PEM blocks.

import { Buffer } from "node:buffer";

/** The contents of every PEM block with this label, in order (RFC 7468). */
export function readPem(text: string, label: string): Uint8Array<ArrayBuffer>[] {
  const blocks: Uint8Array<ArrayBuffer>[] = [];
  const begin = `-----BEGIN ${label}-----`;
  const end = `-----END ${label}-----`;
  for (let at = text.indexOf(begin); at >= 0; at = text.indexOf(begin, at)) {
    at += begin.length;
    const stop = text.indexOf(end, at);
    if (stop < 0) break;
    blocks.push(new Uint8Array(Buffer.from(text.slice(at, stop), "base64")));
    at = stop + end.length;
  }
  return blocks;
}

/**
 * Whether a text ends within a block with this label, as a file that is just being written does: what
 * it says is not all that there is.
 */
export function isPemCut(text: string, label: string): boolean {
  return text.lastIndexOf(`-----BEGIN ${label}-----`) > text.lastIndexOf(`-----END ${label}-----`);
}
