// A TCP connection as web streams that keep its half-close, its resets and its back-pressure.

import { StreamError } from "../error/quic_error.ts";
import { H3ErrorCode } from "../http3/wire/code_point.ts";
import { resetTcp } from "../io/native/reset_tcp.ts";

/**
 * A TCP connection as a pair of web streams.
 *
 * @category Proxy
 */
export interface TcpStreams {
  /** What the other end sends; fails with a `StreamError` of H3_CONNECT_ERROR when it is reset. */
  readonly readable: ReadableStream<Uint8Array<ArrayBuffer>>;
  /** What is sent to the other end; closing it ends this direction only, aborting it resets both. */
  readonly writable: WritableStream<Uint8Array>;
  /** Resolves when the connection has ended, however it did. */
  readonly closed: Promise<void>;
  /**
   * Resets the connection, where the system may be asked for that: on 64-bit Linux with
   * `--allow-ffi`. Elsewhere it is closed.
   */
  reset(): void;
}

/** Bytes that are read at a time if the reader does not say how many it wants. */
const PIECE = 65_536;

/**
 * The web streams of a TCP connection as a tunnel needs them, which those of the runtime are not: the
 * end of one direction is not that of the other, a reset is no end, no more is read than is taken.
 *
 * @param connection The connection; the streams close it.
 * @returns Its streams.
 *
 * @example A port whose connections go to a host through a proxy
 * ```ts ignore
 * import { connectTcp, tcpStreams } from "@mpquic/mpquic";
 *
 * for await (const connection of Deno.listen({ hostname: "127.0.0.1", port: 2222 })) {
 *   const here = tcpStreams(connection);
 *   const there = await connectTcp("https://gateway.example", "host.example:22", { token });
 *   here.readable.pipeTo(there.writable).catch(() => {});
 *   there.readable.pipeTo(here.writable).catch(() => {});
 * }
 * ```
 *
 * @category Proxy
 */
export function tcpStreams(connection: Deno.TcpConn): TcpStreams {
  const tunnel = new TcpTunnelEnd(connection);
  const { readable, writable, closed } = tunnel;
  return { readable, writable, closed, reset: () => tunnel.reset() };
}

class TcpTunnelEnd {
  readonly readable: ReadableStream<Uint8Array<ArrayBuffer>>;
  readonly writable: WritableStream<Uint8Array>;
  readonly closed: Promise<void>;
  readonly #connection: Deno.TcpConn;
  readonly #closed = Promise.withResolvers<void>();
  readonly #source: ReadableByteStreamController;
  readonly #sink: WritableStreamDefaultController;
  #isReadEnded = false;
  #isWriteEnded = false;
  #isClosed = false;
  /** Room for what comes, kept if little came. */
  #buffer = new Uint8Array(0);

  constructor(connection: Deno.TcpConn) {
    this.#connection = connection;
    this.closed = this.#closed.promise;
    let source!: ReadableByteStreamController;
    let sink!: WritableStreamDefaultController;
    this.readable = new ReadableStream({
      type: "bytes",
      start: (controller) => void (source = controller),
      pull: () => this.#read(),
      // TCP cannot say that one direction is not wanted any more.
      cancel: () => this.reset(),
    }, { highWaterMark: 0 });
    this.writable = new WritableStream({
      start: (controller) => {
        sink = controller;
        // An abort is told at once; the stream itself waits for the write under way.
        controller.signal.addEventListener("abort", () => this.reset());
      },
      write: (chunk) => this.#write(chunk),
      close: () => this.#endWriting(),
    });
    this.#source = source;
    this.#sink = sink;
  }

  reset(): void {
    if (this.#isClosed) return;
    resetTcp(this.#connection);
    this.#fail(undefined);
  }

  async #read(): Promise<void> {
    try {
      const { byobRequest } = this.#source;
      if (byobRequest) {
        const count = await this.#connection.read(byobRequest.view as Uint8Array<ArrayBuffer>);
        if (this.#isClosed) return;
        if (count === null) this.#endReading();
        byobRequest.respond(count ?? 0);
      } else {
        if (this.#buffer.length === 0) this.#buffer = new Uint8Array(PIECE);
        const count = await this.#connection.read(this.#buffer);
        if (this.#isClosed) return;
        if (count === null) this.#endReading();
        else this.#source.enqueue(this.#taken(count));
      }
    } catch (error) {
      this.#fail(error);
    }
  }

  /** What has been read: a copy if that is little, so that it does not hold much memory. */
  #taken(count: number): Uint8Array<ArrayBuffer> {
    const buffer = this.#buffer;
    if (2 * count < buffer.length) return buffer.slice(0, count);
    this.#buffer = new Uint8Array(0);
    return buffer.subarray(0, count);
  }

  #endReading(): void {
    this.#isReadEnded = true;
    this.#source.close();
    this.#closeIfEnded();
  }

  async #write(chunk: Uint8Array): Promise<void> {
    if (!(chunk instanceof Uint8Array)) {
      this.reset(); // the other end would take an end for the end of the data
      throw new TypeError("Cannot write to a socket: only Uint8Array chunks can be sent");
    }
    try {
      for (let at = 0; at < chunk.length;) at += await this.#connection.write(chunk.subarray(at));
    } catch (error) {
      this.#fail(error);
      throw broken(error);
    }
  }

  async #endWriting(): Promise<void> {
    try {
      await this.#connection.closeWrite();
      this.#isWriteEnded = true;
      this.#closeIfEnded();
    } catch (error) {
      // The other end has closed all of it, after it got all; what it sent may still be there.
      if (!this.#isReadEnded) throw broken(error);
      this.#fail(error);
    }
  }

  #closeIfEnded(): void {
    if (this.#isReadEnded && this.#isWriteEnded) this.#close();
  }

  /** Both directions end with an error. */
  #fail(cause: unknown): void {
    if (this.#isClosed) return;
    const error = broken(cause);
    if (!this.#isReadEnded) this.#source.error(error);
    this.#sink.error(error);
    this.#close();
  }

  #close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#connection.close();
    this.#closed.resolve();
  }
}

function broken(cause: unknown): StreamError {
  const why = cause instanceof Error ? cause.message : "it was closed in the middle";
  const options = cause === undefined ? undefined : { cause };
  return new StreamError(
    H3ErrorCode.ConnectError,
    `Cannot go on with a TCP connection: ${why}`,
    options,
  );
}
