// The table of all frames.

import type { Reader } from "../bytes/reader.ts";
import { ErrorCode } from "../error/error_code.ts";
import * as ack from "./ack.ts";
import * as frequency from "./ack_frequency.ts";
import * as address from "./address.ts";
import * as close from "./close.ts";
import * as id from "./connection_id.ts";
import * as crypto from "./crypto.ts";
import * as datagram from "./datagram.ts";
import * as flow from "./flow_control.ts";
import * as multipath from "./multipath.ts";
import * as validation from "./path_validation.ts";
import * as ping from "./ping.ts";
import * as stream from "./stream.ts";
import * as control from "./stream_control.ts";

/**
 * Callbacks for every frame of a packet, in order. Byte arrays are views into the packet, and an
 * `AckFrame` is filled again: both are valid only during the call.
 *
 * Numbers that a peer may legally choose above 2^53 - 1 (limits, codes, sequence numbers of
 * status) arrive as 2^53 - 1; see `Reader.varintClamped`.
 */
export interface FrameHandler
  extends
    ping.PingHandler,
    ack.AckHandler,
    control.StreamControlHandler,
    crypto.CryptoHandler,
    stream.StreamHandler,
    flow.FlowControlHandler,
    id.ConnectionIdHandler,
    validation.PathValidationHandler,
    close.CloseHandler,
    frequency.AckFrequencyHandler,
    datagram.DatagramHandler,
    multipath.MultipathHandler,
    address.AddressHandler {}

/** Extensions with frames, as bits; frames of those that are not agreed on are refused. */
export const Extension = {
  /** We announced max_datagram_frame_size above 0. */
  Datagram: 1 << 0,
  /** Both ends sent initial_max_path_id. */
  Multipath: 1 << 1,
  /** We announced min_ack_delay. */
  AckFrequency: 1 << 2,
  /** We announced reset_stream_at. */
  ResetStreamAt: 1 << 3,
  /** We asked for, and the peer offered, OBSERVED_ADDRESS. */
  ObservedAddress: 1 << 4,
  /** We (a client) announced alternative_address. */
  AlternativeAddress: 1 << 5,
  /** Both ends announced the list of addresses that ADD_ADDRESS fills. */
  AddAddress: 1 << 6,
} as const;

/** Every extension. */
export const ALL_EXTENSIONS = -1;

/**
 * What a frame type allows and causes, as bits. The lowest are `1 << PacketType`: the kinds of
 * packets that may carry it.
 */
export const FrameTrait = {
  InInitial: 1 << 0,
  InZeroRtt: 1 << 1,
  InHandshake: 1 << 2,
  InOneRtt: 1 << 4,
  /** The receiver owes an acknowledgement (RFC 9000, Section 13.2). */
  Eliciting: 1 << 8,
  /** The frame may leave on a path that is only being tried (RFC 9000, Section 9.1). */
  Probing: 1 << 9,
} as const;

/** Reads a frame from behind its type, and tells the handler. */
export type FrameReader = (reader: Reader, handler: FrameHandler, type: number) => void;

/** The columns of the table that most frames leave empty. */
interface MoreColumns {
  /** The last type, where some types differ in their lowest bits only. */
  readonly last?: number;
  /** As in RFC 9000, Table 3: N if it asks for no acknowledgement, P if it is for probing. */
  readonly spec?: string;
  /** The `Extension` that it belongs to. */
  readonly of?: number;
  /** What it is to send it where that extension is not in use; an unknown frame, if left out. */
  readonly refusal?: number;
  /**
   * For qlog: what the handler is told, in order; empty if the frame is its type alone. Left out
   * where a log takes more than names: `connection/trace/qlog_frames` has a method then.
   */
  readonly log?: string;
}

/** One row of the table: everything to know about a frame without an owner. */
export class FrameRow {
  readonly type: number;
  readonly last: number;
  /** As in the standards. */
  readonly name: string;
  /** As in the drafts of qlog. */
  readonly logName: string;
  /** Bits of `FrameTrait`. */
  readonly traits: number;
  /** Bits of the extensions that must be agreed on. */
  readonly extension: number;
  /** The error where that extension is not in use. */
  readonly refusal: number;
  readonly read: FrameReader;
  /** Names of what the handler is told, in order, if that is all a log must know. */
  readonly log: readonly string[] | undefined;

