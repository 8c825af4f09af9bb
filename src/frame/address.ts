// Frames about addresses: OBSERVED_ADDRESS, ALTERNATIVE_ADDRESS, ADD_ADDRESS and their relatives.

import type { Reader } from "../bytes/reader.ts";
import { varintSize } from "../bytes/varint.ts";
import type { Writer } from "../bytes/writer.ts";

// A type that carries an address is for IPv4; the next one, with the lowest bit set, is the same
// frame for IPv6.

/** Where the peer's packets come from (address discovery, Section 4). */
export const OBSERVED_ADDRESS = 0x9f81a6;
/** Another address of the server, or one no longer (alternative server addresses). */
export const ALTERNATIVE_ADDRESS = 0x1d5845e2;
/** Another address of the sender. */
export const ADD_ADDRESS = 0x3d7f90;
/** A wish to be met through a NAT. */
export const REACH_OUT = 0x3d7f92;
/** An address of the sender that is one no longer. */
export const REMOVE_ADDRESS = 0x3d7f94;

/** Hears of addresses; `ip` is 4 or 16 bytes. */
export interface AddressHandler {
  onObservedAddress(sequence: number, ip: Uint8Array, port: number): void;
  onAlternativeAddress(
    sequence: number,
    ip: Uint8Array,
    port: number,
    preferred: boolean,
    retire: boolean,
  ): void;
  onAddAddress(sequence: number, ip: Uint8Array, port: number): void;
  onReachOut(round: number, ip: Uint8Array, port: number): void;
  onRemoveAddress(sequence: number): void;
}

// Flags of ALTERNATIVE_ADDRESS, counted from the highest bit.
const PREFERRED = 0x80;
const RETIRE = 0x40;

/** Reads OBSERVED_ADDRESS from behind its type. */
export function readObservedAddress(reader: Reader, handler: AddressHandler, type: number): void {
  const sequence = reader.varintClamped();
  const ip = readIp(reader, type);
  handler.onObservedAddress(sequence, ip, reader.uint16());
}

/** Reads ALTERNATIVE_ADDRESS from behind its type. */
export function readAlternativeAddress(
  reader: Reader,
  handler: AddressHandler,
  type: number,
): void {
  const flags = reader.uint8();
  const sequence = reader.varintClamped();
  const ip = readIp(reader, type);
  const port = reader.uint16();
  const isPreferred = (flags & PREFERRED) !== 0;
  handler.onAlternativeAddress(sequence, ip, port, isPreferred, (flags & RETIRE) !== 0);
}

/** Reads ADD_ADDRESS from behind its type. */
export function readAddAddress(reader: Reader, handler: AddressHandler, type: number): void {
  const sequence = reader.varintClamped();
  const ip = readIp(reader, type);
  handler.onAddAddress(sequence, ip, reader.uint16());
}

/** Reads REACH_OUT from behind its type. */
export function readReachOut(reader: Reader, handler: AddressHandler, type: number): void {
  const round = reader.varintClamped();
  const ip = readIp(reader, type);
  handler.onReachOut(round, ip, reader.uint16());
}

/** Reads REMOVE_ADDRESS from behind its type. */
export function readRemoveAddress(reader: Reader, handler: AddressHandler): void {
  handler.onRemoveAddress(reader.varintClamped());
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
  writer.varint(OBSERVED_ADDRESS + familyBit(ip));
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
  writer.varint(ALTERNATIVE_ADDRESS + familyBit(ip));
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
  writer.varint(ADD_ADDRESS + familyBit(ip));
  writeAddress(writer, sequence, ip, port);
}

/** Writes REMOVE_ADDRESS. */
export function writeRemoveAddress(writer: Writer, sequence: number): void {
  writer.varint(REMOVE_ADDRESS);
  writer.varint(sequence);
}

/** The lowest bit of a type says which family its address is of. */
function readIp(reader: Reader, type: number): Uint8Array {
  return reader.take((type & 1) === 0 ? 4 : 16);
}

function writeAddress(writer: Writer, sequence: number, ip: Uint8Array, port: number): void {
  writer.varint(sequence);
  writer.put(ip);
  writer.uint16(port);
}

function familyBit(ip: Uint8Array): number {
  return ip.length === 16 ? 1 : 0;
}
