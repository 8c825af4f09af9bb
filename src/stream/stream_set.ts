// All streams of a connection.

import { Queue } from "../bytes/queue.ts";
import { ErrorCode } from "../error/error_code.ts";
import { TransportError } from "../error/quic_error.ts";
import type { Role } from "../error/role.ts";
import type { FrameSink } from "../frame/sent_frame.ts";
import { roundRobinOrder, type StreamView } from "../scheduler/stream_order.ts";
import { BufferMemory } from "./buffer_memory.ts";
import { ConnectionCredit, Kind, kindOf } from "./connection_credit.ts";
import type { ControlWriter, ReceiveObserver, SendObserver } from "./half_observer.ts";
import { initialSendLimit, NO_LIMITS, type PeerStreamLimits } from "./peer_stream_limits.ts";
import { PeerStreamRoom } from "./peer_stream_room.ts";
import { ReceiveHalf } from "./receive_half.ts";
import type { ReceiveLimitOptions } from "./receive_limit.ts";
import { SendHalf } from "./send_half.ts";
import { SendQueue } from "./send_queue.ts";
import { WriteAhead } from "./write_ahead.ts";
import { Stream } from "./stream.ts";
import { StreamMap } from "./stream_map.ts";
import type { StreamSetOptions } from "./stream_set_options.ts";
import type { StreamEvent } from "./stream_event.ts";
import { initiatorOf, isUnidirectional, streamId, streamIndex } from "./stream_id.ts";

/** With less room in a packet than this, no further stream is asked. */
const LEAST_ROOM = 64;

/** All streams of a connection: opens, finds and forgets them, and takes their frames. */
export class StreamSet implements SendObserver<SendHalf>, ReceiveObserver<ReceiveHalf> {
  /** Limits of the connection as a whole. */
  readonly credit: ConnectionCredit;
  /** What streams of the peer leave for others. */
  readonly room: PeerStreamRoom;
  /** Whether any stream was ever bound to a path. */
  hasBound = false;
  /** Streams with something to send. */
  readonly queue: SendQueue;
  /** What the buffers of all streams have allocated. */
  readonly memory: BufferMemory;
  readonly #ahead: WriteAhead;
  readonly #role: Role;
  readonly #receiveOptions: ReceiveLimitOptions;
  readonly #streams = new StreamMap();
  /** Streams and halves with control frames to write, in the order in which they asked. */
  readonly #control = new Set<ControlWriter>();
  readonly #events: Queue<StreamEvent> = new Queue();
  /** Whether the application could not open a stream of a kind and waits. */
  readonly #wanted: [boolean, boolean] = [false, false];
  #peer: PeerStreamLimits = NO_LIMITS;

