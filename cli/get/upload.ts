// One upload of a file, which goes on after losses where the server has stopped reading.

import type { Failure } from "../console/failure.ts";
import { digestFile } from "../files/file_digest.ts";
import { againLine, type Retry } from "./retry.ts";

/** Bytes that are read at a time. */
const CHUNK_SIZE = 64 * 1024;

/** What an upload needs from outside. */
export interface UploadOptions {
  /** The file. */
  readonly path: string;
  /** Its size in bytes. */
  readonly size: number;
  /** Whether to go on with what an earlier run has sent. */
  readonly isContinued: boolean;
  /** Asks the server how much it has; undefined if the server keeps no parts. */
  readonly askOffset: () => Promise<number | undefined>;
  /** Sends bytes of the file, with further fields. */
  readonly send: (
    body: () => ReadableStream<Uint8Array<ArrayBuffer>>,
    fields: Readonly<Record<string, string>>,
  ) => Promise<Response>;
  /** Whether any bytes have been sent, in whatever attempt. */
  readonly hasSent: () => boolean;
  /** When it is tried again. */
  readonly retry: Retry;
  /** Makes a failure of what ended an attempt. */
  readonly explain: (error: unknown) => Failure;
  /** Waits; rejects if the user does not want to. */
  readonly pause: (milliseconds: number) => Promise<void>;
  /** Takes a line for people. */
  readonly say: (line: string) => void;
}

/**
 * Uploads a file, in pieces if it must be. The last piece carries the digest of the whole file, so
 * that no server joins pieces of two versions.
 *
 * @param options What is needed.
 * @returns The last answer of the server, whatever it says.
 */
export async function uploadFile(options: UploadOptions): Promise<Response> {
  const { size, isContinued, hasSent, retry, explain, pause, say } = options;
  let most = 0;
  let isAgain = isContinued;
  for (;;) {
    try {
      const offset = isAgain ? await offsetOf(options) : 0;
      if (offset > most) retry.progress();
      most = Math.max(most, offset);
      if (offset > 0) say(`Going on at byte ${offset} of ${size}, which the server has`);
      isAgain = true;
      const response = await sendFrom(offset, options);
      // RFC 9110, Section 15.5.10: the server has got other bytes meanwhile, or has lost some.
      const isBehind = response.status === 409 && response.headers.has("upload-offset");
      // RFC 9530, Appendix: the pieces are not those of one file.
      const isMixed = response.status === 422 && offset > 0;
      const wait = isBehind || isMixed
        ? retry.next(explain(new Error("conflict")), true)
        : undefined;
      if (wait === undefined) return response;
      await response.body?.cancel();
      if (isMixed) {
        say("Starting over: what the server had is not of this file");
        isAgain = false;
      }
      await pause(wait);
    } catch (error) {
      const failure = explain(error);
      const wait = retry.next(failure, hasSent());
      if (wait === undefined) throw failure;
      say(againLine(failure, wait));
      await pause(wait);
    }
  }
}

async function offsetOf({ size, askOffset }: UploadOptions): Promise<number> {
  const offset = await askOffset() ?? 0;
  // A piece without bytes cannot be written in Content-Range: all of it is sent once more.
  return offset < size ? offset : 0;
}

async function sendFrom(offset: number, { path, size, send }: UploadOptions): Promise<Response> {
  const fields: Record<string, string> = { "content-length": String(size - offset) };
  if (offset > 0) {
    fields["content-range"] = `bytes ${offset}-${size - 1}/${size}`;
    fields["repr-digest"] = `sha-256=:${await digestFile(path, "sha256", "base64")}:`;
  }
  return await send(() => ReadableStream.from(bytesFrom(path, offset, size)), fields);
}

async function* bytesFrom(
  path: string,
  offset: number,
  size: number,
): AsyncGenerator<Uint8Array<ArrayBuffer>> {
  using file = await Deno.open(path);
  await file.seek(offset, Deno.SeekMode.Start);
  for (let left = size - offset; left > 0;) {
    const chunk = new Uint8Array(Math.min(CHUNK_SIZE, left));
    const length = await file.read(chunk);
    if (length === null) throw new Error(`${path} became ${left} bytes shorter meanwhile`);
    left -= length;
    yield chunk.subarray(0, length);
  }
}
