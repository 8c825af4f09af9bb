import { createHash } from "node:crypto";

/** SHA-256 in hexadecimal. */
export function digest(data: Uint8Array): string {
  return createHash("sha256").update(data).digest("hex");
}

/** Writes everything, in pieces, then ends the stream. */
export async function sendAll(
  stream: WritableStream<Uint8Array>,
  data: Uint8Array,
  piece: number = 65_536,
): Promise<void> {
  const writer = stream.getWriter();
  for (let at = 0; at < data.length; at += piece) {
    await writer.write(data.subarray(at, at + piece));
  }
  await writer.close();
}

/** Reads a stream to its end. */
export async function collect(stream: ReadableStream<Uint8Array>): Promise<Uint8Array> {
  const pieces: Uint8Array[] = [];
  let length = 0;
  for await (const piece of stream) {
    pieces.push(piece);
    length += piece.length;
  }
  const result = new Uint8Array(length);
  let at = 0;
  for (const piece of pieces) {
    result.set(piece, at);
    at += piece.length;
  }
  return result;
}
