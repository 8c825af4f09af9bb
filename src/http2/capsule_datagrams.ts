// Datagrams of a request where there are no QUIC datagrams: capsules on its stream (RFC 9297).

import { checkBytes } from "../bytes/bytes.ts";
import type { RequestDatagrams } from "../http3/handler.ts";
import { CapsuleReader, CapsuleType, encodeCapsule } from "../http3/wire/capsule.ts";

/** RFC 9298, Section 5: a UDP payload of 65,527 bytes, and the context in front of it. */
const MOST_CAPSULE = 65_528;
/** Bytes that may wait to be sent: what is older than that is late, and datagrams may be lost. */
const MOST_WAITING = 262_144;

/** Where capsules go. */
export interface CapsuleSink {
  /** Bytes that wait. */
  readonly waiting: number;
  /** Sends bytes; rejects when the stream is broken. */
  write(bytes: Uint8Array): Promise<void>;
}

/** The datagrams of a request, each in a capsule. */
export class CapsuleDatagrams implements RequestDatagrams {
  readonly maxSize = MOST_CAPSULE;
  /** Resolves when the other end sends no more; rejects if what it sent was no capsule. */
  readonly ended: Promise<void>;
  readonly #reader: CapsuleReader;
  readonly #sink: CapsuleSink;
  readonly #ended = Promise.withResolvers<void>();
  #dropped = 0;

  /**
   * @param stream What the other end sends; it stays locked.
   * @param sink Where ours go.
   */
  constructor(stream: ReadableStream<Uint8Array<ArrayBuffer>>, sink: CapsuleSink) {
    this.#reader = new CapsuleReader(stream, { maxSize: MOST_CAPSULE });
    this.#sink = sink;
    this.ended = this.#ended.promise;
    this.ended.catch(ignore);
  }

  /** Datagrams that were not sent, as too many waited. */
  get dropped(): number {
    return this.#dropped;
  }

  async send(data: Uint8Array): Promise<void> {
    checkBytes(data, "send a datagram");
    if (this.#sink.waiting > MOST_WAITING) this.#dropped++;
    else await this.#sink.write(encodeCapsule(CapsuleType.Datagram, data));
  }

  async read(): Promise<Uint8Array<ArrayBuffer> | undefined> {
    try {
      const capsule = await this.#reader.next();
      if (capsule !== undefined) return capsule.value;
      this.#ended.resolve();
    } catch (error) {
      this.#ended.reject(error);
    }
    return undefined;
  }
}

function ignore(): void {}
