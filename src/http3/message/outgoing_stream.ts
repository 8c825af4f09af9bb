// A critical stream that this end writes.

import { StreamError } from "../../error/quic_error.ts";
import { ByteBuffer } from "../../qpack/byte_buffer.ts";
import { H3ErrorCode } from "../wire/code_point.ts";
import { varints } from "../wire/frame.ts";
import type { H3Log } from "./h3_log.ts";
import type { LoggedFrame } from "./logged_frame.ts";
import type { H3Transport } from "../transport.ts";

/** A critical stream of ours; it is opened when there is something to say. */
export class OutgoingStream {
  readonly #transport: H3Transport;
  readonly #type: number;
  readonly #most: number;
  readonly #onBroken: (error: StreamError) => void;
  readonly #log: H3Log | undefined;
  /** What is written as soon as the stream takes more; first of all its type. */
  readonly #waiting = new ByteBuffer(64);
  /** Frames for the log that were sent before the stream had an ID. */
  readonly #unlogged: LoggedFrame[] = [];
  #id = -1;
  #writer: WritableStreamDefaultWriter<Uint8Array> | undefined;
  #writing: Promise<void> | undefined;
  #isBroken = false;

  /**
   * @param most Bytes that may wait for the peer.
   * @param onBroken Called if the peer refuses the stream, or does not take what it says.
   */
  constructor(
    transport: H3Transport,
    type: number,
    most: number,
    onBroken: (error: StreamError) => void,
    log?: H3Log,
  ) {
    this.#transport = transport;
    this.#type = type;
    this.#most = most;
    this.#onBroken = onBroken;
    this.#log = log;
    this.#waiting.append(varints(type));
  }

  /**
   * Sends `data` behind what was sent before; never rejects.
   *
   * @param logged What the data are, for the log if there is one.
   */
  async send(data: Uint8Array, logged?: LoggedFrame): Promise<void> {
    if (this.#isBroken) return;
    this.#waiting.append(data);
    if (this.#waiting.length > this.#most) {
      return this.#report(
        new StreamError(H3ErrorCode.ExcessiveLoad, "Cannot wait longer for a critical stream"),
      );
    }
    if (logged && this.#log) this.#unlogged.push(logged);
    this.#logFrames();
    await (this.#writing ??= this.#write());
  }

  async #write(): Promise<void> {
    try {
      const writer = this.#writer ??= await this.#open();
      while (this.#waiting.length > 0) await writer.write(this.#waiting.take());
    } catch (error) {
      this.#report(error);
    }
    this.#writing = undefined;
  }

  #logFrames(): void {
    if (this.#id < 0) return;
    for (const frame of this.#unlogged.splice(0)) this.#log?.frameCreated(this.#id, frame);
  }

  #report(error: unknown): void {
    this.#isBroken = true;
    this.#waiting.clear();
    // Otherwise the connection has ended, and others will tell.
    if (error instanceof StreamError) this.#onBroken(error);
  }

  async #open(): Promise<WritableStreamDefaultWriter<Uint8Array>> {
    const stream = await this.#transport.createUnidirectionalStream({
      waitUntilAvailable: true,
      sendOrder: CRITICAL_ORDER,
      urgency: CRITICAL_URGENCY,
    });
    this.#id = Number(stream.id);
    this.#log?.streamTypeSet("local", this.#id, this.#type);
    this.#logFrames();
    const writer = stream.getWriter();
    writer.closed.catch((error) => this.#report(error));
    return writer;
  }
}

/** Before all requests: they may wait for what these streams say. */
const CRITICAL_ORDER = 1000;
/** More urgent than the most urgent request. */
const CRITICAL_URGENCY = -1;
