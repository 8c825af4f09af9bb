import type { Reader } from "../bytes/reader.ts";
import { varintSize } from "../bytes/varint.ts";
import type { Writer } from "../bytes/writer.ts";
import type { FrameHandler } from "./frame_handler.ts";
import { FrameType } from "./frame_type.ts";

// Flags of ALTERNATIVE_ADDRESS, counted from the highest bit.
const PREFERRED = 0x80;
const RETIRE = 0x40;

/** Reads a frame about addresses from behind its type, whose lowest bit is 1 for IPv6. */
export function readAddressFrame(reader: Reader, type: number, handler: FrameHandler): void {
  const ipLength = (type & 1) === 0 ? 4 : 16;
  switch (type) {
    case FrameType.ObservedAddressV4:
    case FrameType.ObservedAddressV6: {
      const sequence = reader.varintClamped();
      const ip = reader.take(ipLength);
      return handler.onObservedAddress(sequence, ip, reader.uint16());
    }
    case FrameType.AlternativeAddressV4:
    case FrameType.AlternativeAddressV6: {
      const flags = reader.uint8();
      const sequence = reader.varintClamped();
      const ip = reader.take(ipLength);
      const port = reader.uint16();
      const isPreferred = (flags & PREFERRED) !== 0;
      return handler.onAlternativeAddress(sequence, ip, port, isPreferred, (flags & RETIRE) !== 0);
    }
    case FrameType.AddAddressV4:
    case FrameType.AddAddressV6: {
      const sequence = reader.varintClamped();
      const ip = reader.take(ipLength);
      return handler.onAddAddress(sequence, ip, reader.uint16());
    }
    case FrameType.ReachOutV4:
    case FrameType.ReachOutV6: {
      const round = reader.varintClamped();
      const ip = reader.take(ipLength);
      return handler.onReachOut(round, ip, reader.uint16());
    }
    case FrameType.RemoveAddress:
      return handler.onRemoveAddress(reader.varintClamped());
  }
}

/** Bytes of OBSERVED_ADDRESS or ADD_ADDRESS; ALTERNATIVE_ADDRESS has one more. */
export function addressSize(sequence: number, ip: Uint8Array): number {
  return 4 + varintSize(sequence) + ip.length + 2;
}

/** Bytes of REMOVE_ADDRESS. */
export function removeAddressSize(sequence: number): number {
  return 4 + varintSize(sequence);
}

/** Writes OBSERVED_ADDRESS; `ip` is 4 or 16 bytes here and below. */
export function writeObservedAddress(
  writer: Writer,
  sequence: number,
  ip: Uint8Array,
  port: number,
): void {
  writer.varint(FrameType.ObservedAddressV4 + familyBit(ip));
  writeAddress(writer, sequence, ip, port);
}

/** Writes ALTERNATIVE_ADDRESS. */
export function writeAlternativeAddress(
  writer: Writer,
  sequence: number,
  ip: Uint8Array,
  port: number,
  preferred: boolean,
  retire: boolean,
): void {
  writer.varint(FrameType.AlternativeAddressV4 + familyBit(ip));
  writer.uint8((preferred ? PREFERRED : 0) | (retire ? RETIRE : 0));
  writeAddress(writer, sequence, ip, port);
}

/** Writes ADD_ADDRESS. */
export function writeAddAddress(
  writer: Writer,
  sequence: number,
  ip: Uint8Array,
  port: number,
): void {
  writer.varint(FrameType.AddAddressV4 + familyBit(ip));
  writeAddress(writer, sequence, ip, port);
}

/** Writes REMOVE_ADDRESS. */
export function writeRemoveAddress(writer: Writer, sequence: number): void {
  writer.varint(FrameType.RemoveAddress);
  writer.varint(sequence);
}

function writeAddress(writer: Writer, sequence: number, ip: Uint8Array, port: number): void {
  writer.varint(sequence);
  writer.put(ip);
  writer.uint16(port);
}

function familyBit(ip: Uint8Array): number {
  return ip.length === 16 ? 1 : 0;
}
