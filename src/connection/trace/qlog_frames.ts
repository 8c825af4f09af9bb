// Frames in qlog traces.

import { toHex } from "../../bytes/bytes.ts";
import { Reader } from "../../bytes/reader.ts";
import type { AckFrame } from "../../frame/ack_frame.ts";
import {
  ALL_EXTENSIONS,
  type FrameHandler,
  type FrameRow,
  frameRow,
} from "../../frame/frame_table.ts";
import { readFrames } from "../../frame/read_frames.ts";
import { transportErrorWord } from "../../qlog/events.ts";
import type { JsonText } from "../../qlog/json_text.ts";
import { MAX_LOGGED_FRAMES, MAX_LOGGED_RANGES } from "../../limits/limits.ts";
import type { Qlog } from "../../qlog/qlog.ts";

/** Milliseconds per unit of ACK Delay, unless the peer chose another one. */
const DEFAULT_DELAY_UNIT = 0.008;

const utf8 = new TextDecoder();

/** What a handler is told of a frame. */
type Value = number | boolean | Uint8Array;
type Method = (...values: Value[]) => void;

/**
 * Writes the frames of a packet into an event, as they stand in its payload: what was received is
 * read a second time, what is sent is read before it is sealed. Contents are never written, nor is
 * what proves identity (tokens).
 *
 * It has a method for each frame whose fields are more than a list of names; for all others, the
 * table of frames has the list.
 */
export class FrameDescriber implements Partial<FrameHandler> {
  /** Milliseconds per unit of ACK Delay in the frames to come. */
  #delayUnit: number = DEFAULT_DELAY_UNIT;
  readonly #qlog: Qlog;
  readonly #json: JsonText;
  readonly #reader = new Reader();
  /** Reads the type of a frame once more. */
  readonly #type = new Reader();
  readonly #handler: FrameHandler = handlerOf(this, (values) => this.#plain(values));
  #frames = 0;
  #ranges = 0;
  /** Where the frame before ended. */
  #last = 0;
  /** Bytes of the frame at hand. */
  #size = 0;

  constructor(qlog: Qlog) {
    this.#qlog = qlog;
    this.#json = qlog.json;
  }

  /** Writes the frames between two offsets, as items of the list that is open. */
  describe(
    bytes: Uint8Array,
    start: number,
    end: number,
    packetType: number,
    delayUnit: number = DEFAULT_DELAY_UNIT,
  ): void {
    this.#delayUnit = delayUnit;
    this.#frames = this.#ranges = 0;
    this.#last = start;
    try {
      readFrames(this.#reader.aim(bytes, start, end), packetType, ALL_EXTENSIONS, this.#handler);
      this.#padding(end);
    } catch {
      // The reader that processes the packet reports what is wrong with it.
      this.#open("unknown")?.number("frame_type_bytes", bytes[this.#last] ?? 0).close();
    }
    const more = this.#frames - MAX_LOGGED_FRAMES;
    if (more > 0) {
      this.#json.open().word("frame_type", "unknown").word("note", `and ${more} more`).close();
    }
  }

  onAck(ack: AckFrame): void {
    this.#ack(this.#frame(), ack);
  }

  onPathAck(pathId: number, ack: AckFrame): void {
    this.#ack(this.#frame()?.number("path_id", pathId), ack);
  }

  onResetStream(id: number, code: number, finalSize: number): void {
    this.#onStreamEnd(id, code)?.number("final_size", finalSize).close();
  }

  onResetStreamAt(id: number, code: number, finalSize: number, reliableSize: number): void {
    const json = this.#onStreamEnd(id, code)?.number("final_size", finalSize);
    json?.number("reliable_size", reliableSize).close();
  }

  onStopSending(id: number, code: number): void {
    this.#onStreamEnd(id, code)?.close();
  }

  onCrypto(offset: number, data: Uint8Array): void {
    this.#withData(data.length)?.number("offset", offset).close();
  }

  onNewToken(token: Uint8Array): void {
    const json = this.#frame()?.open("token").word("type", "resumption");
    json?.open("raw").number("length", token.length).close().close().close();
  }

  onStream(id: number, offset: number, data: Uint8Array, fin: boolean): void {
    const json = this.#withData(data.length)?.number("stream_id", id);
    json?.number("offset", offset);
    if (fin) json?.flag("fin", true);
    json?.close();
  }

  onMaxStreams(bidirectional: boolean, limit: number): void {
    const json = this.#frame()?.word("stream_type", streamType(bidirectional));
    json?.number("maximum", limit).close();
  }

  onStreamsBlocked(bidirectional: boolean, limit: number): void {
    const json = this.#frame()?.word("stream_type", streamType(bidirectional));
    json?.number("limit", limit).close();
  }

  onNewConnectionId(sequence: number, retirePriorTo: number, id: Uint8Array): void {
    this.#newId(this.#frame(), sequence, retirePriorTo, id);
  }

  onPathNewConnectionId(
    pathId: number,
    sequence: number,
    retirePriorTo: number,
    id: Uint8Array,
  ): void {
    const json = this.#frame()?.number("path_id", pathId);
    this.#newId(json, sequence, retirePriorTo, id);
  }

  onConnectionClose(code: number, frameType: number, reason: Uint8Array): void {
    const json = this.#frame()?.word("error_space", "transport");
    const error = transportErrorWord(code);
    json?.word("error", error);
    if (error === "unknown") json?.number("error_code", code);
    json?.text("reason", utf8.decode(reason)).number("trigger_frame_type", frameType).close();
  }

  onApplicationClose(code: number, reason: Uint8Array): void {
    const json = this.#frame()?.word("error_space", "application");
    if (json) this.#qlog.applicationError("error", code);
    json?.text("reason", utf8.decode(reason)).close();
  }

  onDatagram(data: Uint8Array): void {
    this.#withData(data.length)?.close();
  }

  onAckFrequency(
    sequence: number,
    elicitingThreshold: number,
    maxAckDelay: number,
    reorderingThreshold: number,
  ): void {
    const json = this.#frame()?.number("sequence_number", sequence);
    json?.number("ack_eliciting_threshold", elicitingThreshold);
    json?.time("requested_max_ack_delay", maxAckDelay / 1_000);
    json?.number("reordering_threshold", reorderingThreshold).close();
  }

  /** Begins a frame that ends a stream, or asks for that. */
  #onStreamEnd(id: number, code: number): JsonText | undefined {
    const json = this.#frame()?.number("stream_id", id);
    if (json) this.#qlog.applicationError("error", code);
    return json;
  }

