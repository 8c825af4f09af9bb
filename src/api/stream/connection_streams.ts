// The streams of a connection, as applications see them.

import { Kind } from "../../stream/connection_credit.ts";
import type { Stream } from "../../stream/stream.ts";
import type { StreamEvent } from "../../stream/stream_event.ts";
import type { StreamSet } from "../../stream/stream_set.ts";
import { ItemQueue } from "./item_queue.ts";
import { ApiReceiveStream, ReceiveSource, type ReceiveStream } from "./receive_stream.ts";
import {
  ApiSendStream,
  type FindSendStream,
  SendSink,
  type SendStream,
  type SendStreamOptions,
  type StreamOwner,
} from "./send_stream.ts";

/**
 * A stream with both directions.
 *
 * @category Streams and datagrams
 */
export interface BidirectionalStream {
  /** What the peer sends. */
  readonly readable: ReceiveStream;
  /** What we send. */
  readonly writable: SendStream;
}

/** The streams of a connection as users see them. */
export class ConnectionStreams {
  readonly #streams: StreamSet;
  readonly #owner: StreamOwner;
  readonly #incomingBidirectional: ItemQueue<Stream, BidirectionalStream>;
  readonly #incomingUnidirectional: ItemQueue<Stream, ReceiveStream>;
  /** Calls that wait until the peer allows one more stream, by kind. */
  readonly #waiting: [PromiseWithResolvers<void>[], PromiseWithResolvers<void>[]] = [[], []];
  readonly #find: FindSendStream;
  #error: Error | undefined;

  constructor(streams: StreamSet, owner: StreamOwner) {
    this.#find = (id) => endsOf(streams.find(id))?.writable;
    this.#streams = streams;
    this.#owner = owner;
    streams.room.awaitApplication();
    const refuse = (stream: Stream) => endsOf(this.#take(stream))!.refuse();
    this.#incomingBidirectional = new ItemQueue({
      give: (stream) => endsOf(this.#take(stream))!.both,
      refuse,
    });
    this.#incomingUnidirectional = new ItemQueue({
      give: (stream) => endsOf(this.#take(stream))!.readable!,
      refuse,
    });
  }

  /** Streams with both directions that the peer opens. */
  get incomingBidirectional(): ReadableStream<BidirectionalStream> {
    return this.#incomingBidirectional.readable;
  }

  /** Streams that only the peer sends on. */
  get incomingUnidirectional(): ReadableStream<ReceiveStream> {
    return this.#incomingUnidirectional.readable;
  }

  /** Opens a stream with both directions. */
  async openBidirectional(options: SendStreamOptions): Promise<BidirectionalStream> {
    const { readable, writable } = await this.#open(Kind.Bidirectional, options);
    return { readable: readable!, writable: writable! };
  }

  /** Opens a stream that only we send on. */
  async openUnidirectional(options: SendStreamOptions): Promise<SendStream> {
    return (await this.#open(Kind.Unidirectional, options)).writable!;
  }

  /** Takes what the core has to tell about streams. */
  onEvent(event: StreamEvent): void {
    switch (event.type) {
      case "opened":
        return this.#onOpened(event.stream);
      case "readable":
        return endsOf(event.stream)?.source?.onReadable();
      case "writable":
        return endsOf(event.stream)?.sink?.onWritable();
      case "streamsAvailable":
        for (const { resolve } of this.#waiting[event.kind].splice(0)) resolve();
    }
  }

  /** The connection is gone; in order, or with an error. */
  end(error: Error, isOrderly: boolean): void {
    this.#error = error;
    for (const stream of this.#streams.all()) endsOf(stream)?.fail(error);
    this.#incomingBidirectional.end(isOrderly ? undefined : error);
    this.#incomingUnidirectional.end(isOrderly ? undefined : error);
    for (const { reject } of this.#waiting.flat()) reject(error);
  }

  async #open(kind: Kind, options: SendStreamOptions): Promise<StreamEnds> {
    for (;;) {
      if (this.#error) throw this.#error;
      // What cannot be done is found out before there is a stream.
      if (options.path) this.#owner.corePath(options.path);
      if (options.dependsOn) ApiSendStream.halfOf(options.dependsOn, this.#owner);
      const stream = this.#streams.open(kind);
      this.#owner.wake();
      if (stream) {
        const ends = this.#add(stream);
        const { sendOrder = 0, urgency = 3, incremental = false } = options;
        if (sendOrder !== 0) stream.send!.sendOrder = sendOrder;
        if (urgency !== 3) stream.send!.urgency = urgency;
        if (incremental) stream.send!.incremental = true;
        if (options.dependsOn) ends.writable!.dependsOn = options.dependsOn;
        if (options.path) ends.writable!.path = options.path;
        return ends;
      }
      if (!options.waitUntilAvailable) {
        throw new DOMException(
          "Cannot open a stream: the peer allows no more now; set waitUntilAvailable to wait",
          "QuotaExceededError",
        );
      }
      const wait = Promise.withResolvers<void>();
      this.#waiting[kind].push(wait);
      await wait.promise;
    }
  }

  #onOpened(stream: Stream): void {
    this.#add(stream);
    if (stream.send) this.#incomingBidirectional.push(stream);
    else this.#incomingUnidirectional.push(stream);
  }

  /** The application has a stream of the peer's: another may take its place when it is done. */
  #take(stream: Stream): Stream {
    this.#streams.room.take(stream);
    this.#owner.wake();
    return stream;
  }

  #add(stream: Stream): StreamEnds {
    const ends = new StreamEnds(stream, this.#owner, this.#find);
    stream.remember(ends); // the core does not say when the stream is forgotten
    if (this.#error) ends.fail(this.#error);
    return ends;
  }
}

function endsOf(stream: Stream | undefined): StreamEnds | undefined {
  return stream?.context as StreamEnds | undefined;
}

/** The web streams of one stream, and what feeds them. */
class StreamEnds {
  readonly sink: SendSink | undefined;
  readonly source: ReceiveSource | undefined;
  readonly writable: SendStream | undefined;
  readonly readable: ReceiveStream | undefined;

  constructor({ send, receive }: Stream, owner: StreamOwner, find: FindSendStream) {
    const wake = () => owner.wake();
    this.sink = send && new SendSink(send, wake);
    this.source = receive && new ReceiveSource(receive, wake);
    this.writable = send && new ApiSendStream(send, this.sink!, owner, find);
    this.readable = receive && new ApiReceiveStream(receive, this.source!);
  }

  /** Both directions of the stream, which must have them. */
  get both(): BidirectionalStream {
    return { readable: this.readable!, writable: this.writable! };
  }

  /** Refuses the stream that the peer has opened: the application will not read it. */
  refuse(): void {
    this.readable?.cancel().catch(() => {});
    this.writable?.abort().catch(() => {});
  }

  /** The connection is gone. */
  fail(error: Error): void {
    this.sink?.fail(error);
    this.source?.fail(error);
  }
}
