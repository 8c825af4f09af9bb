import { concatBytes } from "../../src/bytes/bytes.ts";
import { StreamError } from "../../src/error/quic_error.ts";
import { frame, varints } from "../../src/http3/wire/frame.ts";
import { QpackDecoder } from "../../src/qpack/decoder.ts";
import { QpackEncoder } from "../../src/qpack/encoder.ts";
import type { H3BidirectionalStream, H3Transport } from "../../src/http3/transport.ts";
import type { CloseInfo, MemoryTransport } from "./memory_transport.ts";

/** Field lines as pairs. */
export type Lines = readonly (readonly [name: string, value: string])[];

/** The fields of a plain request. */
export const getLines: Lines = [
  [":method", "GET"],
  [":scheme", "https"],
  [":authority", "localhost"],
  [":path", "/"],
];

/** A HEADERS frame that uses the static table only. */
export function headersFrame(lines: Lines): Uint8Array<ArrayBuffer> {
  const encoder = new QpackEncoder({ tableCapacity: 0 });
  return frame(0x01, encoder.encode(0, lines.map(([name, value]) => ({ name, value }))));
}

/** A DATA frame. */
export function dataFrame(data: Uint8Array | string): Uint8Array<ArrayBuffer> {
  return frame(0x00, typeof data === "string" ? new TextEncoder().encode(data) : data);
}

/** What came back on a request's stream. */
export type Outcome =
  | { kind: "response"; status: string; bytes: number }
  | { kind: "reset"; code: number };

/** A peer that writes bytes where a proper one writes frames. */
export class RawPeer<T extends H3Transport = MemoryTransport> {
  readonly transport: T;

  constructor(transport: T) {
    this.transport = transport;
  }

  /** Opens a unidirectional stream that begins with these bytes. */
  async open(
    type: number,
    ...parts: Uint8Array[]
  ): Promise<WritableStreamDefaultWriter<Uint8Array<ArrayBufferLike>>> {
    const writer = (await this.transport.createUnidirectionalStream()).getWriter();
    writer.closed.catch(() => {});
    await writer.write(concatBytes(varints(type), ...parts));
    return writer;
  }

  /** Opens the control stream with empty SETTINGS and these frames. */
  settings(
    ...parts: Uint8Array[]
  ): Promise<WritableStreamDefaultWriter<Uint8Array<ArrayBufferLike>>> {
    return this.open(0x00, frame(0x04, new Uint8Array(0)), ...parts);
  }

  /** Sends these bytes as a request, ends it, and tells what came back. */
  async request(...parts: Uint8Array[]): Promise<Outcome> {
    const stream = await this.transport.createBidirectionalStream();
    const writer = stream.writable.getWriter();
    writer.closed.catch(() => {});
    for (const part of parts) await writer.write(part).catch(() => {});
    writer.close().catch(() => {});
    return await outcome(stream);
  }

  /** The code the connection was closed with, which must happen soon. */
  async closeCode(): Promise<number> {
    return (await within(this.transport.closed as Promise<CloseInfo>)).closeCode;
  }
}

/** Reads a response to its end. */
export async function outcome({ readable }: H3BidirectionalStream): Promise<Outcome> {
  const chunks: Uint8Array[] = [];
  try {
    for await (const chunk of readable) chunks.push(chunk);
  } catch (error) {
    if (error instanceof StreamError) return { kind: "reset", code: error.code };
    throw error;
  }
  const bytes = concatBytes(...chunks);
  const lines = await new QpackDecoder().decode(0, bytes.subarray(2, 2 + bytes[1]!));
  return { kind: "response", status: lines[0]!.value, bytes: bytes.length };
}

/** Fails rather than waits for ever. */
export async function within<T>(promise: Promise<T>, milliseconds = 20_000): Promise<T> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error("Nothing happened in time")), milliseconds);
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}
