import { Reader } from "../../src/bytes/reader.ts";
import { Writer } from "../../src/bytes/writer.ts";
import { AckFrame } from "../../src/frame/ack_frame.ts";
import { ALL_EXTENSIONS, type FrameHandler } from "../../src/frame/frame_table.ts";
import { readFrames } from "../../src/frame/read_frames.ts";

/** A call as the recorder keeps it: the method's name and its arguments, views copied. */
export type Call = [string, ...unknown[]];

/** A handler that writes down every call. */
export function recorder(calls: Call[]): FrameHandler {
  return new Proxy({} as FrameHandler, {
    get: (_, name) => (...args: unknown[]) => void calls.push([String(name), ...args.map(keep)]),
  });
}

/** Reads a packet's frames; returns the calls and the content bits. */
export function read(
  bytes: Uint8Array,
  packetType = 4,
  extensions: number = ALL_EXTENSIONS,
): { calls: Call[]; content: number } {
  const calls: Call[] = [];
  const content = readFrames(new Reader(bytes), packetType, extensions, recorder(calls));
  return { calls, content };
}

/** What `write` wrote. */
export function written(write: (writer: Writer) => void, room = 2000): Uint8Array<ArrayBuffer> {
  const writer = new Writer(new Uint8Array(room));
  write(writer);
  return writer.written().slice();
}

function keep(value: unknown): unknown {
  if (value instanceof Uint8Array) return [...value];
  if (!(value instanceof AckFrame)) return value;
  const { largest, delay, bounds, hasEcn, ect0, ect1, ce } = value;
  return { largest, delay, bounds: [...bounds], ecn: hasEcn ? [ect0, ect1, ce] : undefined };
}
