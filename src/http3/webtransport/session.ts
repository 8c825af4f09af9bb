// One session of WebTransport, at either end.

import { ItemQueue } from "../../api/stream/item_queue.ts";
import { ApplicationError, StreamError } from "../../error/quic_error.ts";
import { SESSION_CLOSE_PATIENCE } from "../../limits/limits.ts";
import type { RequestDatagrams } from "../handler.ts";
import { later } from "../timer.ts";
import type {
  H3BidirectionalStream,
  H3SendStream,
  H3StreamOptions,
  H3Transport,
} from "../transport.ts";
import { H3ErrorCode } from "../wire/code_point.ts";
import { FrameReader } from "../wire/frame_reader.ts";
import type { WebTransportSettings } from "../wire/settings.ts";
import { SESSION_SIGNAL, SESSION_STREAM_TYPE, WtCapsule } from "../wire/web_transport.ts";
import type { CapsuleSender } from "./capsule_sender.ts";
import { malformed, MAX_CLOSE_VALUE, readCloseInfo, writeCloseInfo } from "./close_info.ts";
import { exporterContext, SESSION_EXPORTER_LABEL } from "./exporter_context.ts";
import { type IncomingStream, kindOf, refuseStream } from "./incoming_stream.ts";
import {
  creditCapsules,
  MAX_CREDIT_VALUE,
  SessionCredit,
  type StreamKind,
} from "./session_credit.ts";
import { SessionDatagrams } from "./session_datagrams.ts";
import { SessionReceiveStream } from "./session_receive_stream.ts";
import { sessionGone, SessionSendStream } from "./session_send_stream.ts";
import { WebTransportError } from "./web_transport_error.ts";
import type {
  WebTransportBidirectionalStream,
  WebTransportCloseInfo,
  WebTransportReceiveStream,
  WebTransportSendStream,
  WebTransportSession,
} from "./web_transport_session.ts";

/** What is done at turns in the life of a session. */
export interface SessionEvents {
  /** The application has taken a stream that waited. */
  onTaken(): void;
  /** It is over, though its stream may be open still. */
  onEnd(): void;
}

/** One session; its streams and datagrams wait in it until it has begun. */
export class Session implements WebTransportSession {
  /** The ID of the stream of its request. */
  readonly id: number;
  readonly connection: H3Transport;
  readonly ready: Promise<void> = Promise.resolve();
  readonly closed: Promise<WebTransportCloseInfo>;
  readonly draining: Promise<void>;
  readonly datagrams: SessionDatagrams;
  readonly #capsules: CapsuleSender;
  readonly #events: SessionEvents;
  /** Flow control, if both ends want it. */
  readonly #credit: SessionCredit | undefined;
  readonly #closed = Promise.withResolvers<WebTransportCloseInfo>();
  readonly #draining = Promise.withResolvers<void>();
  readonly #bidirectional: ItemQueue<IncomingStream, WebTransportBidirectionalStream>;
  readonly #unidirectional: ItemQueue<IncomingStream, WebTransportReceiveStream>;
  /** Streams that the application has. */
  readonly #open = new Set<{ end(reason: unknown): void }>();
  /** Streams that wait to be taken. */
  readonly #waiting = new Set<IncomingStream>();
  #protocol = "";
  #frames: FrameReader | undefined;
  #isOver = false;
  #overReason: unknown;
  #stopWaiting: (() => void) | undefined;

