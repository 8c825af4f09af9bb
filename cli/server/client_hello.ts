// Reads what a client of TLS asks for from the first bytes of its connection.

/** RFC 9846, Section 5.1: records of the handshake; they may cut a message anywhere. */
const HANDSHAKE_RECORD = 22;
const RECORD_HEADER = 5;
/** RFC 9846, Section 4. */
const CLIENT_HELLO = 1;
const MESSAGE_HEADER = 4;
/** RFC 6066, Section 3. */
const SERVER_NAME = 0;
const HOST_NAME = 0;
/** The version and the random value of a ClientHello. */
const FIXED_PART = 34;

const decoder = new TextDecoder();

/**
 * The name of the server that a client asks for (RFC 6066, Section 3), in lower case. Whether all else
 * is right is for TLS to judge.
 *
 * @param bytes What the client has sent so far.
 * @returns The name, empty if it asks for none or speaks no TLS; undefined if more bytes are needed.
 */
export function serverNameIn(bytes: Uint8Array): string | undefined {
  const message = handshakeIn(bytes);
  if (message === undefined) return "";
  if (message.length < MESSAGE_HEADER) return undefined;
  const reader = new Reader(message);
  if (reader.number(1) !== CLIENT_HELLO) return "";
  const length = reader.number(3);
  if (message.length < MESSAGE_HEADER + length) return undefined;
  try {
    return nameIn(new Reader(reader.bytes(length)));
  } catch (error) {
    if (error instanceof RangeError) return "";
    throw error;
  }
}

/** The content of all records that are there; undefined if one is of another kind. */
function handshakeIn(bytes: Uint8Array): Uint8Array | undefined {
  const content = new Uint8Array(bytes.length);
  let end = 0;
  for (let at = 0; at < bytes.length;) {
    if (bytes[at] !== HANDSHAKE_RECORD) return end > 0 ? content.subarray(0, end) : undefined;
    if (at + RECORD_HEADER > bytes.length) break;
    const length = 256 * bytes[at + 3]! + bytes[at + 4]!;
    const part = bytes.subarray(at + RECORD_HEADER, at + RECORD_HEADER + length);
    content.set(part, end);
    end += part.length;
    at += RECORD_HEADER + length;
  }
  return content.subarray(0, end);
}

/** @throws {RangeError} If the message ends too early. */
function nameIn(hello: Reader): string {
  hello.bytes(FIXED_PART);
  hello.vector(1); // the session ID
  hello.vector(2); // cipher suites
  hello.vector(1); // compressions
  const extensions = hello.vector(2);
  while (extensions.hasMore) {
    const type = extensions.number(2);
    const body = extensions.vector(2);
    if (type !== SERVER_NAME) continue;
    const names = body.vector(2);
    if (names.number(1) !== HOST_NAME) return "";
    return decoder.decode(names.vector(2).rest).toLowerCase();
  }
  return "";
}

/** Reads numbers and vectors one after the other. */
class Reader {
  readonly #bytes: Uint8Array;
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  get hasMore(): boolean {
    return this.#at < this.#bytes.length;
  }

  get rest(): Uint8Array {
    return this.#bytes.subarray(this.#at);
  }

  /** @throws {RangeError} If there are not so many. */
  bytes(length: number): Uint8Array {
    const end = this.#at + length;
    if (end > this.#bytes.length) throw new RangeError("the message ends too early");
    const found = this.#bytes.subarray(this.#at, end);
    this.#at = end;
    return found;
  }

  /** A number of so many bytes. */
  number(length: number): number {
    return this.bytes(length).reduce((sum, byte) => 256 * sum + byte, 0);
  }

  /** A vector, whose length stands before it in so many bytes. */
  vector(lengthBytes: number): Reader {
    return new Reader(this.bytes(this.number(lengthBytes)));
  }
}
