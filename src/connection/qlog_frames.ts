import { toHex } from "../bytes/bytes.ts";
import { Reader } from "../bytes/reader.ts";
import type { AckFrame } from "../frame/ack_frame.ts";
import { ALL_EXTENSIONS, type FrameHandler } from "../frame/frame_table.ts";
import { readFrames } from "../frame/read_frames.ts";
import { transportErrorWord } from "../qlog/events.ts";
import type { JsonText } from "../qlog/json_text.ts";
import { MAX_LOGGED_FRAMES, MAX_LOGGED_RANGES } from "../limits/limits.ts";
import type { Qlog } from "../qlog/qlog.ts";

/** Milliseconds per unit of ACK Delay, unless the peer chose another one. */
const DEFAULT_DELAY_UNIT = 0.008;

const utf8 = new TextDecoder();

/**
 * Writes the frames of a packet into an event, as they stand in its payload: what was received is
 * read a second time, what is sent is read before it is sealed. Contents are never written, nor is
 * what proves identity (tokens).
 */
export class FrameDescriber implements FrameHandler {
  /** Milliseconds per unit of ACK Delay in the frames to come. */
  delayUnit: number = DEFAULT_DELAY_UNIT;
  readonly #qlog: Qlog;
  readonly #json: JsonText;
  readonly #reader = new Reader();
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
  describe(bytes: Uint8Array, start: number, end: number, packetType: number): void {
    this.#frames = this.#ranges = 0;
    this.#last = start;
    try {
      readFrames(this.#reader.aim(bytes, start, end), packetType, ALL_EXTENSIONS, this);
      this.#padding(end);
    } catch {
      // Whoever reads the packet for good says what is wrong with it.
      this.#open("unknown")?.number("frame_type_bytes", bytes[this.#last] ?? 0).close();
    }
    const more = this.#frames - MAX_LOGGED_FRAMES;
    if (more > 0) {
      this.#json.open().word("frame_type", "unknown").word("note", `and ${more} more`).close();
    }
  }

  onPing(): void {
    this.#frame("ping")?.close();
  }

  onAck(ack: AckFrame): void {
    this.#ack(this.#frame("ack"), ack);
  }

  onPathAck(pathId: number, ack: AckFrame): void {
    this.#ack(this.#frame("path_ack")?.number("path_id", pathId), ack);
  }

  onResetStream(id: number, code: number, finalSize: number): void {
    this.#onStreamEnd("reset_stream", id, code)?.number("final_size", finalSize).close();
  }

  onResetStreamAt(id: number, code: number, finalSize: number, reliableSize: number): void {
    const json = this.#onStreamEnd("reset_stream_at", id, code)?.number("final_size", finalSize);
    json?.number("reliable_size", reliableSize).close();
  }

  onStopSending(id: number, code: number): void {
    this.#onStreamEnd("stop_sending", id, code)?.close();
  }

  onCrypto(offset: number, data: Uint8Array): void {
    this.#withData("crypto", data.length)?.number("offset", offset).close();
  }

  onNewToken(token: Uint8Array): void {
    const json = this.#frame("new_token")?.open("token").word("type", "resumption");
    json?.open("raw").number("length", token.length).close().close().close();
  }

  onStream(id: number, offset: number, data: Uint8Array, fin: boolean): void {
    const json = this.#withData("stream", data.length)?.number("stream_id", id);
    json?.number("offset", offset);
    if (fin) json?.flag("fin", true);
    json?.close();
  }

  onMaxData(limit: number): void {
    this.#frame("max_data")?.number("maximum", limit).close();
  }

  onMaxStreamData(id: number, limit: number): void {
    this.#frame("max_stream_data")?.number("stream_id", id).number("maximum", limit).close();
  }

  onMaxStreams(bidirectional: boolean, limit: number): void {
    const json = this.#frame("max_streams")?.word("stream_type", streamType(bidirectional));
    json?.number("maximum", limit).close();
  }

  onDataBlocked(limit: number): void {
    this.#frame("data_blocked")?.number("limit", limit).close();
  }

  onStreamDataBlocked(id: number, limit: number): void {
    this.#frame("stream_data_blocked")?.number("stream_id", id).number("limit", limit).close();
  }

  onStreamsBlocked(bidirectional: boolean, limit: number): void {
    const json = this.#frame("streams_blocked")?.word("stream_type", streamType(bidirectional));
    json?.number("limit", limit).close();
  }

  onNewConnectionId(sequence: number, retirePriorTo: number, id: Uint8Array): void {
    this.#newId(this.#frame("new_connection_id"), sequence, retirePriorTo, id);
  }

  onPathNewConnectionId(
    pathId: number,
    sequence: number,
    retirePriorTo: number,
    id: Uint8Array,
  ): void {
    const json = this.#frame("path_new_connection_id")?.number("path_id", pathId);
    this.#newId(json, sequence, retirePriorTo, id);
  }

  onRetireConnectionId(sequence: number): void {
    this.#frame("retire_connection_id")?.number("sequence_number", sequence).close();
  }

  onPathRetireConnectionId(pathId: number, sequence: number): void {
    const json = this.#frame("path_retire_connection_id")?.number("path_id", pathId);
    json?.number("sequence_number", sequence).close();
  }

  onPathChallenge(data: Uint8Array): void {
    this.#frame("path_challenge")?.word("data", toHex(data)).close();
  }

  onPathResponse(data: Uint8Array): void {
    this.#frame("path_response")?.word("data", toHex(data)).close();
  }

  onConnectionClose(code: number, frameType: number, reason: Uint8Array): void {
    const json = this.#frame("connection_close")?.word("error_space", "transport");
    const error = transportErrorWord(code);
    json?.word("error", error);
    if (error === "unknown") json?.number("error_code", code);
    json?.text("reason", utf8.decode(reason)).number("trigger_frame_type", frameType).close();
  }

  onApplicationClose(code: number, reason: Uint8Array): void {
    const json = this.#frame("connection_close")?.word("error_space", "application");
    if (json) this.#qlog.applicationError("error", code);
    json?.text("reason", utf8.decode(reason)).close();
  }

  onHandshakeDone(): void {
    this.#frame("handshake_done")?.close();
  }

  onDatagram(data: Uint8Array): void {
    this.#withData("datagram", data.length)?.close();
  }

  onPathAbandon(pathId: number, code: number): void {
    this.#frame("path_abandon")?.number("path_id", pathId).number("error_code", code).close();
  }

  onPathStatus(pathId: number, sequence: number, available: boolean): void {
    const json = this.#frame(available ? "path_status_available" : "path_status_backup");
    json?.number("path_id", pathId).number("sequence_number", sequence).close();
  }

  onMaxPathId(limit: number): void {
    this.#frame("max_path_id")?.number("maximum", limit).close();
  }

  onPathsBlocked(limit: number): void {
    this.#frame("paths_blocked")?.number("limit", limit).close();
  }

  onPathCidsBlocked(pathId: number, nextSequence: number): void {
    const json = this.#frame("path_cids_blocked")?.number("path_id", pathId);
    json?.number("next_sequence_number", nextSequence).close();
  }

  onAckFrequency(
    sequence: number,
    elicitingThreshold: number,
    maxAckDelay: number,
    reorderingThreshold: number,
  ): void {
    const json = this.#frame("ack_frequency")?.number("sequence_number", sequence);
    json?.number("ack_eliciting_threshold", elicitingThreshold);
    json?.time("requested_max_ack_delay", maxAckDelay / 1_000);
    json?.number("reordering_threshold", reorderingThreshold).close();
  }

  onImmediateAck(): void {
    this.#frame("immediate_ack")?.close();
  }

  onObservedAddress(sequence: number): void {
    this.#frame("observed_address")?.number("sequence_number", sequence).close();
  }

  onAlternativeAddress(sequence: number): void {
    this.#frame("alternative_address")?.number("sequence_number", sequence).close();
  }

  onAddAddress(sequence: number): void {
    this.#frame("add_address")?.number("sequence_number", sequence).close();
  }

  onReachOut(round: number): void {
    this.#frame("reach_out")?.number("round", round).close();
  }

  onRemoveAddress(sequence: number): void {
    this.#frame("remove_address")?.number("sequence_number", sequence).close();
  }

  /** Begins a frame that ends a stream, or asks for that. */
  #onStreamEnd(name: string, id: number, code: number): JsonText | undefined {
    const json = this.#frame(name)?.number("stream_id", id);
    if (json) this.#qlog.applicationError("error", code);
    return json;
  }

  /** Begins a frame, with its size; nothing if there were too many. */
  #frame(name: string): JsonText | undefined {
    this.#advance();
    return this.#open(name)?.open("raw").number("length", this.#size).close();
  }

  /** The same for a frame with a length in it, which is what the drafts want to see. */
  #withData(name: string, length: number): JsonText | undefined {
    this.#advance();
    return this.#open(name)?.open("raw").number("length", length).number("payload_length", length)
      .close();
  }

  /** The reader is behind a frame; what lies before it is PADDING. */
  #advance(): void {
    const { offset } = this.#reader;
    const start = this.#padding(offset);
    this.#size = offset - start;
    this.#last = offset;
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
    json.time("ack_delay", ack.delay * this.delayUnit).openList("acked_ranges");
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
