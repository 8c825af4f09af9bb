// Session tickets: what they carry, and the NewSessionTicket message (RFC 9846, Section 4.7.1).

import { Reader } from "../../bytes/reader.ts";
import { ErrorCode } from "../../error/error_code.ts";
import { TransportError } from "../../error/quic_error.ts";
import { Alert, alertError } from "../code/alert.ts";
import { ExtensionType, MessageType } from "../code/code_point.ts";
import { bytesToLatin1, latin1ToBytes } from "./client_hello.ts";
import { expectEnd, readExtensions, readVector16, readVector8 } from "./extensions.ts";
import { MessageWriter } from "./message_writer.ts";

/** The longest a ticket may live, in seconds: seven days (RFC 9846, Section 4.7.1). */
export const MAX_TICKET_LIFETIME = 604_800;

/** In QUIC this stands for "0-RTT data is welcome" (RFC 9001, Section 4.6.1). */
const EARLY_DATA_WELCOME = 0xffff_ffff;

/** A NewSessionTicket message. */
export interface NewSessionTicket {
  /** Seconds. */
  readonly lifetime: number;
  readonly ageAdd: number;
  readonly nonce: Uint8Array;
  readonly ticket: Uint8Array;
  readonly earlyData: boolean;
}

/** Writes a whole NewSessionTicket message. */
export function writeNewSessionTicket(fields: NewSessionTicket): Uint8Array<ArrayBuffer> {
  const writer = new MessageWriter();
  const message = writer.openMessage(MessageType.NewSessionTicket);
  writer.uint32(fields.lifetime);
  writer.uint32(fields.ageAdd);
  writer.vector(1, fields.nonce);
  writer.vector(2, fields.ticket);
  const extensions = writer.open(2);
  if (fields.earlyData) {
    const extension = writer.openExtension(ExtensionType.EarlyData);
    writer.uint32(EARLY_DATA_WELCOME);
    writer.close(extension, 2);
  }
  writer.close(extensions, 2);
  writer.closeMessage(message);
  return writer.bytes();
}

/** Reads a whole NewSessionTicket message; what it returns is copied. */
export function readNewSessionTicket(message: Uint8Array): NewSessionTicket {
  const what = "the NewSessionTicket";
  const reader = new Reader(message, 4);
  const lifetime = reader.uint32();
  const ageAdd = reader.uint32();
  const nonce = readVector8(reader).slice();
  const ticket = readVector16(reader).slice();
  const extensions = readExtensions(reader, what);
  expectEnd(reader, what);
  if (ticket.length === 0) throw alertError(Alert.DecodeError, `Cannot read ${what}: it is empty`);
  const body = extensions.get(ExtensionType.EarlyData);
  if (body) {
    const early = new Reader(body);
    const limit = early.uint32();
    expectEnd(early, what);
    if (limit !== EARLY_DATA_WELCOME) {
      // RFC 9001, Section 4.6.1: QUIC limits 0-RTT data by its own means.
      throw new TransportError(
        ErrorCode.ProtocolViolation,
        `Cannot accept ${what}: it limits 0-RTT data to ${limit} bytes`,
      );
    }
  }
  return { lifetime, ageAdd, nonce, ticket, earlyData: body !== undefined };
}

/** What a server puts into a ticket, to have it back when the session is resumed. */
export interface TicketContent {
  /** Of QUIC; the ticket counts in no other (RFC 9369, Section 5). */
  readonly version: number;
  readonly suite: number;
  /** When it was made, in milliseconds since 1970. */
  readonly issuedAt: number;
  /** Seconds. */
  readonly lifetime: number;
  readonly ageAdd: number;
  readonly secret: Uint8Array;
  readonly alpn: string;
  /** Empty if the client named none. */
  readonly serverName: string;
  /** The server's transport parameters then. */
  readonly transportParameters: Uint8Array;
  readonly applicationState: Uint8Array;
  /** The server that made it: `TicketOptions.issuer`. */
  readonly issuer: Uint8Array;
}

/** The layout below; a ticket of another one is not understood. */
const LAYOUT = 3;

/** Writes what is to be sealed. */
export function writeTicketContent(content: TicketContent): Uint8Array<ArrayBuffer> {
  const writer = new MessageWriter();
  writer.uint8(LAYOUT);
  writer.uint32(content.version);
  writer.uint16(content.suite);
  writer.uint32(Math.floor(content.issuedAt / 0x1_0000_0000));
  writer.uint32(Math.floor(content.issuedAt) % 0x1_0000_0000);
  writer.uint32(content.lifetime);
  writer.uint32(content.ageAdd);
  writer.vector(1, content.secret);
  writer.vector(1, latin1ToBytes(content.alpn));
  writer.vector(1, latin1ToBytes(content.serverName));
  writer.vector(2, content.transportParameters);
  writer.vector(2, content.applicationState);
  writer.vector(1, content.issuer);
  return writer.bytes();
}

/** Reads what was sealed; throws a `ReadError` if another layout was. */
export function readTicketContent(bytes: Uint8Array): TicketContent | undefined {
  const reader = new Reader(bytes);
  if (reader.uint8() !== LAYOUT) return undefined;
  return {
    version: reader.uint32(),
    suite: reader.uint16(),
    issuedAt: reader.uint32() * 0x1_0000_0000 + reader.uint32(),
    lifetime: reader.uint32(),
    ageAdd: reader.uint32(),
    secret: readVector8(reader),
    alpn: bytesToLatin1(readVector8(reader)),
    serverName: bytesToLatin1(readVector8(reader)),
    transportParameters: readVector16(reader),
    applicationState: readVector16(reader),
    issuer: readVector8(reader),
  };
}