  /** Begins a frame, with its size; nothing if there were too many. */
  #frame(): JsonText | undefined {
    const { logName } = this.#advance();
    return this.#open(logName)?.open("raw").number("length", this.#size).close();
  }

  /** Begins a frame that contains a length, which the drafts want to see. */
  #withData(length: number): JsonText | undefined {
    const { logName } = this.#advance();
    return this.#open(logName)?.open("raw").number("length", length).number(
      "payload_length",
      length,
    )
      .close();
  }

  /** The reader is behind a frame; what lies before it is PADDING. Returns the frame's row. */
  #advance(): FrameRow {
    const { bytes, offset } = this.#reader;
    const start = this.#padding(offset);
    this.#size = offset - start;
    this.#last = offset;
    return frameRow(this.#type.aim(bytes, start, offset).varintClamped())!;
  }

  /** Writes a frame of which there is no more to say than the table does. */
  #plain(values: readonly Value[]): void {
    const { log, logName } = this.#advance();
    const json = this.#open(logName)?.open("raw").number("length", this.#size).close();
    if (json === undefined) return;
    for (let i = 0; log && i < log.length; i++) writeValue(json, log[i]!, values[i]!);
    json.close();
  }

  /** Writes the PADDING before the next frame as one; returns where it ends. */
  #padding(limit: number): number {
    const { bytes } = this.#reader;
    let end = this.#last;
    while (end < limit && bytes[end] === 0) end++;
    const length = end - this.#last;
    if (length === 0) return end;
    const json = this.#open("padding");
    json?.open("raw").number("length", length).number("payload_length", length).close().close();
    return end;
  }

  #open(name: string): JsonText | undefined {
    if (++this.#frames > MAX_LOGGED_FRAMES) return undefined;
    return this.#json.open().word("frame_type", name);
  }

  #ack(json: JsonText | undefined, ack: AckFrame): void {
    if (json === undefined) return;
    json.time("ack_delay", ack.delay * this.#delayUnit).openList("acked_ranges");
    const count = Math.min(ack.count, Math.max(1, MAX_LOGGED_RANGES - this.#ranges));
    for (let i = 0; i < count; i++) json.rangeItem(ack.startAt(i), ack.endAt(i) - 1);
    json.closeList();
    this.#ranges += count;
    if (count < ack.count) json.number("ranges_left_out", ack.count - count);
    if (ack.hasEcn) json.number("ect1", ack.ect1).number("ect0", ack.ect0).number("ce", ack.ce);
    json.close();
  }

  #newId(json: JsonText | undefined, sequence: number, prior: number, id: Uint8Array): void {
    json?.number("sequence_number", sequence).number("retire_prior_to", prior);
    json?.number("connection_id_length", id.length).word("connection_id", toHex(id)).close();
  }
}

function streamType(bidirectional: boolean): string {
  return bidirectional ? "bidirectional" : "unidirectional";
}

/**
 * A handler that calls the method of `own` for a frame, or else `plain`. What it has not is asked of
 * its prototype, once, and kept.
 */
function handlerOf(
  own: Partial<FrameHandler>,
  plain: (values: readonly Value[]) => void,
): FrameHandler {
  const get = (_: unknown, name: PropertyKey, handler: FrameHandler): Method => {
    const found: Method | undefined = Reflect.get(own, name);
    const value: Method = found?.bind(own) ?? ((...values) => plain(values));
    Object.defineProperty(handler, name, { value });
    return value;
  };
  return Object.create(new Proxy({}, { get }));
}

function writeValue(json: JsonText, name: string, value: Value): void {
  if (typeof value === "number") json.number(name, value);
  else if (typeof value === "boolean") json.flag(name, value);
  else json.word(name, toHex(value));
}
