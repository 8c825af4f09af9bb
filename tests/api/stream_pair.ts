import assert from "node:assert/strict";
import { Reader } from "../../src/bytes/reader.ts";
import { Writer } from "../../src/bytes/writer.ts";
import type { FrameHandler } from "../../src/frame/frame_table.ts";
import { readFrames } from "../../src/frame/read_frames.ts";
import { type FrameOwner, type FrameSink, SentFrame } from "../../src/frame/sent_frame.ts";
import { ApiReceiveStream, ReceiveSource } from "../../src/api/stream/receive_stream.ts";
import { ApiSendStream, SendSink, type StreamOwner } from "../../src/api/stream/send_stream.ts";
import { PacketType } from "../../src/packet/packet_type.ts";
import { Kind } from "../../src/stream/connection_credit.ts";
import type { Stream } from "../../src/stream/stream.ts";
import { StreamSet } from "../../src/stream/stream_set.ts";

/** One stream with its web streams at one end. */
export class StreamEnd {
  readonly sink: SendSink;
  readonly source: ReceiveSource;
  readonly writable: ApiSendStream;
  readonly readable: ApiReceiveStream;

  constructor(stream: Stream, wake: () => void) {
    this.sink = new SendSink(stream.send!, wake);
    this.source = new ReceiveSource(stream.receive!, wake);
    this.writable = new ApiSendStream(stream.send!, this.sink, ownerOf(wake), () => undefined);
    this.readable = new ApiReceiveStream(stream.receive!, this.source);
  }
}

/** Two sets of streams joined without a network; packets travel when `deliver()` is called. */
export class StreamPair {
  readonly client: StreamSet;
  readonly server: StreamSet;
  /** The server's ends, in the order they were opened. */
  readonly accepted: StreamEnd[] = [];
  /** Set to deliver by itself, soon after something happened. */
  isLive = false;
  readonly #ends = new Map<Stream, StreamEnd>();

  constructor(window = 65_536) {
    const options = {
      maxBidirectionalStreams: 10,
      maxUnidirectionalStreams: 10,
      connectionWindow: window,
      maxConnectionWindow: window,
      streamWindow: window,
      maxStreamWindow: window,
    };
    this.client = new StreamSet({ ...options, role: "client" });
    this.server = new StreamSet({ ...options, role: "server" });
    for (const set of [this.client, this.server]) {
      set.setPeerLimits({
        initialMaxData: window,
        initialMaxStreamDataBidiLocal: window,
        initialMaxStreamDataBidiRemote: window,
        initialMaxStreamDataUni: window,
        initialMaxStreamsBidi: 10,
        initialMaxStreamsUni: 10,
      });
    }
  }

  readonly #wake = (): void => {
    if (this.isLive) queueMicrotask(() => this.deliver());
  };

  /** Opens a stream at the client. */
  open(): StreamEnd {
    const stream = this.client.open(Kind.Bidirectional)!;
    const end = new StreamEnd(stream, this.#wake);
    this.#ends.set(stream, end);
    return end;
  }

  /** Lets packets go both ways until there are none, and all of them arrive. */
  deliver(): void {
    for (let busy = true; busy;) {
      busy = this.#carry(this.client, this.server);
      busy = this.#carry(this.server, this.client) || busy;
      this.#dispatch(this.client);
      this.#dispatch(this.server);
    }
  }

  #carry(from: StreamSet, to: StreamSet): boolean {
    const sink = new PacketSink();
    from.writeControlFrames(sink, 0, 10);
    from.writeStreamFrames(sink);
    if (sink.writer.offset === 0) return false;
    const handler = new Proxy(to, {
      get: (target, name) => {
        const method = Reflect.get(target, name, target);
        return typeof method === "function" ? method.bind(target) : () => {};
      },
    });
    const reader = new Reader(sink.writer.written());
    readFrames(reader, PacketType.OneRtt, {} as never, handler as unknown as FrameHandler);
    for (const frame of sink.frames) frame.owner.onFrameAcked(frame);
    return true;
  }

  #dispatch(set: StreamSet): void {
    for (let event; (event = set.nextEvent());) {
      if (event.type === "streamsAvailable") continue;
      if (event.type === "opened") {
        const end = new StreamEnd(event.stream, this.#wake);
        this.#ends.set(event.stream, end);
        this.accepted.push(end);
      } else if (event.type === "readable") {
        this.#ends.get(event.stream)?.source.onReadable();
      } else {
        this.#ends.get(event.stream)?.sink.onWritable();
      }
    }
  }
}

class PacketSink implements FrameSink {
  readonly writer = new Writer(new Uint8Array(1200));
  readonly frames: SentFrame[] = [];

  get room(): number {
    return this.writer.room;
  }

  record(owner: FrameOwner, kind: number, start: number, end: number): void {
    this.frames.push(new SentFrame(owner, kind, start, end));
  }
}

/** A connection without paths that streams could be bound to. */
export function ownerOf(wake: () => void): StreamOwner {
  return {
    wake,
    corePath: (path) => assert.fail(`there is no path ${path.id}`),
    publicPath: () => undefined,
  };
}
