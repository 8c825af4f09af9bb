// The sessions of WebTransport on one connection.

import { ApplicationError, StreamError } from "../../error/quic_error.ts";
import {
  MAX_SESSION_STREAMS_EARLY,
  MAX_SESSION_STREAMS_WAITING,
  SESSION_DRAIN_TIME,
  SESSION_STREAM_PATIENCE,
  SESSION_STREAMS,
  SESSION_WINDOW,
} from "../../limits/limits.ts";
import type { RequestDatagrams } from "../handler.ts";
import type { H3Connection } from "../message/h3_connection.ts";
import { later } from "../timer.ts";
import type { H3ReceiveStream, H3SendStream } from "../transport.ts";
import { H3ErrorCode } from "../wire/code_point.ts";
import type { FrameReader } from "../wire/frame_reader.ts";
import type { WebTransportSettings } from "../wire/settings.ts";
import { WtErrorCode } from "../wire/web_transport.ts";
import type { CapsuleSender } from "./capsule_sender.ts";
import { type IncomingStream, refuseStream } from "./incoming_stream.ts";
import { Session } from "./session.ts";
import { SessionCredit } from "./session_credit.ts";
import { sessionGone } from "./session_send_stream.ts";

/** What we say of WebTransport: all drafts, and flow control; in the drafts before, one session. */
export const OUR_WEB_TRANSPORT: WebTransportSettings = {
  enabled: 1,
  maxSessions: 1,
  maxData: SESSION_WINDOW,
  maxStreamsUni: SESSION_STREAMS,
  maxStreamsBidi: SESSION_STREAMS,
};

/** The sessions of one connection, and the streams that wait for one. */
export class Sessions {
  readonly #connection: H3Connection;
  readonly #sessions = new Map<number, Session>();
  /** Sessions that are over; the oldest are forgotten. */
  readonly #gone = new Set<number>();
  readonly #early: { readonly stream: IncomingStream; readonly stop: () => void }[] = [];
  #onRoom: PromiseWithResolvers<void> | undefined;

  constructor(connection: H3Connection) {
    this.#connection = connection;
    connection.closed.then(() => this.#onConnectionEnd(connection.ending));
  }

  /** How many are open. */
  get size(): number {
    return this.#sessions.size;
  }

  /**
   * How many may be open with such a peer (WebTransport, Sections 5.1 and 5.2).
   *
   * @param limit How many are allowed with flow control; without it there is one.
   */
  static most(theirs: WebTransportSettings, limit: number): number {
    return SessionCredit.isWanted(theirs) ? limit : Math.min(1, limit);
  }

  /** What to wait for before more streams both ways are taken, if too many wait already. */
  get bidirectionalRoom(): Promise<void> | undefined {
    return this.#room((session) => session.waitingBidirectional);
  }

  /** The same for streams of one direction. */
  get unidirectionalRoom(): Promise<void> | undefined {
    return this.#room((session) => session.waitingUnidirectional);
  }

  /** Begins a session whose request is on its way, and gives it the streams that came before. */
  open(
    id: number,
    datagrams: RequestDatagrams,
    capsules: CapsuleSender,
    theirs: WebTransportSettings,
  ): Session {
    const { transport } = this.#connection;
    const session = new Session(id, transport, capsules, datagrams, theirs, {
      onTaken: () => this.#settleRoom(),
      onEnd: () => this.#onEnd(id),
    });
    this.#sessions.set(id, session);
    for (const waiting of this.#early.filter(({ stream }) => stream.sessionId === id)) {
      this.#early.splice(this.#early.indexOf(waiting), 1);
      waiting.stop();
      session.receive(waiting.stream);
    }
    return session;
  }

  /**
   * Takes a stream behind its header.
   *
   * @param writable The other half, if it has both.
   */
  receive(
    sessionId: number,
    frames: FrameReader,
    readable: H3ReceiveStream,
    writable?: H3SendStream,
  ): void {
    // WebTransport, Section 4: only requests begin sessions.
    if (sessionId % 4 !== 0) {
      const message = `Cannot accept ${sessionId} for the ID of a session`;
      return this.#connection.fail(new ApplicationError(H3ErrorCode.IdError, message));
    }
    const stream = { sessionId, frames, readable, writable };
    const session = this.#sessions.get(sessionId);
    if (session) session.receive(stream);
    // A client knows all sessions there may be.
    else if (this.#connection.role === "client" || this.#gone.has(sessionId)) {
      refuseStream(stream, sessionGone());
    } else {
      this.#wait(stream);
    }
  }

  /** All sessions are asked to end, and ended when they do not. */
  shutDown(): void {
    for (const session of this.#sessions.values()) {
      session.drain();
      session.onDrain();
    }
    const stop = later(SESSION_DRAIN_TIME, () => {
      for (const session of this.#sessions.values()) session.close({ reason: "going away" });
    });
    this.#connection.closed.then(stop);
  }

  /** WebTransport, Section 4.7: GOAWAY asks for the end of all sessions. */
  onGoAway(): void {
    for (const session of this.#sessions.values()) session.onDrain();
  }

  /** WebTransport, Section 4.6: what comes before its session waits, within limits. */
  #wait(stream: IncomingStream): void {
    if (this.#early.length === MAX_SESSION_STREAMS_EARLY) return refuseStream(stream, rejected());
    const stop = later(SESSION_STREAM_PATIENCE, () => {
      this.#early.splice(this.#early.indexOf(waiting), 1);
      refuseStream(stream, rejected());
    });
    const waiting = { stream, stop };
    this.#early.push(waiting);
  }

  #room(waiting: (session: Session) => number): Promise<void> | undefined {
    let count = 0;
    // A session with flow control is held back by that.
    for (const session of this.#sessions.values()) {
      if (!session.isLimited) count += waiting(session);
    }
    if (count < MAX_SESSION_STREAMS_WAITING) return undefined;
    this.#onRoom ??= Promise.withResolvers();
    return this.#onRoom.promise.then(() => this.#room(waiting));
  }

  #settleRoom(): void {
    this.#onRoom?.resolve();
    this.#onRoom = undefined;
  }

  #onEnd(id: number): void {
    this.#sessions.delete(id);
    this.#gone.add(id);
    const [oldest] = this.#gone;
    if (this.#gone.size > MAX_GONE) this.#gone.delete(oldest!);
    this.#settleRoom();
  }

  #onConnectionEnd(cause: unknown): void {
    for (const session of [...this.#sessions.values()]) session.onConnectionEnd(cause);
    for (const { stop } of this.#early.splice(0)) stop();
  }
}

/** Sessions that are over of which that is remembered; streams of others wait in vain. */
const MAX_GONE = 64;

function rejected(): StreamError {
  return new StreamError(
    WtErrorCode.BufferedStreamRejected,
    "Cannot keep a stream without a session",
  );
}
