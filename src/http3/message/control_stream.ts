// The control stream of the peer (RFC 9114, Section 6.2.1).

import { ApplicationError } from "../../error/quic_error.ts";
import type { Role } from "../../error/role.ts";
import { H3ErrorCode, H3FrameType, isForbiddenFrame } from "../wire/code_point.ts";
import type { FrameReader } from "../wire/frame_reader.ts";
import {
  type LoggedFrame,
  loggedGoAway,
  loggedPriorityUpdate,
  loggedPush,
  loggedSettings,
  loggedUnknown,
} from "./logged_frame.ts";
import { listSettings, readSettings, type Settings } from "../wire/settings.ts";
import { SESSION_SIGNAL } from "../wire/web_transport.ts";
import { MAX_PRIORITY_SIZE, MAX_SETTINGS_SIZE } from "../../limits/limits.ts";

/** Callbacks for the frames on the control stream of the peer. */
export interface ControlHandler {
  /** The peer's settings; once. */
  onSettings(settings: Settings): void;
  /** The peer takes no requests from this stream ID on, or no pushes from this push ID on. */
  onGoAway(id: number): void;
  /** The client wants the response on a stream sooner or later than it said. */
  onPriorityUpdate(streamId: number, priority: string): void;
  /** What we said of WebTransport, if we speak it. */
  readonly webTransport?: unknown;
}

/** Reads the peer's control stream to its end, which is an error (RFC 9114, Section 6.2.1). */
export class ControlStream {
  readonly #frames: FrameReader;
  readonly #role: Role;
  readonly #handler: ControlHandler;
  readonly #log: ((frame: LoggedFrame) => void) | undefined;
  #goAwayId = Infinity;
  #maxPushId = -1;

  /** @param log Records each frame, if there is a trace. */
  constructor(
    frames: FrameReader,
    role: Role,
    handler: ControlHandler,
    log?: (frame: LoggedFrame) => void,
  ) {
    this.#frames = frames;
    this.#role = role;
    this.#handler = handler;
    this.#log = log;
  }

  /** Runs until something breaks; then throws an `ApplicationError` that says what. */
  async run(): Promise<never> {
    const frames = this.#frames;
    if (!(await frames.next())) throw closedCriticalStream();
    if (frames.type !== H3FrameType.Settings) {
      throw new ApplicationError(
        H3ErrorCode.MissingSettings,
        "Cannot accept a control stream that does not begin with SETTINGS",
      );
    }
    const payload = await frames.payload(MAX_SETTINGS_SIZE);
    this.#log?.(loggedSettings(listSettings(payload), frames.headerSize, payload.length));
    this.#handler.onSettings(readSettings(payload));
    while (frames.nextAtHand() || await frames.next()) {
      if (this.#handler.webTransport) checkSignal(frames.type);
      if (isKnown(frames.type)) await this.#handle(frames.type);
      else this.#log?.(loggedUnknown(frames.type, frames.headerSize, frames.remaining));
    }
    throw closedCriticalStream();
  }

  async #handle(type: number): Promise<void> {
    switch (type) {
      case H3FrameType.GoAway:
        return this.#onGoAway(await this.#id());
      case H3FrameType.MaxPushId:
        return this.#onMaxPushId(await this.#id());
      case H3FrameType.CancelPush:
        return this.#onCancelPush(await this.#id());
      case H3FrameType.PriorityUpdateRequest:
      case H3FrameType.PriorityUpdatePush:
        return await this.#onPriorityUpdate(type);
    }
    const { headerSize, remaining } = this.#frames;
    this.#log?.(loggedUnknown(type, headerSize, remaining));
    // RFC 9114, Section 7.2.1, RFC 9114, Section 7.2.2, RFC 9114, Section 7.2.8: the others belong
    // to requests, or to HTTP/2.
    throw unexpectedFrame(type);
  }

