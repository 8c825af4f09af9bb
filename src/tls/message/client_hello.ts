// Reads and writes the ClientHello.

import { Reader } from "../../bytes/reader.ts";
import { Alert, alertError } from "../code/alert.ts";
import { ExtensionType, LEGACY_VERSION, MessageType } from "../code/code_point.ts";
import {
  expectEnd,
  type Extensions,
  readExtensions,
  readNumbers16,
  readVector16,
  readVector8,
} from "./extensions.ts";
import { MessageWriter } from "./message_writer.ts";

const WHAT = "the ClientHello";

/** What a client offers, as it was read (RFC 9846, Section 4.2.2). */
export interface ClientHello {
  readonly random: Uint8Array;
  readonly sessionId: Uint8Array;
  readonly suites: readonly number[];
  readonly extensions: Extensions;
}

/** One pre-shared key on offer. */
export interface PskIdentity {
  readonly identity: Uint8Array;
  /** The ticket's age in milliseconds with a secret number added, modulo 2^32. */
  readonly obfuscatedAge: number;
}

/** The extension pre_shared_key of a ClientHello. */
export interface PskOffer {
  readonly identities: readonly PskIdentity[];
  readonly binders: readonly Uint8Array[];
  /** Bytes of the message that the binders are not part of. */
  readonly binderLength: number;
}

/** One group and its public key. */
export interface KeyShareEntry {
  readonly group: number;
  readonly publicKey: Uint8Array;
}

/** Reads a whole ClientHello message. */
export function readClientHello(message: Uint8Array): ClientHello {
  const reader = new Reader(message, 4);
  reader.uint16(); // Any legacy version: supported_versions counts (RFC 9846, Section 4.2.2).
  const random = reader.take(32);
  const sessionId = readVector8(reader);
  if (sessionId.length > 32) throw malformed("its session ID is too long");
  const suiteBytes = readVector16(reader);
  if (suiteBytes.length < 2 || suiteBytes.length % 2) throw malformed("its cipher suites are cut");
  const suites = readNumbers16(new Reader(suiteBytes));
  const compression = readVector8(reader);
  if (compression.length !== 1 || compression[0] !== 0) {
    throw alertError(Alert.IllegalParameter, `Cannot accept ${WHAT}: it asks for compression`);
  }
  const extensions = readExtensions(reader, WHAT);
  expectEnd(reader, WHAT);
  if (extensions.has(ExtensionType.PreSharedKey)) {
    // RFC 9846, Section 4.3.11: binders cover all before them, so nothing may come after.
    if ([...extensions.keys()].pop() !== ExtensionType.PreSharedKey) {
      throw alertError(Alert.IllegalParameter, `Cannot accept ${WHAT}: its PSK is not at the end`);
    }
  }
  return { random, sessionId, suites, extensions };
}

/** Reads a list of 16-bit numbers with its length before it; `undefined` if it is not there. */
export function readNumberList(extensions: Extensions, type: number): number[] | undefined {
  const body = extensions.get(type);
  if (!body) return undefined;
  const reader = new Reader(body);
  const list = readVector16(reader);
  expectEnd(reader, WHAT);
  if (list.length < 2 || list.length % 2) throw malformed(`the list of extension ${type} is cut`);
  return readNumbers16(new Reader(list));
}

/** Reads supported_versions of a client. */
export function readVersions(extensions: Extensions): number[] {
  const body = extensions.get(ExtensionType.SupportedVersions);
  if (!body) return [];
  const reader = new Reader(body);
  const list = readVector8(reader);
  expectEnd(reader, WHAT);
  if (list.length < 2 || list.length % 2) throw malformed("its versions are cut");
  return readNumbers16(new Reader(list));
}

/** Reads the key shares of a client; no group may come twice (RFC 9846, Section 4.3.8). */
export function readKeyShares(extensions: Extensions): KeyShareEntry[] | undefined {
  const body = extensions.get(ExtensionType.KeyShare);
  if (!body) return undefined;
  const outer = new Reader(body);
  const reader = new Reader(readVector16(outer));
  expectEnd(outer, WHAT);
  const entries: KeyShareEntry[] = [];
  const seen = new Set<number>();
  while (reader.remaining > 0) {
    const group = reader.uint16();
    const publicKey = readVector16(reader);
    if (publicKey.length === 0) throw malformed("a key share is empty");
    if (seen.has(group)) {
      throw alertError(
        Alert.IllegalParameter,
        `Cannot accept ${WHAT}: two key shares of one group`,
      );
    }
    seen.add(group);
    entries.push({ group, publicKey });
  }
  return entries;
}

