// The qlog trace of one connection.

import { toHex } from "../../bytes/bytes.ts";
import type { BuiltPacket } from "../../packet/built_packet.ts";
import type { Header } from "../../packet/header.ts";
import type { PacketOpener } from "../../packet/packet_opener.ts";
import { PacketType } from "../../packet/packet_type.ts";
import type { NetworkPath } from "../../path/network/network_path.ts";
import type { Path } from "../../path/path.ts";
import type { PathSet } from "../../path/path_set.ts";
import { type DropTrigger, EventName } from "../../qlog/events.ts";
import { LoggedHeader, type Qlog } from "../../qlog/qlog.ts";
import type { SentPacket } from "../../recovery/sent_packet.ts";
import type { ConnectionOptions } from "../options.ts";
import { PathLog } from "./path_log.ts";
import { FrameDescriber } from "./qlog_frames.ts";
import { type LoggedParts, StateLog } from "./state_log.ts";

/** Starts the log of a connection, if its configuration wants one. */
export function logOf(
  { config, originalId, role, wallTime }: ConnectionOptions,
  parts: LoggedParts & { readonly paths: PathSet },
  first: Path,
  now: number,
): ConnectionLog | undefined {
  const epoch = wallTime(now) - now;
  const qlog = config.qlog?.({ role, originalId: toHex(originalId), now, epoch });
  return qlog && new ConnectionLog(qlog, parts, first, now);
}

/** Bytes of an authentication tag, which every suite has. */
const TAG_LENGTH = 16;

/**
 * What a connection with a log tells it. Packets are told of one by one; what they bring about is
 * found by comparing the state of the parts with what was told before.
 */
export class ConnectionLog {
  readonly qlog: Qlog;
  readonly #states: StateLog;
  readonly #paths: PathLog;
  readonly #parts: LoggedParts & { readonly paths: PathSet };
  readonly #frames: FrameDescriber;
  readonly #header = new LoggedHeader();
  #now = 0;
  #isReceiving = false;
  /** Where the packets that are sealed next go. */
  #path: Path;
  #network: NetworkPath;
  #isMtuProbe = false;

