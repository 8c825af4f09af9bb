// Streams of node as web streams read and write them: with back-pressure, and ends told from breaks.

import type { Readable, Writable } from "node:stream";
import { StreamError } from "../error/quic_error.ts";
import { H3ErrorCode } from "../http3/wire/code_point.ts";

/** What is said where a stream breaks off. */
export function broken(cause?: unknown): StreamError {
  if (cause instanceof StreamError) return cause;
  const why = cause instanceof Error ? cause.message : "it was reset";
  return new StreamError(H3ErrorCode.ConnectError, `Cannot go on with a stream: ${why}`);
}

/** What tells of events. */
interface Emitter {
  on(event: string, action: (error?: unknown) => void): unknown;
  off(event: string, action: (error?: unknown) => void): unknown;
}

/** Waits for an event; rejects if an error or the end comes first. */
export function happened(emitter: Emitter, event: string): Promise<void> {
  return new Promise((resolve, reject) => {
    emitter.on(event, () => resolve());
    emitter.on("error", reject);
    emitter.on("close", () => reject(broken()));
  });
}

/** How the end of a stream is judged; ends are ends if nothing is said. */
export interface ReadableOfOptions {
  /** Makes the error of a break. */
  readonly errorOf?: (cause?: unknown) => unknown;
  /** Whether all has come, when an end is told: some streams of the runtime tell one after a reset. */
  readonly isWhole?: () => boolean;
  /** Breaks it off. */
  readonly signal?: AbortSignal;
}

/**
 * What a stream brings, no faster than it is read. A break is an error of H3_CONNECT_ERROR, never
 * an end. The source holds the result only while a read waits for it, so that a result which is
 * read no more can be found unreachable.
 *
 * @param source The stream; nothing else may read it.
 * @param first What has come of it before.
 * @param onCancel Is told that nothing more is wanted.
 * @param options What ends count, and what breaks are called.
 */
export function readableOf(
  source: Readable,
  first: Uint8Array<ArrayBuffer> | undefined,
  onCancel: () => void,
  { errorOf = broken, isWhole = () => true, signal }: ReadableOfOptions = {},
): ReadableStream<Uint8Array<ArrayBuffer>> {
  let isOver = false;
  let reading: ReadableStreamDefaultController<Uint8Array<ArrayBuffer>> | undefined;
  return new ReadableStream<Uint8Array<ArrayBuffer>>({
    start(controller) {
      if (first !== undefined && first.length > 0) controller.enqueue(first);
      const held = new WeakRef(controller);
      const end = (finish: () => void) => {
        if (!isOver) finish();
        isOver = true;
      };
      const fail = (cause?: unknown) => end(() => held.deref()?.error(errorOf(cause)));
      source.pause();
      source.on("data", (chunk: Uint8Array<ArrayBuffer>) => {
        if (isOver) return;
        // The bytes stand in memory that the runtime shares with nothing else.
        const bytes = new Uint8Array(chunk.buffer, chunk.byteOffset, chunk.length);
        (reading ?? held.deref())?.enqueue(bytes);
        reading = undefined;
        source.pause();
      });
      const finish = () => isWhole() ? end(() => held.deref()?.close()) : fail();
      source.on("end", finish);
      source.on("aborted", fail);
      source.on("error", fail);
      source.on("close", fail);
      signal?.addEventListener("abort", fail);
      source.on("close", () => signal?.removeEventListener("abort", fail));
      // A stream without content ends with its fields, before there is a listener to be told.
      if (source.readableEnded) finish();
      else if (source.destroyed) fail();
      if (source.destroyed) signal?.removeEventListener("abort", fail);
    },
    pull(controller) {
      reading = controller;
      source.resume();
    },
    cancel() {
      isOver = true;
      onCancel();
    },
  }, { highWaterMark: 0 });
}

/** Bytes that are given to the system at a time, so that each such piece can be taken in time. */
export const PIECE = 65_536;

/** Writes a chunk, and waits while there is no room for more; rejects if there never will be. */
export async function write(target: Writable, chunk: Uint8Array): Promise<void> {
  if (target.destroyed || target.writableEnded) throw broken();
  if (!target.write(chunk)) await roomIn(target);
}

/** Resolves when there is room in a stream; rejects if it breaks. */
function roomIn(target: Writable): Promise<void> {
  return new Promise((resolve, reject) => {
    const forget = () => {
      target.off("drain", onDrain);
      target.off("close", onClose);
    };
    const onDrain = () => {
      forget();
      resolve();
    };
    const onClose = () => {
      forget();
      reject(broken());
    };
    target.on("drain", onDrain);
    target.on("close", onClose);
  });
}
