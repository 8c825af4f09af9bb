// The body of an answer that is taken once.

import { CurlCode } from "../console/curl_code.ts";
import { Failure } from "../console/failure.ts";
import { readContentRange } from "../http/content_range.ts";
import { codingOf } from "../http/representation.ts";
import type { Answer } from "./download.ts";

/** What is decoded on request. */
const decodable: ReadonlyMap<string, CompressionFormat> = new Map([
  ["gzip", "gzip"],
  ["x-gzip", "gzip"],
  ["deflate", "deflate"],
]);

/**
 * Sees to it that an answer begins at the byte that was asked for.
 *
 * @param answer The answer.
 * @param from The byte.
 * @throws {Failure} If it does not.
 */
export async function checkRange({ response, url }: Answer, from: number): Promise<void> {
  const range = readContentRange(response.headers.get("content-range"));
  if (response.status === 206 && range?.first === from) return;
  await response.body?.cancel();
  throw new Failure(
    `Cannot go on at byte ${from} of ${url.href}: the server does not send that part; leave -C out`,
    1,
    CurlCode.Range,
  );
}

/**
 * The bytes of an answer.
 *
 * @param response The answer.
 * @param isWanted Whether compressed content is to be decompressed.
 */
export function decoded(response: Response, isWanted: boolean): AsyncIterable<Uint8Array> {
  const body = response.body ?? new ReadableStream({ start: (stream) => stream.close() });
  const format = isWanted ? decodable.get(codingOf(response.headers)) : undefined;
  return format === undefined ? body : body.pipeThrough(new DecompressionStream(format));
}
