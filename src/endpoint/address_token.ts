// The tokens by which a client proves its address (RFC 9000, Section 8.1).

import { concatBytes, equalBytes } from "../bytes/bytes.ts";
import { Reader, ReadError } from "../bytes/reader.ts";
import { Writer } from "../bytes/writer.ts";
import type { TokenBox } from "../crypto/token_box.ts";
import type { Address } from "../path/address/address.ts";
import type { WallClock } from "../tls/code/wall_clock.ts";
import { NEW_TOKEN_LIFETIME, RETRY_LIFETIME } from "../limits/limits.ts";
import type { ReplayMemory } from "./replay_memory.ts";

/** Types of sealed tokens; one cannot be taken for the other. */
const RETRY = 1;
const NEW_TOKEN = 2;
/** The address is inside the token rather than given with it. */
const NOWHERE = new Uint8Array(0);

/** What a token proves. */
export interface TokenContent {
  /** From a Retry: the IDs of the packet it answered and of the Retry itself. */
  readonly originalId?: Uint8Array;
  readonly retrySourceId?: Uint8Array;
}

/**
 * Tokens by which a client proves its address before anything else (RFC 9000, Section 8.1). They
 * are sealed, name the address and count once (RFC 9000, Section 8.1.4).
 */
export class AddressTokens {
  readonly #box: TokenBox;
  readonly #wallTime: WallClock;
  readonly #memory: () => ReplayMemory;

  /**
   * @param wallTime By which their age is told, as tokens may outlive the process.
   * @param memory Where tokens of earlier connections are remembered that were shown.
   */
  constructor(box: TokenBox, wallTime: WallClock, memory: () => ReplayMemory) {
    this.#box = box;
    this.#memory = memory;
    this.#wallTime = wallTime;
  }

  /** The token of a Retry (RFC 9000, Section 8.1.2). */
  forRetry(
    remote: Address,
    originalId: Uint8Array,
    retrySourceId: Uint8Array,
    version: number,
    now: number,
  ): Uint8Array {
    const writer = new Writer(new Uint8Array(64));
    writeTime(writer, this.#wallTime(now));
    writer.uint32(version);
    writer.uint8(originalId.length);
    writer.put(originalId);
    writer.uint8(retrySourceId.length);
    writer.put(retrySourceId);
    // The port too: a Retry is answered from where it was sent to.
    return this.#seal(RETRY, writer.written(), place(remote));
  }

  /**
   * The token for a later connection (RFC 9000, Section 8.1.3). It proves any of several addresses,
   * as MPQUIC, Section 3.1.2 advises: a client with several addresses cannot know from which one it
   * will show the token.
   *
   * @param version RFC 9369, Section 5: it counts in connections of this version only.
   */
  forLater(remotes: readonly Address[], version: number, now: number): Uint8Array {
    const hosts = remotes.map(({ hostname }) => utf8.encode(hostname));
    const size = hosts.reduce((sum, { length }) => sum + 1 + length, 10);
    const writer = new Writer(new Uint8Array(size));
    writeTime(writer, this.#wallTime(now));
    writer.uint32(version);
    for (const host of hosts) {
      writer.uint8(host.length);
      writer.put(host);
    }
    return this.#seal(NEW_TOKEN, writer.written(), NOWHERE);
  }

  /**
   * The type is shown in front, so that a Retry's token is known as one even if it is wrong (RFC
   * 9000, Section 8.1.1); it is sealed as well.
   */
  #seal(type: number, content: Uint8Array, address: Uint8Array): Uint8Array {
    return concatBytes(Uint8Array.of(type), this.#box.seal(type, content, address));
  }

  /** Whether a token says that an earlier connection has brought it; that may be a lie. */
  static isForLater(token: Uint8Array): boolean {
    return token[0] === NEW_TOKEN;
  }

  /**
   * What a client's token proves.
   *
   * @returns `undefined` for a token that proves nothing; `"invalid"` for a Retry's that is wrong,
   * for which RFC 9000, Section 8.1.2 has an error code: the client will not get another.
   */
  check(
    token: Uint8Array,
    remote: Address,
    destinationId: Uint8Array,
    version: number,
    now: number,
  ): TokenContent | "invalid" | undefined {
    const time = this.#wallTime(now);
    const sealed = token.subarray(1);
    if (token[0] === RETRY) {
      const content = this.#box.open(RETRY, sealed, place(remote));
      return (content && readRetryToken(content, destinationId, version, time)) ?? "invalid";
    }
    if (token[0] !== NEW_TOKEN) return undefined;
    const content = this.#box.open(NEW_TOKEN, sealed, NOWHERE);
    if (content === undefined) return undefined;
    const reader = new Reader(content);
    const age = time - readTime(reader);
    const isOwnVersion = reader.uint32() === version;
    if (!isOwnVersion || age < 0 || age > NEW_TOKEN_LIFETIME || !names(reader, remote)) {
      return undefined;
    }
    return this.#memory().tokens.isFirst(token, time) ? {} : undefined;
  }
}

/** Whether a host is among those that follow. */
function names(reader: Reader, { hostname }: Address): boolean {
  const host = utf8.encode(hostname);
  while (reader.remaining > 0) {
    if (equalBytes(reader.take(reader.uint8()), host)) return true;
  }
  return false;
}

function readRetryToken(
  content: Uint8Array,
  destinationId: Uint8Array,
  version: number,
  time: number,
): TokenContent | undefined {
  try {
    const reader = new Reader(content);
    const age = time - readTime(reader);
    const isOwnVersion = reader.uint32() === version;
    const originalId = reader.take(reader.uint8()).slice();
    const retrySourceId = reader.take(reader.uint8()).slice();
    const good = isOwnVersion && age >= 0 && age <= RETRY_LIFETIME &&
      equalBytes(retrySourceId, destinationId);
    return good ? { originalId, retrySourceId } : undefined;
  } catch (error) {
    if (error instanceof ReadError) return undefined;
    throw error;
  }
}

function writeTime(writer: Writer, time: number): void {
  const whole = Math.floor(time);
  writer.uint16(Math.floor(whole / 0x1_0000_0000));
  writer.uint32(whole >>> 0);
}

function readTime(reader: Reader): number {
  return reader.uint16() * 0x1_0000_0000 + reader.uint32();
}

const utf8 = new TextEncoder();

function place(remote: Address): Uint8Array {
  return utf8.encode(`${remote.hostname} ${remote.port}`);
}
