import {
  type BidirectionalStream,
  ConnectionStreams,
} from "../../src/api/stream/connection_streams.ts";
import type { ReceiveStream } from "../../src/api/stream/receive_stream.ts";
import type { SendStream } from "../../src/api/stream/send_stream.ts";
import type { Connection } from "../../src/connection/connection.ts";
import type { H3StreamOptions, H3Transport } from "../../src/http3/transport.ts";
import type { End, Pair } from "./pair.ts";
import { ownerOf } from "../api/stream_pair.ts";

/** Lets virtual time pass until a promise is settled; code that waits for one gets its turn. */
export async function runUntil<T>(pair: Pair, promise: Promise<T>, limit = 60_000): Promise<T> {
  const end = pair.now + limit;
  let isSettled = false;
  const settle = () => void (isSettled = true);
  promise.then(settle, settle);
  while (!isSettled) {
    if (pair.now >= end) throw new Error(`Nothing came of it in ${limit} ms`);
    await new Promise((resolve) => setTimeout(resolve, 0));
    pair.run({ until: pair.now + 1 });
  }
  return await promise;
}

/** A simulated connection as HTTP/3 wants it. */
export class SimTransport implements H3Transport {
  readonly closed: Promise<void>;
  readonly #core: Connection;
  readonly #end: End;
  readonly #now: () => number;
  readonly #streams: ConnectionStreams;
  readonly #closed = Promise.withResolvers<void>();

  /** Takes the events of the connection over. */
  constructor(end: End, now: () => number) {
    this.#end = end;
    this.#now = now;
    this.#core = end.connection;
    this.#streams = new ConnectionStreams(this.#core.streams, ownerOf(() => end.touch()));
    this.closed = this.#closed.promise;
    end.host.onActive = (core) => {
      for (let event; (event = core.nextEvent()) !== undefined;) {
        switch (event.type) {
          case "opened":
          case "readable":
          case "writable":
          case "streamsAvailable":
            this.#streams.onEvent(event);
            break;
          case "closed":
            this.#streams.end(new Error(event.reason.reason), true);
            this.#closed.resolve();
        }
      }
      end.endpoint.touch(core);
    };
  }

  get incomingBidirectionalStreams(): ReadableStream<BidirectionalStream> {
    return this.#streams.incomingBidirectional;
  }

  get incomingUnidirectionalStreams(): ReadableStream<ReceiveStream> {
    return this.#streams.incomingUnidirectional;
  }

  createBidirectionalStream(options: H3StreamOptions = {}): Promise<BidirectionalStream> {
    return this.#streams.openBidirectional(options);
  }

  createUnidirectionalStream(options: H3StreamOptions = {}): Promise<SendStream> {
    return this.#streams.openUnidirectional(options);
  }

  close({ closeCode, reason } = { closeCode: 0, reason: "" }): void {
    this.#core.close(closeCode, reason, this.#now());
    this.#end.touch();
  }
}