  constructor(type: number, name: string, pkts: string, read: FrameReader, more: MoreColumns) {
    const { last = type, spec = "", of = 0, log } = more;
    this.type = type;
    this.last = last;
    this.name = name;
    this.logName = name.toLowerCase();
    this.traits = traitsOf(pkts, spec);
    this.extension = of;
    // RFC 9000, Section 19.21: an extension is used only if both ends have agreed on it.
    this.refusal = more.refusal ?? ErrorCode.FrameEncodingError;
    this.read = read;
    this.log = log === "" ? [] : log?.split(" ");
  }
}

const { Datagram, Multipath, AckFrequency, ResetStreamAt } = Extension;
const { ObservedAddress, AlternativeAddress, AddAddress } = Extension;

/**
 * All frames that we know, in the order of their types. Columns are type, name, packets that may
 * carry it (I for Initial, H for Handshake, 0 for 0-RTT, 1 for 1-RTT, as in RFC 9000, Table 3),
 * reader, and whatever is out of the ordinary: most frames ask for an acknowledgement, are not for
 * probing, and belong to no extension.
 */
export const frameTable: readonly FrameRow[] = [
  frame(ping.PADDING, "PADDING", "IH01", ping.skipPadding, { spec: "NP" }),
  frame(ping.PING, "PING", "IH01", ping.readPing, { log: "" }),
  frame(ack.ACK, "ACK", "IH1", ack.readAckFrame, { last: ack.ACK_ECN, spec: "N" }),
  frame(control.RESET_STREAM, "RESET_STREAM", "01", control.readResetStream),
  frame(control.STOP_SENDING, "STOP_SENDING", "01", control.readStopSending),
  frame(crypto.CRYPTO, "CRYPTO", "IH1", crypto.readCrypto),
  frame(crypto.NEW_TOKEN, "NEW_TOKEN", "1", crypto.readNewToken),
  frame(stream.STREAM, "STREAM", "01", stream.readStream, { last: stream.STREAM + 7 }),
  frame(flow.MAX_DATA, "MAX_DATA", "01", flow.readMaxData, { log: "maximum" }),
  frame(flow.MAX_STREAM_DATA, "MAX_STREAM_DATA", "01", flow.readMaxStreamData, {
    log: "stream_id maximum",
  }),
  frame(flow.MAX_STREAMS_BIDI, "MAX_STREAMS", "01", flow.readMaxStreams, {
    last: flow.MAX_STREAMS_UNI,
  }),
  frame(flow.DATA_BLOCKED, "DATA_BLOCKED", "01", flow.readDataBlocked, { log: "limit" }),
  frame(flow.STREAM_DATA_BLOCKED, "STREAM_DATA_BLOCKED", "01", flow.readStreamDataBlocked, {
    log: "stream_id limit",
  }),
  frame(flow.STREAMS_BLOCKED_BIDI, "STREAMS_BLOCKED", "01", flow.readStreamsBlocked, {
    last: flow.STREAMS_BLOCKED_UNI,
  }),
  frame(id.NEW_CONNECTION_ID, "NEW_CONNECTION_ID", "01", id.readNewConnectionId, { spec: "P" }),
  frame(id.RETIRE_CONNECTION_ID, "RETIRE_CONNECTION_ID", "01", id.readRetireConnectionId, {
    log: "sequence_number",
  }),
  frame(validation.PATH_CHALLENGE, "PATH_CHALLENGE", "01", validation.readPathChallenge, {
    spec: "P",
    log: "data",
  }),
  frame(validation.PATH_RESPONSE, "PATH_RESPONSE", "1", validation.readPathResponse, {
    spec: "P",
    log: "data",
  }),
  frame(close.CONNECTION_CLOSE, "CONNECTION_CLOSE", "IH01", close.readConnectionClose, {
    spec: "N",
  }),
  frame(close.APPLICATION_CLOSE, "CONNECTION_CLOSE", "01", close.readApplicationClose, {
    spec: "N",
  }),
  frame(crypto.HANDSHAKE_DONE, "HANDSHAKE_DONE", "1", crypto.readHandshakeDone, { log: "" }),
  frame(frequency.IMMEDIATE_ACK, "IMMEDIATE_ACK", "1", frequency.readImmediateAck, {
    of: AckFrequency,
    log: "",
  }),
  frame(control.RESET_STREAM_AT, "RESET_STREAM_AT", "01", control.readResetStreamAt, {
    of: ResetStreamAt,
  }),
  // RFC 9221, Section 3.
  frame(datagram.DATAGRAM, "DATAGRAM", "01", datagram.readDatagram, {
    last: datagram.DATAGRAM_WITH_LENGTH,
    of: Datagram,
    refusal: ErrorCode.ProtocolViolation,
  }),
  // MPQUIC, Section 4: none of its frames may travel outside 1-RTT packets.
  frame(ack.PATH_ACK, "PATH_ACK", "1", ack.readPathAckFrame, {
    last: ack.PATH_ACK_ECN,
    spec: "N",
    of: Multipath,
  }),
  frame(frequency.ACK_FREQUENCY, "ACK_FREQUENCY", "1", frequency.readAckFrequency, {
    of: AckFrequency,
  }),
  frame(multipath.PATH_ABANDON, "PATH_ABANDON", "1", multipath.readPathAbandon, {
    of: Multipath,
    log: "path_id error_code",
  }),
  frame(multipath.PATH_STATUS_BACKUP, "PATH_STATUS_BACKUP", "1", multipath.readPathStatus, {
    of: Multipath,
    log: "path_id sequence_number",
  }),
  frame(multipath.PATH_STATUS_AVAILABLE, "PATH_STATUS_AVAILABLE", "1", multipath.readPathStatus, {
    of: Multipath,
    log: "path_id sequence_number",
  }),
  frame(id.PATH_NEW_CONNECTION_ID, "PATH_NEW_CONNECTION_ID", "1", id.readPathNewConnectionId, {
    of: Multipath,
  }),
  frame(
    id.PATH_RETIRE_CONNECTION_ID,
    "PATH_RETIRE_CONNECTION_ID",
    "1",
    id.readPathRetireConnectionId,
    { of: Multipath, log: "path_id sequence_number" },
  ),
  frame(multipath.MAX_PATH_ID, "MAX_PATH_ID", "1", multipath.readMaxPathId, {
    of: Multipath,
    log: "maximum",
  }),
  frame(multipath.PATHS_BLOCKED, "PATHS_BLOCKED", "1", multipath.readPathsBlocked, {
    of: Multipath,
    log: "limit",
  }),
  frame(multipath.PATH_CIDS_BLOCKED, "PATH_CIDS_BLOCKED", "1", multipath.readPathCidsBlocked, {
    of: Multipath,
    log: "path_id next_sequence_number",
  }),
  frame(address.ADD_ADDRESS, "ADD_ADDRESS", "1", address.readAddAddress, {
    last: address.ADD_ADDRESS + 1,
    of: AddAddress,
    log: "sequence_number",
  }),
  frame(address.REACH_OUT, "REACH_OUT", "1", address.readReachOut, {
    last: address.REACH_OUT + 1,
    of: AddAddress,
    log: "round",
  }),
  frame(address.REMOVE_ADDRESS, "REMOVE_ADDRESS", "1", address.readRemoveAddress, {
    of: AddAddress,
    log: "sequence_number",
  }),
  // Address discovery, Section 4.1.
  frame(address.OBSERVED_ADDRESS, "OBSERVED_ADDRESS", "01", address.readObservedAddress, {
    last: address.OBSERVED_ADDRESS + 1,
    spec: "P",
    of: ObservedAddress,
    refusal: ErrorCode.ProtocolViolation,
    log: "sequence_number",
  }),
  frame(address.ALTERNATIVE_ADDRESS, "ALTERNATIVE_ADDRESS", "1", address.readAlternativeAddress, {
    last: address.ALTERNATIVE_ADDRESS + 1,
    of: AlternativeAddress,
    log: "sequence_number",
  }),
];

