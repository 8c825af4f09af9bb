// An HTTP/3 connection of either role: critical streams, settings, the end.

import type { Role } from "../../error/role.ts";
import {
  HEADER_TIMEOUT,
  MAX_CRITICAL_BACKLOG,
  MAX_FIELD_SECTION,
  QPACK_BLOCKED_STREAMS,
  QPACK_TABLE_CAPACITY,
} from "../../limits/limits.ts";
import { concatBytes } from "../../bytes/bytes.ts";
import { ApplicationError, QuicError, StreamError } from "../../error/quic_error.ts";
import { QpackDecoder } from "../../qpack/decoder.ts";
import { QpackEncoder } from "../../qpack/encoder.ts";
import { type FieldLine, fieldLineSize } from "../../qpack/field_line.ts";
import { checkOptions } from "../check_options.ts";
import { closedInOrder } from "./closed_in_order.ts";
import { H3ErrorCode, H3FrameType, H3StreamType, reservedIdentifier } from "../wire/code_point.ts";
import { closedCriticalStream, ControlStream } from "./control_stream.ts";
import { frame, varints } from "../wire/frame.ts";
import { FrameReader } from "../wire/frame_reader.ts";
import { H3Datagrams } from "./datagrams.ts";
import { H3Log } from "./h3_log.ts";
import {
  loggedGoAway,
  loggedPriorityUpdate,
  loggedSettings,
  loggedUnknown,
} from "./logged_frame.ts";
import type { H3Options } from "../options.ts";
import { OutgoingStream } from "./outgoing_stream.ts";
import { later } from "../timer.ts";
import {
  listSettings,
  type Settings,
  type WebTransportSettings,
  writeSettings,
} from "../wire/settings.ts";
import { SESSION_STREAM_TYPE } from "../wire/web_transport.ts";
import type { H3ReceiveStream, H3Transport } from "../transport.ts";

/** What a role wants to hear about its connection. */
export interface H3ConnectionEvents {
  /** The peer takes no requests from this stream ID on. */
  onGoAway(id: number): void;
  /** The peer gave the response on a stream another priority. */
  onPriorityUpdate(streamId: number, priority: string): void;
  /** A unidirectional stream of a session of WebTransport came; its header has been read. */
  onSessionStream?(sessionId: number, frames: FrameReader, stream: H3ReceiveStream): void;
  /** What to wait for before more streams are taken, if there are many already. */
  sessionRoom?(): Promise<void> | undefined;
}

/** Options that depend on the role. */
export interface H3ConnectionOptions extends H3Options {
  /** Whether it takes extended CONNECT. */
  readonly extendedConnect?: boolean;
  /** Milliseconds that a unidirectional stream may take to say its type. */
  readonly headerTimeout?: number;
  /** What it says of WebTransport, if it speaks that. */
  readonly webTransportSettings?: WebTransportSettings | undefined;
}

/** What client and server share: settings, critical streams, QPACK, and the end. */
export class H3Connection {
  readonly role: Role;
  readonly transport: H3Transport;
  /** Settles when the transport has ended, however it did. */
  readonly closed: Promise<void>;
  /** Why the connection failed, if it did by our judgement. */
  failure: QuicError | undefined;
  /** What the peer announced, once it has; rejects if the connection ends before. */
  readonly peerSettings: Promise<Settings>;
  /** What is told of the connection, if anything is. */
  readonly log: H3Log | undefined;
  /** Datagrams of requests, if they are wanted. */
  readonly datagrams: H3Datagrams | undefined;
  readonly #encoder: QpackEncoder;
  readonly #decoder: QpackDecoder;
  readonly #events: H3ConnectionEvents;
  readonly #settings: Settings;
  readonly #control: OutgoingStream;
  readonly #encoderStream: OutgoingStream;
  readonly #decoderStream: OutgoingStream;
  /** The critical streams that the peer has opened: a bit for each type. */
  #claimed = 0;
  readonly #peerSettings = Promise.withResolvers<Settings>();
  readonly #headerTimeout: number;
  #peerSectionLimit = Infinity;
  #ending: unknown;