/** Reads the protocols a client or server speaks (RFC 7301, Section 3.1). */
export function readAlpn(body: Uint8Array): string[] {
  const outer = new Reader(body);
  const reader = new Reader(readVector16(outer));
  expectEnd(outer, "the protocol names");
  const names: string[] = [];
  while (reader.remaining > 0) {
    const name = readVector8(reader);
    if (name.length === 0) throw malformed("a protocol name is empty");
    names.push(bytesToLatin1(name));
  }
  if (names.length === 0) throw malformed("its list of protocols is empty");
  return names;
}

/** Reads the host name a client asks for (RFC 6066, Section 3). */
export function readServerName(extensions: Extensions): string | undefined {
  const body = extensions.get(ExtensionType.ServerName);
  if (!body) return undefined;
  const outer = new Reader(body);
  const reader = new Reader(readVector16(outer));
  expectEnd(outer, WHAT);
  let hostName: string | undefined;
  while (reader.remaining > 0) {
    const type = reader.uint8();
    const name = readVector16(reader);
    if (type !== 0) continue;
    if (hostName !== undefined || name.length === 0 || name.length > 255) {
      throw malformed("its server name is no name");
    }
    hostName = bytesToLatin1(name).toLowerCase();
  }
  return hostName;
}

/** Reads the pre-shared keys on offer (RFC 9846, Section 4.3.11). */
export function readPskOffer(extensions: Extensions): PskOffer | undefined {
  const body = extensions.get(ExtensionType.PreSharedKey);
  if (!body) return undefined;
  const outer = new Reader(body);
  const identityReader = new Reader(readVector16(outer));
  const binderReader = new Reader(readVector16(outer));
  const binderLength = 2 + binderReader.remaining;
  expectEnd(outer, WHAT);
  const identities: PskIdentity[] = [];
  while (identityReader.remaining > 0) {
    const identity = readVector16(identityReader);
    if (identity.length === 0) throw malformed("a PSK identity is empty");
    identities.push({ identity, obfuscatedAge: identityReader.uint32() });
  }
  const binders: Uint8Array[] = [];
  while (binderReader.remaining > 0) {
    const binder = readVector8(binderReader);
    if (binder.length < 32) throw malformed("a PSK binder is too short");
    binders.push(binder);
  }
  if (identities.length === 0) throw malformed("its list of PSK identities is empty");
  if (identities.length !== binders.length) {
    throw alertError(
      Alert.IllegalParameter,
      `Cannot accept ${WHAT}: ${identities.length} PSK identities but ${binders.length} binders`,
    );
  }
  return { identities, binders, binderLength };
}

/** What a ClientHello is written from. */
export interface ClientHelloFields {
  readonly random: Uint8Array;
  readonly suites: readonly number[];
  /** Each writes one extension, in order. */
  readonly extensions: readonly ((writer: MessageWriter) => void)[];
}

/** Writes a whole ClientHello message. */
export function writeClientHello(fields: ClientHelloFields): Uint8Array<ArrayBuffer> {
  const writer = new MessageWriter();
  const message = writer.openMessage(MessageType.ClientHello);
  writer.uint16(LEGACY_VERSION);
  writer.put(fields.random);
  writer.uint8(0); // RFC 9001, Section 8.4: no session ID in QUIC.
  const suites = writer.open(2);
  for (const suite of fields.suites) writer.uint16(suite);
  writer.close(suites, 2);
  writer.uint8(1);
  writer.uint8(0);
  const extensions = writer.open(2);
  for (const write of fields.extensions) write(writer);
  writer.close(extensions, 2);
  writer.closeMessage(message);
  return writer.bytes();
}

/** Writes an extension with a list of 16-bit numbers whose length takes `size` bytes. */
export function writeNumberList(
  writer: MessageWriter,
  type: number,
  numbers: readonly number[],
  size = 2,
): void {
  const extension = writer.openExtension(type);
  const list = writer.open(size);
  for (const number of numbers) writer.uint16(number);
  writer.close(list, size);
  writer.close(extension, 2);
}

/** Writes an extension with protocol names. */
export function writeAlpn(writer: MessageWriter, names: readonly string[]): void {
  const extension = writer.openExtension(ExtensionType.Alpn);
  const list = writer.open(2);
  for (const name of names) writer.vector(1, latin1ToBytes(name));
  writer.close(list, 2);
  writer.close(extension, 2);
}

/** Writes an extension with this body. */
export function writeExtension(writer: MessageWriter, type: number, body: Uint8Array): void {
  writer.uint16(type);
  writer.vector(2, body);
}

/** One character per byte: protocol names are bytes, and all of them must survive. */
export function latin1ToBytes(text: string): Uint8Array {
  return Uint8Array.from(text, (character) => character.charCodeAt(0));
}

/** The text of bytes, one character each. */
export function bytesToLatin1(bytes: Uint8Array): string {
  let text = "";
  for (const byte of bytes) text += String.fromCharCode(byte);
  return text;
}

function malformed(reason: string): Error {
  return alertError(Alert.DecodeError, `Cannot read ${WHAT}: ${reason}`);
}
