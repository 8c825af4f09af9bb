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

/** Seconds that one stream takes for so many bytes, on a connection of its own. */
export async function bulk(stack: Stack, port: number, size: number): Promise<number> {
  const connection = await stack.connect(port);
  await download(connection, 1_000);
  const start = performance.now();
  const received = await download(connection, size);
  const seconds = (performance.now() - start) / 1_000;
  connection.close({ closeCode: 0, reason: "" });
  if (received !== size) throw new Error(`Cannot measure: ${received} of ${size} bytes came`);
  return seconds;
}

/** Requests for 1 kB per second, each on a new stream, so many at a time; and their median in ms. */
export async function requests(
  stack: Stack,
  port: number,
  atOnce: number,
  seconds: number,
): Promise<{ rate: number; median: number }> {
  const connection = await stack.connect(port);
  const times: number[] = [];
  const start = performance.now();
  const end = start + 1_000 * seconds;
  await Promise.all(Array.from({ length: atOnce }, async () => {
    while (performance.now() < end) {
      const began = performance.now();
      await download(connection, 1_000);
      times.push(performance.now() - began);
    }
  }));
  const rate = 1_000 * times.length / (performance.now() - start);
  connection.close({ closeCode: 0, reason: "" });
  return { rate, median: median(times) };
}

/** New connections per second, one after the other, each good for one request. */
export async function connections(stack: Stack, port: number, seconds: number): Promise<number> {
  const start = performance.now();
  let count = 0;
  for (; performance.now() < start + 1_000 * seconds; count++) {
    const connection = await stack.connect(port);
    await download(connection, 1_000);
    connection.close({ closeCode: 0, reason: "" });
  }
  return 1_000 * count / (performance.now() - start);
}

/** The middle one of some numbers. */
export function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[values.length >>> 1]!;
}

const CHUNK = new Uint8Array(65_536);

async function serveStream({ readable, writable }: Deno.QuicBidirectionalStream): Promise<void> {
  const request = new Uint8Array(8);
  let length = 0;
  for await (const chunk of readable) {
    request.set(chunk, length);
    length += chunk.length;
  }
  let left = new DataView(request.buffer).getFloat64(0);
  const writer = writable.getWriter();
  for (; left > CHUNK.length; left -= CHUNK.length) await writer.write(CHUNK);
  writer.write(CHUNK.subarray(0, left)).catch(() => {});
  await writer.close();
}

/** Asks for so many bytes on a new stream; returns how many came. */
export async function download(connection: BenchConnection, size: number): Promise<number> {
  const { readable, writable } = await connection.createBidirectionalStream({
    waitUntilAvailable: true,
  });
  const request = new Uint8Array(8);
  new DataView(request.buffer).setFloat64(0, size);
  const writer = writable.getWriter();
  writer.write(request).catch(() => {});
  writer.close().catch(() => {});
  let received = 0;
  for await (const chunk of readable) received += chunk.length;
  return received;
}
