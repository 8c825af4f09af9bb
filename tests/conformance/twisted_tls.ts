import { concatBytes } from "../../src/bytes/bytes.ts";
import { Reader } from "../../src/bytes/reader.ts";
import { Writer } from "../../src/bytes/writer.ts";
import type { Level } from "../../src/crypto/level.ts";
import { ClientTls } from "../../src/tls/client_tls.ts";
import { MessageType } from "../../src/tls/code/code_point.ts";
import { ServerTls } from "../../src/tls/server_tls.ts";
import type { TlsContext } from "../../src/tls/tls.ts";
import type { Transcript } from "../../src/tls/key/transcript.ts";

/** Turns one handshake message into whatever shall be sent instead. */
export type Rewrite = (message: Uint8Array) => Uint8Array;

interface Insides {
  readonly context: TlsContext;
  readonly transcript: Transcript;
}

type Method = (...args: unknown[]) => unknown;

/**
 * While `body` runs, TLS machines of one role rewrite their messages before they are hashed and
 * sent: both ends agree on the transcript, so nothing but the change itself can be objected to.
 */
export function withTwistedTls<T>(side: "client" | "server", rewrite: Rewrite, body: () => T): T {
  const [machine, method] = side === "client"
    ? [ClientTls.prototype, "start"]
    : [ServerTls.prototype, "receive"];
  const prototype = machine as unknown as Record<string, Method>;
  const own = Object.getOwnPropertyDescriptor(prototype, method);
  const original = prototype[method]!;
  const known = new WeakSet<object>();
  prototype[method] = function (this: Insides, ...args) {
    if (!known.has(this)) twist(this, side, rewrite);
    known.add(this);
    return original.apply(this, args);
  } as Method;
  try {
    return body();
  } finally {
    delete prototype[method];
    if (own) Object.defineProperty(prototype, method, own);
  }
}

function twist({ context, transcript }: Insides, side: string, rewrite: Rewrite): void {
  // Of the messages of both ends, this kind is only sent by the twisted one.
  const hashed = side === "client" ? MessageType.ClientHello : MessageType.EncryptedExtensions;
  const add = transcript.add.bind(transcript);
  transcript.add = (message) => add(message[0] === hashed ? rewrite(message) : message);
  const { sink } = context;
  const send = sink.onHandshakeData.bind(sink);
  sink.onHandshakeData = (level: Level, data: Uint8Array) => {
    const changed = concatBytes(...messagesOf(data).map(rewrite));
    if (changed.length > 0) send(level, changed);
  };
}

function messagesOf(data: Uint8Array): Uint8Array[] {
  const messages: Uint8Array[] = [];
  const reader = new Reader().aim(data);
  while (reader.remaining > 0) {
    const start = reader.offset;
    reader.advance(1);
    reader.advance(reader.uint24());
    messages.push(data.subarray(start, reader.offset));
  }
  return messages;
}

/** A handshake message of a type. */
export function handshakeMessage(type: number, body: Uint8Array): Uint8Array<ArrayBuffer> {
  const { length } = body;
  return concatBytes(new Uint8Array([type, length >> 16, length >> 8, length]), body);
}

/** Changes one extension of a ClientHello or of EncryptedExtensions: `undefined` leaves it out. */
export function rewriteExtension(
  type: number,
  change: (body: Uint8Array) => readonly [type: number, body: Uint8Array] | undefined,
): Rewrite {
  return (message) => {
    const kind = message[0];
    if (kind !== MessageType.ClientHello && kind !== MessageType.EncryptedExtensions) {
      return message;
    }
    const reader = new Reader().aim(message, 4);
    if (kind === MessageType.ClientHello) skipHelloFields(reader);
    const head = message.subarray(4, reader.offset);
    reader.advance(2);
    const parts: Uint8Array[] = [];
    while (reader.remaining > 0) {
      const found = reader.uint16();
      const body = reader.take(reader.uint16());
      const changed = found === type ? change(body) : [found, body] as const;
      if (changed) parts.push(extension(...changed));
    }
    const extensions = concatBytes(...parts);
    const { length } = extensions;
    return handshakeMessage(
      kind,
      concatBytes(head, new Uint8Array([length >> 8, length]), extensions),
    );
  };
}

function skipHelloFields(reader: Reader): void {
  reader.advance(34);
  reader.advance(reader.uint8());
  reader.advance(reader.uint16());
  reader.advance(reader.uint8());
}

function extension(type: number, body: Uint8Array): Uint8Array {
  const { length } = body;
  return concatBytes(new Uint8Array([type >> 8, type, length >> 8, length]), body);
}

/** Transport parameters with one of them replaced, added, or (without a value) left out. */
export function withParameter(body: Uint8Array, id: number, value?: Uint8Array): Uint8Array {
  const reader = new Reader().aim(body);
  const parts: Uint8Array[] = [];
  while (reader.remaining > 0) {
    const start = reader.offset;
    const found = reader.varint();
    reader.advance(reader.varint());
    if (found !== id) parts.push(body.subarray(start, reader.offset));
  }
  if (value) {
    const writer = new Writer(new Uint8Array(16));
    writer.varint(id);
    writer.varint(value.length);
    parts.push(writer.bytes.subarray(0, writer.offset), value);
  }
  return concatBytes(...parts);
}