  /** @internal */
  constructor(options: StreamSetOptions) {
    this.#role = options.role;
    this.memory = options.memory ?? new BufferMemory();
    this.credit = new ConnectionCredit({ ...options, memory: this.memory });
    this.room = new PeerStreamRoom(this.credit);
    const { streamWindow, maxStreamWindow } = options;
    this.#receiveOptions = {
      window: streamWindow,
      maxWindow: maxStreamWindow,
      memory: this.memory,
    };
    this.queue = new SendQueue(this.credit.send, options.order ?? roundRobinOrder);
    this.#ahead = new WriteAhead(this.memory);
  }

  /** How many streams are remembered. */
  get size(): number {
    return this.#streams.size;
  }

  /** What can be sent in STREAM frames now, most urgent first; a live array. */
  get views(): readonly SendHalf[] {
    return this.queue.views;
  }

  /** Whether `writeControlFrames()` has something to write. */
  get hasControlFrames(): boolean {
    if (this.queue.needsCredit) this.credit.send.block();
    return this.#control.size > 0 || this.credit.hasPending;
  }

  /** When `expire()` is to be called; usually `Infinity`. */
  get deadline(): number {
    return this.room.deadline;
  }

  /** Changes when bytes come that streams lack before others they have; 0 if they lack none. */
  get gapMark(): number {
    let mark = 0;
    for (const { receive } of this.#streams.values()) mark += receive?.gapMark ?? 0;
    return mark;
  }

  /** The streams that are remembered. */
  all(): Iterable<Stream> {
    return this.#streams.values();
  }

  /** The stream with this ID, if it is open. */
  find(id: number): Stream | undefined {
    return this.#streams.get(id);
  }

  /** Opens a stream; `undefined` if the peer allows no more now ("streamsAvailable" follows). */
  open(kind: Kind): Stream | undefined {
    const limit = this.credit.sendStreams[kind];
    if (limit.room <= 0) {
      this.#wanted[kind] = true;
      limit.block();
      return undefined;
    }
    const stream = this.#create(streamId(limit.used, this.#role, kind === Kind.Unidirectional));
    limit.use(1);
    // An end that opens streams asks for the data that come on them.
    if (stream.receive) this.credit.receive.allowUnread(this.#receiveOptions.window);
    return stream;
  }

  /** Whether {@linkcode nextEvent} has something to tell. */
  get hasEvents(): boolean {
    return !this.#events.isEmpty;
  }

  /** The next event for the application. */
  nextEvent(): StreamEvent | undefined {
    return this.#events.take();
  }

  /** Takes the limits of the peer, or those remembered from it for 0-RTT. They only rise. */
  setPeerLimits(limits: PeerStreamLimits): void {
    this.#peer = limits;
    this.onMaxData(limits.initialMaxData);
    this.onMaxStreams(true, limits.initialMaxStreamsBidi);
    this.onMaxStreams(false, limits.initialMaxStreamsUni);
    for (const stream of this.#streams.values()) {
      stream.send?.onMaxStreamData(initialSendLimit(this.#peer, stream.id, this.#role));
    }
  }

  get takesResetAt(): boolean {
    return this.#peer.resetStreamAt === true;
  }

  /** 0-RTT was rejected: everything is sent again within the limits that the peer gives now. */
  onEarlyDataRejected(limits: PeerStreamLimits): void {
    this.#peer = limits;
    this.credit.send.restart(limits.initialMaxData);
    this.#restartCount(Kind.Bidirectional, limits.initialMaxStreamsBidi);
    this.#restartCount(Kind.Unidirectional, limits.initialMaxStreamsUni);
    for (const stream of this.#streams.values()) {
      stream.send?.restart(initialSendLimit(this.#peer, stream.id, this.#role));
    }
    for (const writer of this.#control) if (this.#isParked(writer.id)) this.#control.delete(writer);
  }

  /**
   * Fills a packet with STREAM frames.
   *
   * @param sink The packet.
   * @param streams Those to draw from, in this order, if not all.
   * @returns Whether anything was written.
   */
  writeStreamFrames(sink: FrameSink, streams: readonly StreamView[] = this.views): boolean {
    const before = sink.writer.offset;
    if (streams === this.views) this.#writeMostUrgent(sink);
    else {
      for (const { id } of streams) {
        if (sink.room < LEAST_ROOM) break;
        const half = this.#streams.get(id)?.send;
        if (half?.writeFrames(sink, this.credit.send)) this.queue.onServed(half);
      }
    }
    return sink.writer.offset > before;
  }

  #writeMostUrgent(sink: FrameSink): void {
    let list = this.views;
    let i = 0;
    while (i < list.length && sink.room >= LEAST_ROOM) {
      const half = list[i]!;
      const written = half.writeFrames(sink, this.credit.send);
      if (written) this.queue.onServed(half);
      // The list has moved on by itself, unless the stream kept its place.
      else i++;
      if (list !== this.views) { // that was the last of the connection's credit
        list = this.views;
        i = 0;
      }
    }
  }

  /** Writes all pending frames but STREAM frames; returns whether nothing is left. */
  writeControlFrames(sink: FrameSink, now: number, rtt: number): boolean {
    this.expire(now);
    if (!this.hasControlFrames) return true;
    if (!this.credit.writeControlFrames(sink, now, rtt)) return false;
    for (const writer of this.#control) {
      if (!writer.writeControlFrames(sink, now, rtt)) return false;
      this.#control.delete(writer);
    }
    return true;
  }

  /** Gives back room that was held back. */
  expire(now: number): void {
    this.room.expire(now);
  }

  /** STREAM (RFC 9000, Section 19.8). */
  onStream(id: number, offset: number, data: Uint8Array, fin: boolean): void {
    this.#receiving(id)?.onData(offset, data, fin);
  }

  /** RESET_STREAM (RFC 9000, Section 19.4), or RESET_STREAM_AT with a reliable size. */
  onResetStream(id: number, code: number, finalSize: number, reliableSize = 0): void {
    this.#receiving(id)?.onReset(code, finalSize, reliableSize);
  }

  /** STOP_SENDING (RFC 9000, Section 19.5). */
  onStopSending(id: number, code: number): void {
    this.#sending(id)?.onStopSending(code);
  }

  /** MAX_DATA (RFC 9000, Section 19.9). */
  onMaxData(limit: number): void {
    this.credit.send.raise(limit);
  }

  /** MAX_STREAM_DATA (RFC 9000, Section 19.10). */
  onMaxStreamData(id: number, limit: number): void {
    this.#sending(id)?.onMaxStreamData(limit);
  }

  /** MAX_STREAMS (RFC 9000, Section 19.11). */
  onMaxStreams(bidirectional: boolean, limit: number): void {
    const kind = bidirectional ? Kind.Bidirectional : Kind.Unidirectional;
    const streams = this.credit.sendStreams[kind];
    const before = streams.limit;
    if (!streams.raise(limit)) return;
    // After a rejected 0-RTT, streams may be open that the peer has not allowed until now.
    for (let i = before; i < Math.min(streams.used, streams.limit); i++) {
      const stream = this.#streams.get(streamId(i, this.#role, kind === Kind.Unidirectional));
      if (stream) this.#revive(stream);
    }
    if (this.#wanted[kind] && streams.room > 0) {
      this.#wanted[kind] = false;
      this.#events.push({ type: "streamsAvailable", kind });
    }
  }

  /** DATA_BLOCKED (RFC 9000, Section 19.12). */
  onDataBlocked(limit: number): void {
    this.credit.receive.onBlocked(limit);
  }

  /** STREAM_DATA_BLOCKED (RFC 9000, Section 19.13). */
  onStreamDataBlocked(id: number, limit: number): void {
    this.#receiving(id)?.onBlocked(limit);
  }

  /** STREAMS_BLOCKED (RFC 9000, Section 19.14). */
  onStreamsBlocked(bidirectional: boolean, limit: number): void {
    const kind = bidirectional ? Kind.Bidirectional : Kind.Unidirectional;
    this.credit.receiveStreams[kind].onBlocked(limit);
  }

  onSendChanged(half: SendHalf): void {
    if (this.#isParked(half.id)) this.queue.remove(half);
    else this.queue.update(half);
  }

  onOrderChanged(half: SendHalf): void {
    if (half.bound !== undefined) this.hasBound = true;
    this.queue.reposition(half);
  }

  onControlPending(half: ControlWriter): void {
    if (!this.#isParked(half.id)) this.#control.add(half);
  }

  onWritable(half: SendHalf): void {
    const stream = this.#streams.get(half.id);
    if (stream) this.#events.push({ type: "writable", stream });
  }

  onReadable(half: ReceiveHalf): void {
    const stream = this.#streams.get(half.id);
    if (stream) this.#events.push({ type: "readable", stream });
  }

  onHalfDone(id: number): void {
    const stream = this.#streams.get(id);
    if (!stream?.isDone) return;
    this.#streams.delete(id);
    if (stream.send) this.#control.delete(stream.send);
    if (stream.receive) this.#control.delete(stream.receive);
    if (initiatorOf(id) === this.#role) {
      if (stream.receive) this.credit.receive.allowUnread(-this.#receiveOptions.window);
      return;
    }
    this.room.onDone(stream);
  }

  /** The half that takes data on this stream; `undefined` if the stream is forgotten. */
  #receiving(id: number): ReceiveHalf | undefined {
    const stream = this.#streams.get(id);
    if (stream?.receive) return stream.receive;
    if (isUnidirectional(id) && initiatorOf(id) === this.#role) {
      throw stateError(id, "only we send on it");
    }
    return (stream ?? this.#meet(id))?.receive;
  }

  /** The half that sends on this stream; `undefined` if the stream is forgotten. */
  #sending(id: number): SendHalf | undefined {
    const stream = this.#streams.get(id);
    if (stream?.send) return stream.send;
    if (isUnidirectional(id) && initiatorOf(id) !== this.#role) {
      throw stateError(id, "only the peer sends on it");
    }
    return (stream ?? this.#meet(id))?.send;
  }

  /** A stream that is not in the map: the peer's new one, or a forgotten one (`undefined`). */
  #meet(id: number): Stream | undefined {
    const kind = kindOf(id);
    const index = streamIndex(id);
    if (initiatorOf(id) === this.#role) {
      if (index < this.credit.sendStreams[kind].used) return undefined;
      throw stateError(id, "we have not opened it");
    }
    const limit = this.credit.receiveStreams[kind];
    const first = limit.received;
    if (index < first) return undefined;
    if (!limit.receive(index + 1 - first)) {
      throw new TransportError(
        ErrorCode.StreamLimitError,
        `Cannot accept stream ${id}: only ${limit.limit} streams of its kind are allowed`,
      );
    }
    // RFC 9000, Section 2.1: a stream opens all streams of its kind with lower numbers.
    for (let i = first; i <= index; i++) {
      const stream = this.#create(id - 4 * (index - i));
      this.#events.push({ type: "opened", stream });
    }
    return this.#streams.get(id);
  }

  #create(id: number): Stream {
    const local = initiatorOf(id) === this.#role;
    const both = !isUnidirectional(id);
    const credit = initialSendLimit(this.#peer, id, this.#role);
    const send = both || local
      ? new SendHalf(id, credit, this, this.memory, this.#ahead)
      : undefined;
    const receive = both || !local
      ? new ReceiveHalf(id, this.#receiveOptions, this.credit.receive, this, this.memory)
      : undefined;
    const stream = new Stream(id, send, receive);
    this.#streams.add(stream);
    return stream;
  }

  /** Whether we opened the stream under 0-RTT limits that the peer did not keep to. */
  #isParked(id: number): boolean {
    return initiatorOf(id) === this.#role &&
      streamIndex(id) >= this.credit.sendStreams[kindOf(id)].limit;
  }

  #revive(stream: Stream): void {
    if (stream.send) {
      this.onSendChanged(stream.send);
      this.#control.add(stream.send);
    }
    if (stream.receive) this.#control.add(stream.receive);
  }

  /** Takes a new limit on streams, with as many used as are open. */
  #restartCount(kind: Kind, limit: number): void {
    const { used } = this.credit.sendStreams[kind];
    this.credit.sendStreams[kind].restart(limit);
    this.credit.sendStreams[kind].use(used);
  }
}

function stateError(id: number, reason: string): TransportError {
  return new TransportError(
    ErrorCode.StreamStateError,
    `Cannot accept a frame for stream ${id}: ${reason}`,
  );
}