/** Rows of the types below 0x40, which one byte encodes, and of all others. */
const short = new Array<FrameRow | undefined>(0x40).fill(undefined);
const long = new Map<number, FrameRow>();
for (const row of frameTable) {
  for (let { type } = row; type <= row.last; type++) {
    if (type < short.length) short[type] = row;
    else long.set(type, row);
  }
}

/** What is known of a frame type; nothing if it is unknown. */
export function frameRow(type: number): FrameRow | undefined {
  return type < 0x40 ? short[type] : long.get(type);
}

/** A name for people, with the code point. */
export function frameName(type: number): string {
  return `${frameRow(type)?.name ?? "frame"} (0x${type.toString(16)})`;
}

function frame(
  type: number,
  name: string,
  pkts: string,
  read: FrameReader,
  more: MoreColumns = {},
): FrameRow {
  return new FrameRow(type, name, pkts, read, more);
}

function traitsOf(pkts: string, spec: string): number {
  const { InInitial, InHandshake, InZeroRtt, InOneRtt, Eliciting, Probing } = FrameTrait;
  return (pkts.includes("I") ? InInitial : 0) | (pkts.includes("H") ? InHandshake : 0) |
    (pkts.includes("0") ? InZeroRtt : 0) | (pkts.includes("1") ? InOneRtt : 0) |
    (spec.includes("N") ? 0 : Eliciting) | (spec.includes("P") ? Probing : 0);
}
