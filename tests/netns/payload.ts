/** A piece of the data, repeated; of a length that no packet or buffer is a multiple of. */
const PIECE = makePiece(65_521);

/** The bytes from `start` to `end` of what servers of these tests send. */
export function payload(start: number, end: number): Uint8Array<ArrayBuffer> {
  const data = new Uint8Array(end - start);
  for (let at = start; at < end;) {
    const from = at % PIECE.length;
    const size = Math.min(PIECE.length - from, end - at);
    data.set(PIECE.subarray(from, from + size), at - start);
    at += size;
  }
  return data;
}

function makePiece(length: number): Uint8Array<ArrayBuffer> {
  const piece = new Uint8Array(length);
  let state = 0x2545_f491;
  for (let i = 0; i < length; i++) {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    piece[i] = state;
  }
  return piece;
}
