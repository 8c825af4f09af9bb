// The datagrams of a session, as web streams.

import { checkBytes } from "../../bytes/bytes.ts";
import type { RequestDatagrams } from "../handler.ts";
import type { WebTransportDatagrams } from "./web_transport_session.ts";

/** Datagrams of the request that the session began with (WebTransport, Section 4.5). */
export class SessionDatagrams implements WebTransportDatagrams {
  readonly readable: ReadableStream<Uint8Array<ArrayBuffer>>;
  readonly writable: WritableStream<Uint8Array<ArrayBufferLike>>;
  readonly #datagrams: RequestDatagrams;
  #tooLong = 0;
  #reading: ReadableStreamDefaultController<Uint8Array<ArrayBuffer>> | undefined;
  #writing: WritableStreamDefaultController | undefined;
  #isOver = false;

  constructor(datagrams: RequestDatagrams) {
    this.#datagrams = datagrams;
    this.readable = new ReadableStream({
      start: (controller) => {
        this.#reading = controller;
      },
      pull: () => this.#pull(),
    }, { highWaterMark: 0 });
    this.writable = new WritableStream({
      start: (controller) => {
        this.#writing = controller;
      },
      write: (data) => this.#send(data),
    });
  }

  get maxDatagramSize(): number {
    return this.#datagrams.maxSize;
  }

  get dropped(): number {
    return this.#tooLong + this.#datagrams.dropped;
  }

  /** The session is over. */
  end(reason: unknown): void {
    this.#isOver = true;
    this.#writing?.error(reason);
    try {
      this.#reading?.close();
    } catch {
      // The application has cancelled it.
    }
  }

  async #pull(): Promise<void> {
    const data = await this.#datagrams.read();
    if (data && !this.#isOver) this.#reading?.enqueue(data);
  }

  async #send(data: Uint8Array<ArrayBufferLike>): Promise<void> {
    checkBytes(data, "send a datagram");
    if (data.length > this.maxDatagramSize) this.#tooLong++;
    // One that does not fit any more, or comes after the end, is lost like any other.
    else await this.#datagrams.send(data).catch(ignore);
  }
}

function ignore(): void {}
