import type { BenchConnection, Stack } from "./stack.ts";

/** Answers every stream: eight bytes say how many are wanted. */
export async function answer(connection: BenchConnection): Promise<void> {
  try {
    for await (const stream of connection.incomingBidirectionalStreams) {
      serveStream(stream).catch(() => {});
    }
  } catch {
    // The client is gone.
  }
}

/** What a load has done. */
export interface Done {
  /** Bytes, requests or connections. */
  readonly count: number;
  readonly seconds: number;
  /** How long one takes, in ms, where that is known. */
  readonly median?: number;
}

/** One stream to the client, on a connection of its own. */
export async function bulk(stack: Stack, port: number, size: number): Promise<Done> {
  const connection = await stack.connect(port);
  await download(connection, 1_000);
  const start = performance.now();
  const received = await download(connection, size);
  return end(connection, start, size, received);
}

/** One stream to the server. */
export async function upload(stack: Stack, port: number, size: number): Promise<Done> {
  const connection = await stack.connect(port);
  await download(connection, 1_000);
  const start = performance.now();
  const { readable, writable } = await open(connection);
  const writer = writable.getWriter();
  await writer.write(request(UPLOAD));
  await writeBytes(writer, size);
  const answer = await readNumber(readable);
  return end(connection, start, size, answer);
}

/** Requests for 1 kB, each on a new stream, so many at a time. */
export async function requests(
  stack: Stack,
  port: number,
  atOnce: number,
  seconds: number,
): Promise<Done> {
  const connection = await stack.connect(port);
  const times: number[] = [];
  const start = performance.now();
  const until = start + 1_000 * seconds;
  await Promise.all(Array.from({ length: atOnce }, async () => {
    while (performance.now() < until) {
      const began = performance.now();
      await download(connection, 1_000);
      times.push(performance.now() - began);
    }
  }));
  const taken = (performance.now() - start) / 1_000;
  connection.close({ closeCode: 0, reason: "" });
  return { count: times.length, seconds: taken, median: median(times) };
}

/** New connections, one after the other, each good for one request. */
export async function connections(stack: Stack, port: number, seconds: number): Promise<Done> {
  const start = performance.now();
  let count = 0;
  for (; performance.now() < start + 1_000 * seconds; count++) {
    const connection = await stack.connect(port);
    await download(connection, 1_000);
    connection.close({ closeCode: 0, reason: "" });
  }
  return { count, seconds: (performance.now() - start) / 1_000 };
}

/** The middle one of some numbers. */
export function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[values.length >>> 1]!;
}

const CHUNK = new Uint8Array(65_536);
/** Asks for the number of bytes that follow, as eight bytes. */
const UPLOAD = -1;

async function serveStream({ readable, writable }: Deno.QuicBidirectionalStream): Promise<void> {
  const first = new Uint8Array(8);
  let received = 0;
  for await (const chunk of readable) {
    if (received < 8) first.set(chunk.subarray(0, 8 - received), received);
    received += chunk.length;
  }
  const wanted = new DataView(first.buffer).getFloat64(0);
  const writer = writable.getWriter();
  if (wanted !== UPLOAD) return await writeBytes(writer, wanted);
  writer.write(request(received - 8)).catch(() => {});
  await writer.close();
}

/** Asks for so many bytes on a new stream; returns how many came. */
export async function download(connection: BenchConnection, size: number): Promise<number> {
  const { readable, writable } = await open(connection);
  const writer = writable.getWriter();
  writer.write(request(size)).catch(() => {});
  writer.close().catch(() => {});
  let received = 0;
  for await (const chunk of readable) received += chunk.length;
  return received;
}

function open(connection: BenchConnection): Promise<Deno.QuicBidirectionalStream> {
  return connection.createBidirectionalStream({ waitUntilAvailable: true });
}

function request(value: number): Uint8Array {
  const bytes = new Uint8Array(8);
  new DataView(bytes.buffer).setFloat64(0, value);
  return bytes;
}

/** Writes so many bytes, and ends the stream. */
async function writeBytes(writer: WritableStreamDefaultWriter, size: number): Promise<void> {
  let left = size;
  for (; left > CHUNK.length; left -= CHUNK.length) await writer.write(CHUNK);
  writer.write(CHUNK.subarray(0, left)).catch(() => {});
  await writer.close();
}

async function readNumber(readable: ReadableStream<Uint8Array>): Promise<number> {
  const bytes = new Uint8Array(8);
  let length = 0;
  for await (const chunk of readable) {
    bytes.set(chunk, length);
    length += chunk.length;
  }
  return new DataView(bytes.buffer).getFloat64(0);
}

function end(connection: BenchConnection, start: number, size: number, came: number): Done {
  const seconds = (performance.now() - start) / 1_000;
  connection.close({ closeCode: 0, reason: "" });
  if (came !== size) throw new Error(`Cannot measure: ${came} of ${size} bytes came`);
  return { count: size, seconds };
}
