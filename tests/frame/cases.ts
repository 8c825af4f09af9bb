import { Ecn, EcnCounts } from "../../src/bytes/ecn.ts";
import { RangeSet } from "../../src/bytes/range_set.ts";
import type { Writer } from "../../src/bytes/writer.ts";
import { writeAck } from "../../src/frame/ack.ts";
import { ackFrequencySize, writeAckFrequency } from "../../src/frame/ack_frequency.ts";
import { writeImmediateAck } from "../../src/frame/ack_frequency.ts";
import * as address from "../../src/frame/address.ts";
import * as close from "../../src/frame/close.ts";
import * as ids from "../../src/frame/connection_id.ts";
import * as crypto from "../../src/frame/crypto.ts";
import { datagramSize, writeDatagram } from "../../src/frame/datagram.ts";
import * as flow from "../../src/frame/flow_control.ts";
import * as multipath from "../../src/frame/multipath.ts";
import { writePing } from "../../src/frame/ping.ts";
import { writePathChallenge, writePathResponse } from "../../src/frame/path_validation.ts";
import { streamHeaderSize, writeStreamHeader } from "../../src/frame/stream.ts";
import * as control from "../../src/frame/stream_control.ts";
import type { Call } from "./recorder.ts";

const data = Uint8Array.of(1, 2, 3, 4, 5);
const eight = Uint8Array.of(8, 7, 6, 5, 4, 3, 2, 1);
const token = new Uint8Array(16).fill(9);
const v4 = Uint8Array.of(192, 0, 2, 1);
const v6 = new Uint8Array(16).fill(0x20);
const big = 2 ** 40 + 3;

/** A frame, how it is written, and what a handler hears of it. */
export interface Case {
  /** Packet types, in the letters of RFC 9000, Table 3. */
  pkts: string;
  /** N not eliciting, P probing, x of an extension, open: reaches to the end. */
  traits: string;
  write: (writer: Writer) => void;
  call: Call | undefined;
  size?: number;
}

function ranges(): RangeSet {
  const set = new RangeSet();
  set.add(3, 5);
  set.add(10, 21);
  set.add(100, 101);
  return set;
}

const ackSeen = { largest: 100, delay: 77, bounds: [100, 101, 10, 21, 3, 5], ecn: undefined };

function marks(): EcnCounts {
  const counts = new EcnCounts();
  for (const mark of [Ecn.Ect0, Ecn.Ce, Ecn.NotEct, Ecn.Ect0]) counts.add(mark);
  return counts;
}

const markedAckSeen = { ...ackSeen, ecn: [2, 0, 1] };

