// The digest of a whole file.

import { type BinaryToTextEncoding, createHash } from "node:crypto";

/** Bytes that are read at a time. */
const CHUNK_SIZE = 256 * 1024;

/**
 * Reads a file to its end, and gives its digest.
 *
 * @param path The file.
 * @param algorithm The function, such as "sha256".
 * @param encoding How the digest is written.
 */
export async function digestFile(
  path: string,
  algorithm: string,
  encoding: BinaryToTextEncoding,
): Promise<string> {
  using file = await Deno.open(path);
  return await digestOpenFile(file, algorithm, encoding);
}

/**
 * Reads a file to its end, from where it is read next, and gives the digest of that.
 *
 * @param file The file; on some systems nothing else can read one that is locked.
 * @param algorithm The function, such as "sha256".
 * @param encoding How the digest is written.
 */
export async function digestOpenFile(
  file: Deno.FsFile,
  algorithm: string,
  encoding: BinaryToTextEncoding,
): Promise<string> {
  const hash = createHash(algorithm);
  const chunk = new Uint8Array(CHUNK_SIZE);
  for (let length; (length = await file.read(chunk)) !== null;) {
    hash.update(chunk.subarray(0, length));
  }
  return hash.digest(encoding);
}
