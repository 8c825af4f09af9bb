// SOCKS 5 as the near side speaks it (RFC 1928), with names and passwords (RFC 1929).

import type { ByteReader } from "./byte_reader.ts";

/** The version that a greeting begins with. */
export const SOCKS_VERSION = 5;

/** What a program may ask for (RFC 1928). */
export const SocksCommand = { Connect: 1, Bind: 2, UdpAssociate: 3 } as const;

/** What is answered (RFC 1928). */
export const SocksReply = {
  Succeeded: 0,
  GeneralFailure: 1,
  NotAllowed: 2,
  NetworkUnreachable: 3,
  HostUnreachable: 4,
  ConnectionRefused: 5,
  TimedOut: 6,
  CommandNotSupported: 7,
  AddressNotSupported: 8,
} as const;

const NO_AUTHENTICATION = 0;
const PASSWORD = 2;
const NO_METHOD = 0xff;
const AddressType = { V4: 1, Name: 3, V6: 4 } as const;

/** A host and a port, as CONNECT names them; brackets around IPv6. */
export interface SocksTarget {
  /** Such as `example.com:443`. */
  readonly target: string;
  /** Bytes that the address and the port took. */
  readonly size: number;
}

/** What a program asks for. */
export interface SocksRequest {
  readonly command: number;
  /** Undefined if its kind of address is not known. */
  readonly target: string | undefined;
}

/**
 * Reads the greeting and lets the program show its password, if one is wanted.
 *
 * @param reader What the program sends.
 * @param send Sends to the program.
 * @param isUser Says whether a name and a password are good; without it none is asked for.
 * @returns Whether the program may go on.
 */
export async function greetSocks(
  reader: ByteReader,
  send: (bytes: Uint8Array) => Promise<void>,
  isUser: ((name: string, password: string) => boolean) | undefined,
): Promise<boolean> {
  const [version, count] = await reader.take(2) ?? [];
  if (version !== SOCKS_VERSION || count === undefined) return false;
  const methods = await reader.take(count);
  const wanted = isUser ? PASSWORD : NO_AUTHENTICATION;
  if (!methods?.includes(wanted)) {
    await send(Uint8Array.of(SOCKS_VERSION, NO_METHOD));
    return false;
  }
  await send(Uint8Array.of(SOCKS_VERSION, wanted));
  if (isUser === undefined) return true;
  const [passwordVersion, nameLength] = await reader.take(2) ?? [];
  if (passwordVersion !== 1 || nameLength === undefined) return false;
  const name = await reader.take(nameLength);
  const [passwordLength] = await reader.take(1) ?? [];
  if (passwordLength === undefined) return false;
  const password = await reader.take(passwordLength);
  if (name === undefined || password === undefined) return false;
  const decoder = new TextDecoder();
  const isGood = isUser(decoder.decode(name), decoder.decode(password));
  await send(Uint8Array.of(1, isGood ? 0 : 1));
  return isGood;
}

/**
 * Reads what the program asks for.
 *
 * @returns Undefined if that is no request.
 */
export async function readSocksRequest(reader: ByteReader): Promise<SocksRequest | undefined> {
  const [version, command, _reserved, type] = await reader.take(4) ?? [];
  if (version !== SOCKS_VERSION || command === undefined || type === undefined) return undefined;
  const length = type === AddressType.V4 ? 4 : type === AddressType.V6 ? 16 : undefined;
  if (length === undefined && type !== AddressType.Name) return { command, target: undefined };
  const size = length ?? (await reader.take(1))?.[0];
  const rest = size === undefined ? undefined : await reader.take(size + 2);
  if (rest === undefined) return undefined;
  const head = length === undefined ? [type, size!] : [type];
  return { command, target: readSocksTarget(Uint8Array.of(...head, ...rest))?.target };
}

/**
 * Reads a type, an address and a port.
 *
 * @returns Undefined if the bytes are too few, or the type is not known.
 */
export function readSocksTarget(bytes: Uint8Array): SocksTarget | undefined {
  const type = bytes[0];
  const start = type === AddressType.Name ? 2 : 1;
  const length = type === AddressType.V4
    ? 4
    : type === AddressType.V6
    ? 16
    : type === AddressType.Name
    ? bytes[1]
    : undefined;
  if (length === undefined || bytes.length < start + length + 2) return undefined;
  const address = bytes.subarray(start, start + length);
  const port = bytes[start + length]! * 256 + bytes[start + length + 1]!;
  const host = type === AddressType.V4
    ? address.join(".")
    : type === AddressType.V6
    ? `[${groups(address)}]`
    : new TextDecoder().decode(address);
  return { target: `${host}:${port}`, size: start + length + 2 };
}

/**
 * An answer.
 *
 * @param reply One of {@linkcode SocksReply}.
 * @param hostname The literal address of ours that goes with it.
 * @param port Its port.
 */
export function socksReply(
  reply: number,
  hostname = "0.0.0.0",
  port = 0,
): Uint8Array<ArrayBuffer> {
  return Uint8Array.of(SOCKS_VERSION, reply, 0, ...socksAddress(hostname, port));
}

/** A literal address and a port as SOCKS writes them. */
function socksAddress(hostname: string, port: number): number[] {
  const ends = [port >>> 8, port & 0xff];
  if (!hostname.includes(":")) {
    return [AddressType.V4, ...hostname.split(".").map(Number), ...ends];
  }
  const [head = "", tail] = hostname.split("%")[0]!.split("::");
  const parse = (text: string) =>
    text === "" ? [] : text.split(":").map((group) => parseInt(group, 16));
  const before = parse(head);
  const after = parse(tail ?? "");
  const between = Array(Math.max(0, 8 - before.length - after.length)).fill(0);
  const all = [...before, ...between, ...after].flatMap((group) => [group >>> 8, group & 0xff]);
  return [AddressType.V6, ...all, ...ends];
}

function groups(bytes: Uint8Array): string {
  return Array.from({ length: 8 }, (_, i) => (bytes[2 * i]! * 256 + bytes[2 * i + 1]!).toString(16))
    .join(":");
}