  /**
   * @param capsules What the session says on its stream.
   * @param theirs What the peer's settings say of sessions.
   */
  constructor(
    id: number,
    connection: H3Transport,
    capsules: CapsuleSender,
    datagrams: RequestDatagrams,
    theirs: WebTransportSettings,
    events: SessionEvents,
  ) {
    if (SessionCredit.isWanted(theirs)) {
      this.#credit = new SessionCredit(theirs, {
        say: (type, value) => capsules.send(type, value),
        onExcess: (error) => this.breakOff(error, error.code),
      });
    }
    this.id = id;
    this.connection = connection;
    this.#capsules = capsules;
    capsules.watch(() => this.#waitForEnd());
    this.#events = events;
    this.closed = this.#closed.promise;
    this.closed.catch(ignore);
    this.draining = this.#draining.promise;
    this.datagrams = new SessionDatagrams(datagrams);
    const refuse = (stream: IncomingStream) => {
      this.#waiting.delete(stream);
      this.#refuse(stream);
    };
    this.#bidirectional = new ItemQueue({ give: (stream) => this.#giveBoth(stream), refuse });
    this.#unidirectional = new ItemQueue({ give: (stream) => this.#giveOne(stream), refuse });
  }

  get incomingBidirectionalStreams(): ReadableStream<WebTransportBidirectionalStream> {
    return this.#bidirectional.readable;
  }

  get incomingUnidirectionalStreams(): ReadableStream<WebTransportReceiveStream> {
    return this.#unidirectional.readable;
  }

  /** Whether the peer may open only so many streams. */
  get isLimited(): boolean {
    return this.#credit !== undefined;
  }

  /** Streams of both directions that the application has not taken. */
  get waitingBidirectional(): number {
    return this.#bidirectional.length;
  }

  /** Streams of one direction that the application has not taken. */
  get waitingUnidirectional(): number {
    return this.#unidirectional.length;
  }

  get protocol(): string {
    return this.#protocol;
  }

  async createBidirectionalStream(
    options: H3StreamOptions = {},
  ): Promise<WebTransportBidirectionalStream> {
    const stream = await this.#opened("bidirectional", options, () => {
      return this.connection.createBidirectionalStream(options);
    });
    const frames = new FrameReader(stream.readable);
    if (this.#isOver) refuseStream({ sessionId: this.id, frames, ...stream }, sessionGone());
    this.#throwIfOver();
    return this.#both({ frames, ...stream }, [SESSION_SIGNAL, this.id], () => {});
  }

  async createUnidirectionalStream(
    options: H3StreamOptions = {},
  ): Promise<WebTransportSendStream> {
    const stream = await this.#opened("unidirectional", options, () => {
      return this.connection.createUnidirectionalStream(options);
    });
    if (this.#isOver) stream.abort(sessionGone()).catch(ignore);
    this.#throwIfOver();
    return this.#sending(stream, [SESSION_STREAM_TYPE, this.id], () => {});
  }

  exportKeyingMaterial(label: Uint8Array, context = new Uint8Array(0), length = 32): Uint8Array {
    const { connection } = this;
    if (connection.exportKeyingMaterial === undefined) {
      throw new TypeError("Cannot export keys: the connection does not");
    }
    const whole = exporterContext(this.id, label, context);
    return connection.exportKeyingMaterial(SESSION_EXPORTER_LABEL, whole, length);
  }

  drain(): void {
    this.#capsules.send(WtCapsule.Drain, new Uint8Array(0));
  }

  close({ closeCode = 0, reason = "" }: Partial<WebTransportCloseInfo> = {}): void {
    const value = writeCloseInfo({ closeCode, reason });
    if (this.#isOver) return;
    this.#capsules.send(WtCapsule.Close, value);
    this.#capsules.end();
    this.#closed.resolve({ closeCode, reason });
    this.#end(new WebTransportError("The session was closed by this end", { source: "session" }));
  }

  /** Closes the session, and waits until both ends know. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.close();
    await this.closed.catch(ignore);
  }

  /** Takes a stream that the peer has opened. */
  receive(stream: IncomingStream): void {
    if (this.#isOver) return refuseStream(stream, sessionGone());
    this.#waiting.add(stream);
    this.#credit?.onStream(kindOf(stream));
    if (this.#isOver) return;
    if (stream.writable) this.#bidirectional.push(stream);
    else this.#unidirectional.push(stream);
  }

  /** The peer asks, for all sessions, to come to an end. */
  onDrain(): void {
    this.#draining.resolve();
  }

  /**
   * Both ends want the session.
   *
   * @param protocol What they speak within it.
   * @param incoming What the peer says on the stream of the session.
   */
  begin(protocol: string, incoming: ReadableStream<Uint8Array<ArrayBuffer>>): void {
    this.#protocol = protocol;
    this.#run(incoming);
  }

  /** Reads what the peer says, until it ends; never rejects. */
  async #run(incoming: ReadableStream<Uint8Array<ArrayBuffer>>): Promise<void> {
    const frames = this.#frames = new FrameReader(incoming);
    if (this.#isOver) this.#waitForEnd();
    try {
      const info = await this.#readCapsules(frames);
      this.#closed.resolve(info);
      const why = info.reason === "" ? "" : `: ${info.reason}`;
      this.#end(new WebTransportError(`The peer closed the session${why}`, { source: "session" }));
      // WebTransport, Section 6: nothing may follow.
      if (await frames.raw()) throw malformed("Cannot accept more behind the end of a session");
      this.#capsules.end();
    } catch (error) {
      this.#onBroken(error);
    }
    this.#frames = undefined;
    this.#stopWaiting?.();
  }

  /** The connection is gone; what the peer said before is read first. */
  onConnectionEnd(cause: unknown): void {
    if (!this.#frames) this.fail(cause);
  }

  /** The session never began, or cannot go on. */
  fail(cause: unknown): void {
    const error = new WebTransportError("The session has broken", { source: "session", cause });
    this.#closed.reject(error);
    this.#end(error);
  }

  /** This end cannot go on, because of its application or of a rule that the peer broke. */
  breakOff(cause: unknown, code: number = H3ErrorCode.InternalError): void {
    this.fail(cause);
    const reset = new StreamError(code, "Cannot go on with a session", { cause });
    this.#capsules.fail(reset);
    this.#frames?.cancel(reset);
  }

  /** The capsules up to the one that closes the session, or the end of the stream. */
  async #readCapsules(frames: FrameReader): Promise<WebTransportCloseInfo> {
    while (frames.nextAtHand() || await frames.next()) {
      switch (frames.type) {
        case WtCapsule.Close:
          if (frames.remaining > MAX_CLOSE_VALUE) throw malformed("Cannot accept such a reason");
          return readCloseInfo(await frames.payload(MAX_CLOSE_VALUE));
        case WtCapsule.Drain:
          if (frames.remaining > 0) throw malformed("Cannot accept content in WT_DRAIN_SESSION");
          this.onDrain();
          break;
        case WtCapsule.MaxStreamData:
        case WtCapsule.StreamDataBlocked:
          // WebTransport, Section 5.4: streams of QUIC have limits of their own.
          throw malformed("Cannot accept a capsule about the credit of a stream");
      }
      // WebTransport, Section 5.1: without flow control they mean nothing.
      if (!this.#credit || !creditCapsules.has(frames.type)) continue;
      if (frames.remaining > MAX_CREDIT_VALUE) throw malformed("Cannot accept such a limit");
      this.#credit.onCapsule(frames.type, await frames.payload(MAX_CREDIT_VALUE));
    }
    return { closeCode: 0, reason: "" };
  }

  #onBroken(error: unknown): void {
    this.fail(error);
    // RFC 9297, Section 3.3: a capsule that is cut off makes the message malformed.
    const own = error instanceof ApplicationError ? malformed(error.message) : error;
    const reset = own instanceof StreamError ? own : sessionGone();
    this.#capsules.fail(reset);
    this.#frames?.cancel(reset);
  }

  /** The session is over: its streams end with it (WebTransport, Section 6). */
  #end(reason: unknown): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#overReason = reason;
    this.#credit?.end(reason);
    for (const stream of [...this.#open]) stream.end(reason);
    for (const stream of this.#waiting) refuseStream(stream, sessionGone());
    this.#waiting.clear();
    this.#bidirectional.end();
    this.#unidirectional.end();
    this.datagrams.end(reason);
    this.#waitForEnd();
    this.#events.onEnd();
  }

  /** A peer that ends one direction of the stream and not the other is not waited for. */
  #waitForEnd(): void {
    if (!this.#frames) return;
    this.#stopWaiting ??= later(SESSION_CLOSE_PATIENCE, () => {
      this.#frames?.cancel(sessionGone());
      this.#capsules.fail(sessionGone());
    });
  }

  #throwIfOver(): void {
    if (this.#isOver) throw this.#overReason;
  }

  /** Opens a stream that there is credit for. */
  async #opened<T>(
    kind: StreamKind,
    { waitUntilAvailable = false }: H3StreamOptions,
    open: () => Promise<T>,
  ): Promise<T> {
    this.#throwIfOver();
    await this.#credit?.openStream(kind, waitUntilAvailable);
    try {
      return await open();
    } catch (error) {
      this.#credit?.closeUnopened(kind);
      throw error;
    }
  }

  #giveBoth(stream: IncomingStream): WebTransportBidirectionalStream {
    this.#take(stream);
    const { writable } = stream;
    let halves = 2;
    return this.#both({ ...stream, writable: writable! }, [], () => {
      if (--halves === 0) this.#credit?.onStreamDone("bidirectional");
    });
  }

  #giveOne(stream: IncomingStream): WebTransportReceiveStream {
    this.#take(stream);
    return this.#receiving(stream, () => this.#credit?.onStreamDone("unidirectional"));
  }

  /** Refuses a stream that the application does not want; its data count all the same. */
  #refuse(stream: IncomingStream): void {
    refuseStream(stream, sessionGone());
    this.#credit?.onStreamDone(kindOf(stream));
    this.#credit?.settle(() => stream.readable.finalSize, stream.frames.headerSize);
  }

  #take(stream: IncomingStream): void {
    this.#waiting.delete(stream);
    this.#events.onTaken();
  }

  /** @param onDone Called at the end of either half. */
  #both(
    stream: H3BidirectionalStream & { readonly frames: FrameReader },
    header: readonly number[],
    onDone: () => void,
  ): WebTransportBidirectionalStream {
    const readable = this.#receiving(stream, onDone);
    return { readable, writable: this.#sending(stream.writable, header, onDone) };
  }

  #receiving(
    { frames, readable }: Pick<IncomingStream, "frames" | "readable">,
    onDone: () => void,
  ): SessionReceiveStream {
    const stream = SessionReceiveStream.over(frames, readable, this.#credit, () => {
      this.#open.delete(stream);
      onDone();
    });
    this.#open.add(stream);
    return stream;
  }

  #sending(
    writable: H3SendStream,
    header: readonly number[],
    onDone: () => void,
  ): SessionSendStream {
    const stream = SessionSendStream.over(writable, header, this.#credit, () => {
      this.#open.delete(stream);
      onDone();
    });
    this.#open.add(stream);
    return stream;
  }
}

function ignore(): void {}