/** One of every frame that can be written. */
export const cases: Record<string, Case> = {
  padding: { pkts: "IH01", traits: "NP", write: (w) => w.fill(0, 3), call: undefined },
  ping: { pkts: "IH01", traits: "", write: writePing, call: ["onPing"] },
  ack: {
    pkts: "IH1",
    traits: "N",
    write: (w) => void writeAck(w, ranges(), 77, -1, 100),
    call: ["onAck", ackSeen],
  },
  ackEcn: {
    pkts: "IH1",
    traits: "N",
    write: (w) => void writeAck(w, ranges(), 77, -1, 100, marks()),
    call: ["onAck", markedAckSeen],
  },
  resetStream: {
    pkts: "01",
    traits: "",
    write: (w) => control.writeResetStream(w, 4, 0x1_0000, big),
    call: ["onResetStream", 4, 0x1_0000, big],
    size: control.resetStreamSize(4, 0x1_0000, big),
  },
  stopSending: {
    pkts: "01",
    traits: "",
    write: (w) => control.writeStopSending(w, 400, 3),
    call: ["onStopSending", 400, 3],
    size: control.stopSendingSize(400, 3),
  },
  crypto: {
    pkts: "IH1",
    traits: "",
    write: (w) => (crypto.writeCryptoHeader(w, 70_000, 5), w.put(data)),
    call: ["onCrypto", 70_000, [...data]],
  },
  newToken: {
    pkts: "1",
    traits: "",
    write: (w) => crypto.writeNewToken(w, data),
    call: ["onNewToken", [...data]],
  },
  stream: {
    pkts: "01",
    traits: "",
    write: (w) => (writeStreamHeader(w, 8, big, 5, true), w.put(data)),
    call: ["onStream", 8, big, [...data], true],
    size: streamHeaderSize(8, big, 5) + 5,
  },
  streamToTheEnd: {
    pkts: "01",
    traits: "open",
    write: (w) => (writeStreamHeader(w, 8, 0, -1, false), w.put(data)),
    call: ["onStream", 8, 0, [...data], false],
    size: streamHeaderSize(8, 0, -1) + 5,
  },
  maxData: {
    pkts: "01",
    traits: "",
    write: (w) => flow.writeMaxData(w, big),
    call: ["onMaxData", big],
    size: flow.limitSize(big),
  },
  maxStreamData: {
    pkts: "01",
    traits: "",
    write: (w) => flow.writeMaxStreamData(w, 4, big),
    call: ["onMaxStreamData", 4, big],
    size: flow.streamLimitSize(4, big),
  },
  maxStreamsBidi: {
    pkts: "01",
    traits: "",
    write: (w) => flow.writeMaxStreams(w, true, 100),
    call: ["onMaxStreams", true, 100],
  },
  maxStreamsUni: {
    pkts: "01",
    traits: "",
    write: (w) => flow.writeMaxStreams(w, false, 100),
    call: ["onMaxStreams", false, 100],
  },
  dataBlocked: {
    pkts: "01",
    traits: "",
    write: (w) => flow.writeDataBlocked(w, 5),
    call: ["onDataBlocked", 5],
  },
  streamDataBlocked: {
    pkts: "01",
    traits: "",
    write: (w) => flow.writeStreamDataBlocked(w, 5, 6),
    call: ["onStreamDataBlocked", 5, 6],
  },
  streamsBlockedBidi: {
    pkts: "01",
    traits: "",
    write: (w) => flow.writeStreamsBlocked(w, true, 5),
    call: ["onStreamsBlocked", true, 5],
  },
  streamsBlockedUni: {
    pkts: "01",
    traits: "",
    write: (w) => flow.writeStreamsBlocked(w, false, 5),
    call: ["onStreamsBlocked", false, 5],
  },
  newConnectionId: {
    pkts: "01",
    traits: "P",
    write: (w) => ids.writeNewConnectionId(w, -1, 300, 2, data, token),
    call: ["onNewConnectionId", 300, 2, [...data], [...token]],
  },
  retireConnectionId: {
    pkts: "01",
    traits: "",
    write: (w) => ids.writeRetireConnectionId(w, -1, 7),
    call: ["onRetireConnectionId", 7],
  },
  pathChallenge: {
    pkts: "01",
    traits: "P",
    write: (w) => writePathChallenge(w, eight),
    call: ["onPathChallenge", [...eight]],
  },
  pathResponse: {
    pkts: "1",
    traits: "P",
    write: (w) => writePathResponse(w, eight),
    call: ["onPathResponse", [...eight]],
  },
  connectionClose: {
    pkts: "IH01",
    traits: "N",
    write: (w) => close.writeConnectionClose(w, 0x10a, 6, data),
    call: ["onConnectionClose", 0x10a, 6, [...data]],
    size: close.connectionCloseSize(0x10a, 6) + 5,
  },
  applicationClose: {
    pkts: "01",
    traits: "N",
    write: (w) => close.writeApplicationClose(w, big, data),
    call: ["onApplicationClose", big, [...data]],
    size: close.applicationCloseSize(big) + 5,
  },
  handshakeDone: {
    pkts: "1",
    traits: "",
    write: crypto.writeHandshakeDone,
    call: ["onHandshakeDone"],
  },
  immediateAck: { pkts: "1", traits: "x", write: writeImmediateAck, call: ["onImmediateAck"] },
  resetStreamAt: {
    pkts: "01",
    traits: "x",
    write: (w) => control.writeResetStreamAt(w, 4, 5, 600, 70),
    call: ["onResetStreamAt", 4, 5, 600, 70],
    size: control.resetStreamAtSize(4, 5, 600, 70),
  },
  datagram: {
    pkts: "01",
    traits: "x",
    write: (w) => writeDatagram(w, data),
    call: ["onDatagram", [...data], 7],
    size: datagramSize(5),
  },
  pathAck: {
    pkts: "1",
    traits: "Nx",
    write: (w) => void writeAck(w, ranges(), 77, 5, 100),
    call: ["onPathAck", 5, ackSeen],
  },
  pathAckEcn: {
    pkts: "1",
    traits: "Nx",
    write: (w) => void writeAck(w, ranges(), 77, 5, 100, marks()),
    call: ["onPathAck", 5, markedAckSeen],
  },
  ackFrequency: {
    pkts: "1",
    traits: "x",
    write: (w) => writeAckFrequency(w, 1, 10, 25_000, 3),
    call: ["onAckFrequency", 1, 10, 25_000, 3],
    size: ackFrequencySize(1, 10, 25_000, 3),
  },
  pathAbandon: {
    pkts: "1",
    traits: "x",
    write: (w) => multipath.writePathAbandon(w, 0xffff_ffff, 0x3e76),
    call: ["onPathAbandon", 0xffff_ffff, 0x3e76],
  },
  pathStatusBackup: {
    pkts: "1",
    traits: "x",
    write: (w) => multipath.writePathStatus(w, 3, 70, false),
    call: ["onPathStatus", 3, 70, false],
  },
  pathStatusAvailable: {
    pkts: "1",
    traits: "x",
    write: (w) => multipath.writePathStatus(w, 3, 70, true),
    call: ["onPathStatus", 3, 70, true],
  },
  pathNewConnectionId: {
    pkts: "1",
    traits: "x",
    write: (w) => ids.writeNewConnectionId(w, 65, 300, 2, data, token),
    call: ["onPathNewConnectionId", 65, 300, 2, [...data], [...token]],
  },
  pathRetireConnectionId: {
    pkts: "1",
    traits: "x",
    write: (w) => ids.writeRetireConnectionId(w, 65, 300),
    call: ["onPathRetireConnectionId", 65, 300],
  },
  maxPathId: {
    pkts: "1",
    traits: "x",
    write: (w) => multipath.writeMaxPathId(w, 8),
    call: ["onMaxPathId", 8],
  },
  pathsBlocked: {
    pkts: "1",
    traits: "x",
    write: (w) => multipath.writePathsBlocked(w, 8),
    call: ["onPathsBlocked", 8],
  },
  pathCidsBlocked: {
    pkts: "1",
    traits: "x",
    write: (w) => multipath.writePathCidsBlocked(w, 8, 2),
    call: ["onPathCidsBlocked", 8, 2],
  },
  observedAddressV4: {
    pkts: "01",
    traits: "Px",
    write: (w) => address.writeObservedAddress(w, 1, v4, 443),
    call: ["onObservedAddress", 1, [...v4], 443],
    size: address.addressSize(1, v4),
  },
  observedAddressV6: {
    pkts: "01",
    traits: "Px",
    write: (w) => address.writeObservedAddress(w, 1, v6, 443),
    call: ["onObservedAddress", 1, [...v6], 443],
  },
  alternativeAddressV4: {
    pkts: "1",
    traits: "x",
    write: (w) => address.writeAlternativeAddress(w, 1, v4, 443, true, false),
    call: ["onAlternativeAddress", 1, [...v4], 443, true, false],
  },
  alternativeAddressV6: {
    pkts: "1",
    traits: "x",
    write: (w) => address.writeAlternativeAddress(w, 1, v6, 443, false, true),
    call: ["onAlternativeAddress", 1, [...v6], 443, false, true],
    size: address.addressSize(1, v6) + 1,
  },
  addAddressV6: {
    pkts: "1",
    traits: "x",
    write: (w) => address.writeAddAddress(w, 1, v6, 443),
    call: ["onAddAddress", 1, [...v6], 443],
  },
  removeAddress: {
    pkts: "1",
    traits: "x",
    write: (w) => address.writeRemoveAddress(w, 1),
    call: ["onRemoveAddress", 1],
    size: address.removeAddressSize(1),
  },
};
