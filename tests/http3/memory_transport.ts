import { ApplicationError, StreamError } from "../../src/error/quic_error.ts";
import type {
  H3BidirectionalStream,
  H3ReceiveStream,
  H3SendStream,
  H3Transport,
} from "../../src/http3/transport.ts";

/** How a connection ended. */
export interface CloseInfo {
  closeCode: number;
  reason: string;
}

const WINDOW = 65_536;

/** One end of a connection without a network: streams, resets, back-pressure, closing. */
export class MemoryTransport implements H3Transport {
  readonly incomingBidirectionalStreams: ReadableStream<H3BidirectionalStream>;
  readonly incomingUnidirectionalStreams: ReadableStream<H3ReceiveStream>;
  readonly closed: Promise<CloseInfo>;
  /** The close code, once there is one. */
  closeInfo: CloseInfo | undefined;
  /** Sees each stream the peer opens both ways. */
  onIncoming: (stream: H3BidirectionalStream) => void = () => {};
  readonly #isClient: boolean;
  readonly #closed = Promise.withResolvers<CloseInfo>();
  readonly #breakers = new Set<(error: Error) => void>();
  #peer!: MemoryTransport;
  #bidirectional!: ReadableStreamDefaultController<H3BidirectionalStream>;
  #unidirectional!: ReadableStreamDefaultController<H3ReceiveStream>;
  #datagrams!: ReadableStreamDefaultController<Uint8Array<ArrayBuffer>>;
  readonly #datagramReader = new ReadableStream<Uint8Array<ArrayBuffer>>({
    start: (controller) => void (this.#datagrams = controller),
  }).getReader();
  readonly #opened = [0, 0];

  private constructor(isClient: boolean) {
    this.#isClient = isClient;
    this.closed = this.#closed.promise;
    this.#datagramReader.closed.catch(() => {});
    this.incomingBidirectionalStreams = new ReadableStream({
      start: (controller) => void (this.#bidirectional = controller),
    }, { highWaterMark: 0 });
    this.incomingUnidirectionalStreams = new ReadableStream({
      start: (controller) => void (this.#unidirectional = controller),
    }, { highWaterMark: 0 });
  }

  /**
   * Both ends of a new connection.
   *
   * @param first How many streams the client has opened both ways before.
   */
  static pair(first = 0): [client: MemoryTransport, server: MemoryTransport] {
    const client = new MemoryTransport(true);
    client.#opened[0] = first;
    const server = new MemoryTransport(false);
    client.#peer = server;
    server.#peer = client;
    return [client, server];
  }

  // deno-lint-ignore require-await
  async createBidirectionalStream(): Promise<H3BidirectionalStream> {
    this.#throwIfClosed();
    const id = this.#nextId(0);
    const there = this.#pipe(id);
    const back = this.#pipe(id);
    const theirs = { readable: there.readable, writable: back.writable };
    this.#peer.onIncoming(theirs);
    this.#peer.#bidirectional.enqueue(theirs);
    return { readable: back.readable, writable: there.writable };
  }

  // deno-lint-ignore require-await
  async createUnidirectionalStream(): Promise<H3SendStream> {
    this.#throwIfClosed();
    const { readable, writable } = this.#pipe(this.#nextId(1));
    this.#peer.#unidirectional.enqueue(readable);
    return writable;
  }

  get maxDatagramSize(): number {
    return 1_200;
  }

  // deno-lint-ignore require-await
  async sendDatagram(data: Uint8Array): Promise<void> {
    this.#throwIfClosed();
    if (data.length > this.maxDatagramSize) throw new RangeError("Cannot send so much");
    this.#peer.#datagrams.enqueue(data.slice());
  }

  async readDatagram(): Promise<Uint8Array<ArrayBuffer>> {
    return (await this.#datagramReader.read()).value!;
  }

  close(info: CloseInfo = { closeCode: 0, reason: "" }): void {
    if (this.closeInfo) return;
    const error = new ApplicationError(info.closeCode, info.reason);
    for (const end of [this, this.#peer]) {
      end.closeInfo = info;
      end.#closed.resolve(info);
      for (const breakStream of end.#breakers) breakStream(error);
      end.#bidirectional.error(error);
      end.#unidirectional.error(error);
      end.#datagrams.error(error);
    }
  }

  #nextId(kind: number): bigint {
    const index = this.#opened[kind]!++;
    return 4n * BigInt(index) + BigInt(2 * kind + (this.#isClient ? 0 : 1));
  }

  #throwIfClosed(): void {
    const { closeInfo } = this;
    if (closeInfo) throw new ApplicationError(closeInfo.closeCode, "The connection is closed");
  }

  #pipe(id: bigint): { readable: H3ReceiveStream; writable: H3SendStream } {
    let reading!: ReadableStreamDefaultController<Uint8Array<ArrayBuffer>>;
    let writing!: WritableStreamDefaultController;
    let onRoom = () => {};
    const readable = new ReadableStream<Uint8Array<ArrayBuffer>>({
      start: (controller) => void (reading = controller),
      pull: () => onRoom(),
      cancel: (reason) => {
        writing.error(streamError(reason));
        onRoom();
        this.#breakers.delete(breakStream);
      },
    }, { highWaterMark: WINDOW, size: (chunk) => chunk.length });
    const writable = new WritableStream<Uint8Array<ArrayBufferLike>>({
      start: (controller) => void (writing = controller),
      write: async (chunk) => {
        reading.enqueue(chunk as Uint8Array<ArrayBuffer>);
        if (reading.desiredSize! <= 0) {
          await new Promise<void>((resolve) => onRoom = resolve);
        }
      },
      close: () => {
        reading.close();
        this.#breakers.delete(breakStream);
      },
      abort: (reason) => {
        reading.error(streamError(reason));
        this.#breakers.delete(breakStream);
      },
    });
    const breakStream = (error: Error) => {
      reading.error(error);
      writing.error(error);
      onRoom();
    };
    this.#breakers.add(breakStream);
    return {
      readable: Object.assign(readable, { id }),
      writable: Object.assign(writable, {
        id,
        sendOrder: 0,
        urgency: 3,
        incremental: false,
        bytesToCome: 0,
      }),
    };
  }
}

function streamError(reason: unknown): StreamError {
  return reason instanceof StreamError
    ? new StreamError(reason.code, `The peer said: ${reason.message}`)
    : new StreamError(0, "The peer gave no code");
}
