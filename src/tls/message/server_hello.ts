// The ServerHello and HelloRetryRequest messages of TLS (RFC 9846, Section 4.2.3).

import { equalBytes, fromHex } from "../../bytes/bytes.ts";
import { Reader } from "../../bytes/reader.ts";
import { Alert, alertError } from "../code/alert.ts";
import { ExtensionType, LEGACY_VERSION, MessageType, TLS_1_3 } from "../code/code_point.ts";
import { writeExtension } from "./client_hello.ts";
import {
  expectEnd,
  expectOnly,
  type Extensions,
  readExtensions,
  readVector16,
  readVector8,
} from "./extensions.ts";
import { MessageWriter } from "./message_writer.ts";

const WHAT = "the ServerHello";

/** The random value by which a HelloRetryRequest is told (RFC 9846, Section 4.2.3). */
const retryRandom = fromHex("cf21ad74e59a6111be1d8c021e65b891c2a211167abb8c5e079e09e2c8a8339c");

/** Ends of the random value of a server that was talked into an older version. */
const downgrades = [fromHex("444f574e47524401"), fromHex("444f574e47524400")];

/** A ServerHello or HelloRetryRequest, as it was read. */
export interface ServerHello {
  readonly isRetryRequest: boolean;
  readonly suite: number;
  /** The group of the server's share, or the one it wants; 0 if there is none. */
  readonly group: number;
  /** The server's public key; empty in a HelloRetryRequest. */
  readonly publicKey: Uint8Array;
  /** Which pre-shared key was chosen, -1 if none. */
  readonly pskIndex: number;
  /** What a HelloRetryRequest wants to have back. */
  readonly cookie: Uint8Array | undefined;
}

/** Reads a whole ServerHello message and checks what needs no knowledge of the ClientHello. */
export function readServerHello(message: Uint8Array): ServerHello {
  const reader = new Reader(message, 4);
  const legacyVersion = reader.uint16();
  const random = reader.take(32);
  const sessionId = readVector8(reader);
  const suite = reader.uint16();
  const compression = reader.uint8();
  const extensions = reader.remaining > 0 ? readExtensions(reader, WHAT) : new Map();
  expectEnd(reader, WHAT);
  checkVersion(legacyVersion, random, extensions);
  if (sessionId.length !== 0) throw illegal("it echoes a session ID that was never sent");
  if (compression !== 0) throw illegal("it compresses");
  const isRetryRequest = equalBytes(random, retryRandom);
  expectOnly(extensions, isRetryRequest ? retryExtensions : helloExtensions, WHAT);
  return { isRetryRequest, suite, ...readChoices(extensions, isRetryRequest) };
}

const helloExtensions = [
  ExtensionType.SupportedVersions,
  ExtensionType.KeyShare,
  ExtensionType.PreSharedKey,
];
const retryExtensions = [
  ExtensionType.SupportedVersions,
  ExtensionType.KeyShare,
  ExtensionType.Cookie,
];

/** What a ServerHello is written from. */
export interface ServerHelloFields {
  readonly random: Uint8Array;
  readonly suite: number;
  readonly group: number;
  readonly publicKey: Uint8Array;
  /** -1 if no pre-shared key was chosen. */
  readonly pskIndex: number;
}

/** Writes a whole ServerHello message. */
export function writeServerHello(fields: ServerHelloFields): Uint8Array<ArrayBuffer> {
  return writeHello(fields.random, fields.suite, (writer) => {
    const share = writer.openExtension(ExtensionType.KeyShare);
    writer.uint16(fields.group);
    writer.vector(2, fields.publicKey);
    writer.close(share, 2);
    if (fields.pskIndex < 0) return;
    const psk = writer.openExtension(ExtensionType.PreSharedKey);
    writer.uint16(fields.pskIndex);
    writer.close(psk, 2);
  });
}

/** Writes a whole HelloRetryRequest message that asks for a share of `group`. */
export function writeRetryRequest(
  suite: number,
  group: number,
  cookie?: Uint8Array,
): Uint8Array<ArrayBuffer> {
  return writeHello(retryRandom, suite, (writer) => {
    const share = writer.openExtension(ExtensionType.KeyShare);
    writer.uint16(group);
    writer.close(share, 2);
    if (!cookie) return;
    const body = new MessageWriter();
    body.vector(2, cookie);
    writeExtension(writer, ExtensionType.Cookie, body.bytes());
  });
}

function writeHello(
  random: Uint8Array,
  suite: number,
  writeExtensions: (writer: MessageWriter) => void,
): Uint8Array<ArrayBuffer> {
  const writer = new MessageWriter();
  const message = writer.openMessage(MessageType.ServerHello);
  writer.uint16(LEGACY_VERSION);
  writer.put(random);
  writer.uint8(0);
  writer.uint16(suite);
  writer.uint8(0);
  const extensions = writer.open(2);
  const version = writer.openExtension(ExtensionType.SupportedVersions);
  writer.uint16(TLS_1_3);
  writer.close(version, 2);
  writeExtensions(writer);
  writer.close(extensions, 2);
  writer.closeMessage(message);
  return writer.bytes();
}

/** RFC 9001, Section 4.2: nothing older than TLS 1.3. */
function checkVersion(legacyVersion: number, random: Uint8Array, extensions: Extensions): void {
  const body = extensions.get(ExtensionType.SupportedVersions);
  if (!body) {
    // RFC 9846, Section 4.2.3: a server that knows a newer version marks a forced choice of an
    // older one.
    const end = random.subarray(24);
    if (downgrades.some((mark) => equalBytes(mark, end))) {
      throw illegal("the version was talked down on the way");
    }
    throw alertError(Alert.ProtocolVersion, "Cannot go on: the server does not speak TLS 1.3");
  }
  const reader = new Reader(body);
  const version = reader.uint16();
  expectEnd(reader, WHAT);
  if (version !== TLS_1_3 || legacyVersion !== LEGACY_VERSION) {
    throw illegal("it chooses a version that was not offered");
  }
}

function readChoices(
  extensions: Extensions,
  isRetryRequest: boolean,
): Pick<ServerHello, "group" | "publicKey" | "pskIndex" | "cookie"> {
  const choices = {
    group: 0,
    publicKey: new Uint8Array(0),
    pskIndex: -1,
    cookie: undefined as Uint8Array | undefined,
  };
  const share = extensions.get(ExtensionType.KeyShare);
  if (share) {
    const reader = new Reader(share);
    choices.group = reader.uint16();
    if (!isRetryRequest) choices.publicKey = readVector16(reader).slice();
    expectEnd(reader, WHAT);
  }
  const psk = extensions.get(ExtensionType.PreSharedKey);
  if (psk) {
    const reader = new Reader(psk);
    choices.pskIndex = reader.uint16();
    expectEnd(reader, WHAT);
  }
  const cookie = extensions.get(ExtensionType.Cookie);
  if (cookie) {
    const reader = new Reader(cookie);
    choices.cookie = readVector16(reader).slice();
    expectEnd(reader, WHAT);
    if (choices.cookie.length === 0) {
      throw alertError(Alert.DecodeError, `Cannot read ${WHAT}: its cookie is empty`);
    }
  }
  return choices;
}

function illegal(reason: string): Error {
  return alertError(Alert.IllegalParameter, `Cannot accept ${WHAT}: ${reason}`);
}