  #onGoAway(id: number): void {
    this.#log?.(loggedGoAway(id));
    // RFC 9114, Section 5.2 and RFC 9114, Section 7.2.6: never more than was said before, and to
    // clients a request's stream.
    if (id > this.#goAwayId || (this.#role === "client" && id % 4 !== 0)) {
      throw new ApplicationError(H3ErrorCode.IdError, `Cannot go away at ${id}`);
    }
    this.#goAwayId = id;
    this.#handler.onGoAway(id);
  }

  /** RFC 9114, Section 7.2.3: nothing was ever promised, nor allowed to be. */
  #onCancelPush(id: number): never {
    this.#log?.(loggedPush(H3FrameType.CancelPush, id));
    throw new ApplicationError(H3ErrorCode.IdError, "Cannot cancel a push that was not promised");
  }

  /** RFC 9114, Section 7.2.7: only clients send it, and only ever more. */
  #onMaxPushId(id: number): void {
    this.#log?.(loggedPush(H3FrameType.MaxPushId, id));
    if (this.#role === "client") throw unexpectedFrame(H3FrameType.MaxPushId);
    if (id < this.#maxPushId) {
      throw new ApplicationError(H3ErrorCode.IdError, "Cannot lower the largest push ID");
    }
    this.#maxPushId = id;
  }

  async #onPriorityUpdate(type: number): Promise<void> {
    if (this.#role === "client") throw unexpectedFrame(type);
    const payload = await this.#frames.payload(MAX_PRIORITY_SIZE);
    const [id, size] = readId(payload);
    const priority = String.fromCharCode(...payload.subarray(size));
    this.#log?.(loggedPriorityUpdate(type, id, priority));
    // RFC 9218, Section 7.2: a request's stream; pushes there are none.
    if (type === H3FrameType.PriorityUpdatePush || id % 4 !== 0) {
      throw new ApplicationError(H3ErrorCode.IdError, `Cannot give a priority to ${id}`);
    }
    this.#handler.onPriorityUpdate(id, priority);
  }

  /** The one number that is the whole payload (RFC 9114, Section 10.8). */
  async #id(): Promise<number> {
    if (this.#frames.remaining > 8) throw frameError();
    const payload = await this.#frames.payload(8);
    const [id, size] = readId(payload);
    if (size !== payload.length) throw frameError();
    return id;
  }
}

const known = new Set<number>(Object.values(H3FrameType));

/** Others are passed over (RFC 9114, Section 9). */
function isKnown(type: number): boolean {
  return known.has(type) || isForbiddenFrame(type);
}

/**
 * Refuses what begins a stream of a session, which is no frame elsewhere (WebTransport, Section 4.3).
 *
 * @throws {ApplicationError} H3_FRAME_ERROR.
 */
export function checkSignal(type: number): void {
  if (type !== SESSION_SIGNAL) return;
  throw new ApplicationError(
    H3ErrorCode.FrameError,
    "Cannot accept a stream of a session within another stream",
  );
}

/** The error for frames that have no place where they came. */
export function unexpectedFrame(type: number): ApplicationError {
  return new ApplicationError(
    H3ErrorCode.FrameUnexpected,
    `Cannot accept a frame of type 0x${type.toString(16)} here`,
  );
}

/** The error for the end of a stream that must last as long as the connection. */
export function closedCriticalStream(cause?: unknown): ApplicationError {
  return new ApplicationError(
    H3ErrorCode.ClosedCriticalStream,
    "Cannot go on without a critical stream",
    cause === undefined ? undefined : { cause },
  );
}

function readId(payload: Uint8Array): [id: number, size: number] {
  const first = payload[0];
  if (first === undefined) throw frameError();
  const size = 1 << (first >>> 6);
  if (size > payload.length) throw frameError();
  let id = first & 0x3f;
  for (let i = 1; i < size; i++) id = id * 256 + payload[i]!;
  return [id, size];
}

function frameError(): ApplicationError {
  return new ApplicationError(H3ErrorCode.FrameError, "Cannot read a frame of this length");
}