  constructor(
    transport: H3Transport,
    role: Role,
    options: H3ConnectionOptions,
    events: H3ConnectionEvents,
  ) {
    const { incomingBidirectionalStreams, incomingUnidirectionalStreams } = transport;
    if (incomingBidirectionalStreams.locked || incomingUnidirectionalStreams.locked) {
      throw new TypeError("Cannot speak HTTP/3: the connection's streams are read already");
    }
    checkOptions(options);
    this.transport = transport;
    // RFC 9114, Section 8.1: the code for a peer that is disconnected because it holds the most.
    if (transport.account) transport.account.overloadCode = H3ErrorCode.ExcessiveLoad;
    this.role = role;
    this.#events = events;
    this.#headerTimeout = options.headerTimeout ?? HEADER_TIMEOUT;
    this.log = transport.qlog && new H3Log(transport.qlog);
    const canDatagrams = transport.sendDatagram && transport.readDatagram;
    this.#settings = {
      maxTableCapacity: options.qpackTableCapacity ?? QPACK_TABLE_CAPACITY,
      blockedStreams: options.qpackBlockedStreams ?? QPACK_BLOCKED_STREAMS,
      maxFieldSectionSize: options.maxFieldSectionSize ?? MAX_FIELD_SECTION,
      extendedConnect: options.extendedConnect ?? false,
      datagrams: options.datagrams === true && canDatagrams !== undefined,
      ...options.webTransportSettings && { webTransport: options.webTransportSettings },
    };
    this.#encoder = new QpackEncoder({ tableCapacity: this.#settings.maxTableCapacity });
    this.#decoder = new QpackDecoder({
      maxTableCapacity: this.#settings.maxTableCapacity,
      maxBlockedStreams: this.#settings.blockedStreams,
      maxFieldSectionSize: this.#settings.maxFieldSectionSize,
      maxBlockedBytes: options.qpackBlockedBytes,
    });
    const stream = (type: number, most = MAX_CRITICAL_BACKLOG) =>
      new OutgoingStream(transport, type, most, (error) => this.#broken(error), this.log);
    this.#control = stream(H3StreamType.Control);
    // What the peer has not acknowledged is no more than the table.
    const { maxTableCapacity } = this.#settings;
    this.#encoderStream = stream(
      H3StreamType.QpackEncoder,
      MAX_CRITICAL_BACKLOG + 2 * maxTableCapacity,
    );
    this.#decoderStream = stream(H3StreamType.QpackDecoder);
    this.closed = transport.closed.then(
      (info) => void (this.#ending = closedInOrder(info)),
      (error) => void (this.#ending = error),
    );
    this.peerSettings = this.#peerSettings.promise;
    this.peerSettings.catch(noop);
    this.closed.then(() => this.#end(this.ending));
    this.#start();
    if (this.#settings.datagrams) this.datagrams = new H3Datagrams(this);
  }

  /** The largest field section we take. */
  get maxFieldSectionSize(): number {
    return this.#settings.maxFieldSectionSize;
  }

  /** Why the connection is over: our own judgement, or what the transport says; else undefined. */
  get ending(): unknown {
    return this.failure ?? this.#ending;
  }

  /**
   * What lies behind an error of the transport, which knows but the code and sentence of what we
   * closed it for.
   */
  originOf(error: unknown): unknown {
    const isEcho = error instanceof ApplicationError && error.code === this.failure?.code;
    return isEcho ? this.failure : error;
  }

  /** Closes the connection with the error's code. */
  fail(error: unknown): void {
    if (this.failure) return;
    const failure = error instanceof QuicError
      ? error
      : new ApplicationError(H3ErrorCode.InternalError, "Cannot go on", { cause: error });
    this.failure = failure;
    this.#end(failure);
    this.#closeTransport(failure.code, failure.message);
  }

  /** Whether we said that we take extended CONNECT. */
  get extendedConnect(): boolean {
    return this.#settings.extendedConnect;
  }

  /** What we said of WebTransport, if we speak it. */
  get webTransport(): WebTransportSettings | undefined {
    return this.#settings.webTransport;
  }

  /** Closes the connection because all is done. */
  close(): void {
    this.#closeTransport(H3ErrorCode.NoError, "");
  }

  /** Tells the peer that nothing from this stream or push ID on will be served. */
  goAway(id: number): Promise<void> {
    const bytes = frame(H3FrameType.GoAway, varints(id));
    return this.#control.send(bytes, this.log && loggedGoAway(id));
  }

  /** Asks the server to send the response on a stream sooner or later (RFC 9218, Section 7). */
  updatePriority(streamId: number, priority: string): Promise<void> {
    const payload = concatBytes(varints(streamId), new TextEncoder().encode(priority));
    const type = H3FrameType.PriorityUpdateRequest;
    const logged = this.log && loggedPriorityUpdate(type, streamId, priority);
    return this.#control.send(frame(type, payload), logged);
  }

  /** Encodes a field section for a stream. */
  encode(streamId: number, lines: readonly FieldLine[]): Uint8Array<ArrayBuffer> {
    let size = 0;
    for (const { name, value } of lines) size += fieldLineSize(name, value);
    if (size > this.#peerSectionLimit) {
      throw new TypeError(`Cannot send ${size} bytes of fields: the peer takes fewer`);
    }
    const section = this.#encoder.encode(streamId, lines);
    const { instructions } = this.#encoder;
    if (instructions.length > 0) this.#encoderStream.send(instructions.take());
    return section;
  }

  /** Decodes a field section that came on a stream. */
  decode(streamId: number, section: Uint8Array): FieldLine[] | Promise<FieldLine[]> {
    const lines = this.#decoder.decode(streamId, section);
    this.#flushDecoder();
    return lines;
  }

  /** Says that no more of a stream will be read, so that QPACK can forget it. */
  forget(streamId: number): void {
    this.#decoder.cancel(streamId);
    this.#flushDecoder();
  }

  /** What the peer's SETTINGS say. */
  onSettings(settings: Settings): void {
    this.log?.parametersSet("remote", settings);
    this.#peerSectionLimit = settings.maxFieldSectionSize;
    this.#encoder.allow(settings.maxTableCapacity, settings.blockedStreams);
    this.#peerSettings.resolve(settings);
  }

  onGoAway(id: number): void {
    this.#events.onGoAway(id);
  }

  onPriorityUpdate(streamId: number, priority: string): void {
    this.#events.onPriorityUpdate(streamId, priority);
  }

  /** Ends all waiting. */
  #end(error: unknown): void {
    this.#decoder.close(error);
    this.#peerSettings.reject(error);
  }

  /** RFC 9114, Section 7.2.4.2: our settings wait for nothing. */
  #start(): void {
    this.log?.parametersSet("local", this.#settings);
    const payload = writeSettings(this.#settings);
    const settings = frame(H3FrameType.Settings, payload);
    const headerSize = settings.length - payload.length;
    this.#control.send(
      settings,
      this.log && loggedSettings(listSettings(payload), headerSize, payload.length),
    );
    // RFC 9114, Section 7.2.8: a frame without meaning, so that peers keep passing over them.
    const type = reservedIdentifier(Math.floor(Math.random() * 1e6));
    const reserved = frame(type, new Uint8Array(0));
    this.#control.send(reserved, this.log && loggedUnknown(type, reserved.length, 0));
    this.#acceptStreams();
  }

  async #acceptStreams(): Promise<void> {
    const streams = this.transport.incomingUnidirectionalStreams.getReader();
    try {
      for (;;) {
        const { done, value } = await streams.read();
        if (done) return;
        this.#serveStream(value);
        await this.#events.sessionRoom?.();
      }
    } catch {
      // The transport has ended; `closed` tells how.
    }
  }

  async #serveStream(stream: H3ReceiveStream): Promise<void> {
    const frames = new FrameReader(stream);
    let type = -1;
    try {
      type = await this.#typeOf(frames);
      if (type >= 0) await this.#readStream(type, frames, stream);
    } catch (error) {
      if (error instanceof ApplicationError) this.fail(error);
      else if (!this.#isClaimed(type)) return;
      else if (error instanceof StreamError) this.#broken(error);
      // A stream breaks with the transport, and `closed` tells of that. Any other error means that what
      // the stream says from now on would not be heard.
      else if (!frames.isBroken) this.fail(error);
    }
  }

  /** The type of a stream; -1 if it ends without one. Those that never say it are not held. */
  #typeOf(frames: FrameReader): Promise<number> {
    return this.#inTime(frames, frames.streamType());
  }

  async #inTime(frames: FrameReader, header: Promise<number>): Promise<number> {
    const stop = later(this.#headerTimeout, () => {
      frames.cancel(new StreamError(H3ErrorCode.StreamCreationError, "Cannot wait for a type"));
    });
    try {
      return await header;
    } finally {
      stop();
    }
  }

  async #readStream(type: number, frames: FrameReader, stream: H3ReceiveStream): Promise<void> {
    const [{ log }, id] = [this, Number(stream.id)];
    log?.streamTypeSet("remote", id, type);
    switch (type) {
      case H3StreamType.Control:
        this.#claim(type);
        return await new ControlStream(
          frames,
          this.role,
          this,
          log && ((frame) => log.frameParsed(id, frame)),
        ).run();
      case H3StreamType.QpackEncoder:
        this.#claim(type);
        return await this.#readAll(frames, (data) => {
          this.#decoder.receive(data);
          this.#flushDecoder();
        });
      case H3StreamType.QpackDecoder:
        this.#claim(type);
        return await this.#readAll(frames, (data) => this.#encoder.receive(data));
      case SESSION_STREAM_TYPE: {
        if (!this.webTransport) break;
        const sessionId = await this.#inTime(frames, frames.varint());
        return sessionId < 0
          ? undefined
          : this.#events.onSessionStream?.(sessionId, frames, stream);
      }
      case H3StreamType.Push:
        // RFC 9114, Section 4.6 and RFC 9114, Section 6.2.2: we never send MAX_PUSH_ID.
        throw this.role === "server"
          ? new ApplicationError(H3ErrorCode.StreamCreationError, "Cannot be pushed to as a server")
          : new ApplicationError(H3ErrorCode.IdError, "Cannot accept a push that was not allowed");
    }
    // RFC 9114, Section 6.2 and RFC 9114, Section 6.2.3: unknown types are turned away, not held.
    frames.cancel(new StreamError(H3ErrorCode.StreamCreationError, "Cannot use this stream type"));
  }

  /** RFC 9114, Section 6.2.1 and RFC 9204, Section 4.2: one of each kind. */
  #claim(type: number): void {
    if (this.#isClaimed(type)) {
      throw new ApplicationError(
        H3ErrorCode.StreamCreationError,
        `Cannot accept a second stream of type ${type}`,
      );
    }
    this.#claimed |= 1 << type;
  }

  #isClaimed(type: number): boolean {
    return type >= 0 && type < 32 && (this.#claimed >>> type & 1) === 1;
  }

  async #readAll(frames: FrameReader, receive: (data: Uint8Array) => void): Promise<never> {
    for (;;) {
      const data = await frames.raw();
      if (!data) throw closedCriticalStream();
      receive(data);
    }
  }

  /** A critical stream was reset, or asked for more than we give. */
  #broken(error: StreamError): void {
    const tooMuch = error.code === H3ErrorCode.ExcessiveLoad;
    this.fail(
      tooMuch ? new ApplicationError(error.code, error.message) : closedCriticalStream(error),
    );
  }

  #flushDecoder(): void {
    const { instructions } = this.#decoder;
    if (instructions.length > 0) this.#decoderStream.send(instructions.take());
  }

  #closeTransport(closeCode: number, reason: string): void {
    try {
      this.transport.close({ closeCode, reason });
    } catch {
      // It has ended already.
    }
  }
}

function noop(): void {}