  /** @param first The path that the connection begins with. */
  constructor(
    qlog: Qlog,
    parts: LoggedParts & { readonly paths: PathSet },
    first: Path,
    now: number,
  ) {
    this.qlog = qlog;
    this.#parts = parts;
    this.#path = first;
    this.#network = first.current;
    this.#now = now;
    this.#states = new StateLog(qlog, parts);
    this.#paths = new PathLog(qlog, parts.paths, (path, packet, byNumber) => {
      this.#onLost(path, packet, PacketType.OneRtt, byNumber);
    });
    this.#frames = new FrameDescriber(qlog);
    const { port, remote } = first.current;
    qlog.connectionStarted(now, port.address, remote);
    this.#paths.tuple(first, first.current, now);
    const { initialSpace, handshakeSpace } = parts.handshake;
    initialSpace.observeLosses((packet, byNumber) =>
      this.#onLost(first, packet, PacketType.Initial, byNumber)
    );
    handshakeSpace.observeLosses((packet, byNumber) =>
      this.#onLost(first, packet, PacketType.Handshake, byNumber)
    );
  }

  /** A door of the connection opens: whatever is told until {@linkcode leave} happens now. */
  enter(now: number): void {
    this.#now = now;
  }

  /** The door closes. */
  leave(): void {
    this.#follow();
    this.#isReceiving = false;
  }

  // Packets.

  /** A packet was opened and is new; its frames have not been worked through yet. */
  onReceived(
    header: Header,
    opener: PacketOpener,
    plaintext: Uint8Array,
    length: number,
    path: Path,
    network: NetworkPath,
  ): void {
    this.#isReceiving = true;
    // What the packet before brought about comes before this one, and the keys that opened it.
    this.#follow();
    const logged = this.#aim(header.type, opener.number, path.id);
    logged.keyPhase = header.isLong ? -1 : opener.keyPhase;
    this.#readLong(logged, header);
    const tuple = this.#paths.tuple(path, network, this.#now);
    const size = header.end - header.start;
    this.qlog.beginPacket(this.#now, EventName.PacketReceived, tuple, logged, size, length);
    const delayUnit = this.#parts.peer.ackDelayUnit / 1_000;
    this.#frames.describe(plaintext, 0, length, header.type, delayUnit);
    this.qlog.endPacket();
  }

  /** A packet that no connection key protects: Retry, Version Negotiation, or what we cannot read. */
  onUnprotected(header: Header): void {
    if (header.type < 0) return this.onDropped(header, "unsupported");
    const logged = this.#aim(header.type, -1, 0);
    this.#readLong(logged, header);
    const size = header.end - header.start;
    this.qlog.beginPacket(this.#now, EventName.PacketReceived, "", logged, size, size);
    this.qlog.endPacket();
  }

  /** A packet was dropped. */
  onDropped(header: Header, trigger: DropTrigger): void {
    const logged = this.#aim(header.type, -1, 0);
    this.#readLong(logged, header);
    this.qlog.packetDropped(this.#now, logged, header.end - header.start, trigger);
  }

  /** A packet is kept until there are keys. */
  onBuffered(header: Header): void {
    const logged = this.#aim(header.type, -1, 0);
    this.#readLong(logged, header);
    this.qlog.packetBuffered(this.#now, logged, header.end - header.start);
  }

  /** The packets that are sealed next leave on this 4-tuple. */
  aimSent(path: Path, network: NetworkPath, isMtuProbe: boolean): void {
    this.#follow();
    this.#path = path;
    this.#network = network;
    this.#isMtuProbe = isMtuProbe;
  }

  /** The connection is forgotten. */
  close(): void {
    this.#follow();
    this.qlog.close();
  }

  /** A packet is complete but not sealed yet. */
  onSealing(packet: BuiltPacket, bytes: Uint8Array): void {
    const { start, payloadStart, payloadEnd, type } = packet;
    const logged = this.#aim(type, packet.number, packet.pathId);
    if (type === PacketType.OneRtt) logged.keyPhase = (bytes[start]! >>> 2) & 1;
    else this.#readSentLong(logged, bytes, start);
    const tuple = this.#paths.tuple(this.#path, this.#network, this.#now);
    const size = payloadEnd + TAG_LENGTH - start;
    const payloadSize = payloadEnd - payloadStart;
    this.qlog.beginPacket(this.#now, EventName.PacketSent, tuple, logged, size, payloadSize);
    this.#frames.describe(bytes, payloadStart, payloadEnd, type);
    this.qlog.endPacket(this.#isMtuProbe);
  }

  #follow(): void {
    this.#states.follow(this.#now, this.#isReceiving);
    this.#paths.follow(this.#now);
  }

  #onLost(path: Path, packet: SentPacket, type: PacketType, byNumber: boolean): void {
    const logged = this.#aim(type, packet.number, path.id);
    const tuple = this.#paths.tuple(path, packet.carrier as NetworkPath, this.#now);
    const trigger = byNumber ? "reordering_threshold" : "time_threshold";
    this.qlog.packetLost(this.#now, tuple, logged, trigger, packet.isMtuProbe);
  }

  #aim(type: number, number: number, pathId: number): LoggedHeader {
    const header = this.#header;
    header.type = type;
    header.number = number;
    const isNamed = type === PacketType.OneRtt && number >= 0 && this.#parts.paths.multipath;
    header.pathId = isNamed ? pathId : -1;
    header.keyPhase = -1;
    header.version = 0;
    header.destinationId = header.sourceId = undefined;
    header.tokenLength = 0;
    return header;
  }

  #readLong(logged: LoggedHeader, header: Header): void {
    if (!header.isLong) return;
    logged.version = header.version;
    logged.destinationId = toHex(header.destinationId);
    logged.sourceId = toHex(header.sourceId);
    logged.tokenLength = header.tokenLength;
  }

  /** Our own long header: version, both IDs with their lengths, a token if it is an Initial. */
  #readSentLong(logged: LoggedHeader, bytes: Uint8Array, start: number): void {
    logged.version = new DataView(bytes.buffer, bytes.byteOffset).getUint32(start + 1);
    const idAt = start + 6;
    const sourceAt = idAt + bytes[start + 5]! + 1;
    const sourceEnd = sourceAt + bytes[sourceAt - 1]!;
    logged.destinationId = toHex(bytes.subarray(idAt, sourceAt - 1));
    logged.sourceId = toHex(bytes.subarray(sourceAt, sourceEnd));
  }
}
