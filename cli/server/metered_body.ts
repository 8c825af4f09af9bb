// A body whose bytes are counted, and held back to a rate, on their way to the client.

/** Holds a body back. */
export interface Pace {
  /** Takes note of bytes; milliseconds to wait before more are given. */
  take(count: number): number;
}

/** What is read for a reader that brings no memory. */
const CHUNK_SIZE = 65_536;
/** What is given at once of a body that is held back, so that it flows evenly. */
const PACED_SIZE = 16_384;

/**
 * The same body, with its bytes counted.
 *
 * @param body The body.
 * @param onBytes Hears of the bytes that are given.
 * @param pace Holds it back, if anything does.
 */
export function meteredBody(
  body: ReadableStream<Uint8Array>,
  onBytes: (count: number) => void,
  pace?: Pace,
): ReadableStream<Uint8Array> {
  const source = readerOf(body);
  return new ReadableStream({
    type: "bytes",
    autoAllocateChunkSize: CHUNK_SIZE,
    async pull(controller) {
      const request = controller.byobRequest!;
      const wanted = request.view as Uint8Array<ArrayBuffer>;
      const { view, isDone } = await source.read(
        pace === undefined ? wanted : wanted.subarray(0, PACED_SIZE),
      );
      if (isDone) {
        controller.close();
        return request.respondWithNewView(view);
      }
      const { length } = view;
      onBytes(length);
      request.respondWithNewView(view);
      const wait = pace?.take(length) ?? 0;
      if (wait > 0) await new Promise((resolve) => setTimeout(resolve, wait));
    },
    cancel: (reason) => source.cancel(reason),
  });
}

/** Reads into views, from streams that can do so and those that cannot. */
interface ViewReader {
  read(view: Uint8Array<ArrayBuffer>): Promise<{ view: Uint8Array<ArrayBuffer>; isDone: boolean }>;
  cancel(reason: unknown): Promise<void>;
}

function readerOf(body: ReadableStream<Uint8Array>): ViewReader {
  try {
    const reader = body.getReader({ mode: "byob" });
    return {
      async read(view) {
        const { value, done } = await reader.read(view);
        return { view: value ?? view.subarray(0, 0), isDone: done };
      },
      cancel: (reason) => reader.cancel(reason),
    };
  } catch {
    return plainReader(body.getReader());
  }
}

function plainReader(reader: ReadableStreamDefaultReader<Uint8Array>): ViewReader {
  let rest: Uint8Array = new Uint8Array();
  return {
    async read(view) {
      while (rest.length === 0) {
        const { value, done } = await reader.read();
        if (done) return { view: view.subarray(0, 0), isDone: true };
        rest = value;
      }
      const count = Math.min(rest.length, view.length);
      view.set(rest.subarray(0, count));
      rest = rest.subarray(count);
      return { view: view.subarray(0, count), isDone: false };
    },
    cancel: (reason) => reader.cancel(reason),
  };
}
