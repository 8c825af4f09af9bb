// Takes datagrams apart: packets, keys, frames, and what follows from them.

import { Readiness } from "../../scheduler/readiness.ts";
import type { CryptoEngine } from "../../crypto/aead.ts";
import { equalBytes } from "../../bytes/bytes.ts";
import type { Ecn } from "../../bytes/ecn.ts";
import { Reader } from "../../bytes/reader.ts";
import { ErrorCode } from "../../error/error_code.ts";
import { PacketContent, readFrames } from "../../frame/read_frames.ts";
import { Header, parseHeader } from "../../packet/header.ts";
import { PacketOpener } from "../../packet/packet_opener.ts";
import { PacketType } from "../../packet/packet_type.ts";
import type { DropTrigger } from "../../qlog/events.ts";
import { maybeStatelessReset, RESET_TOKEN_LENGTH } from "../../packet/stateless_reset.ts";
import type { Address } from "../../path/address/address.ts";
import { Admission, Verdict } from "../../path/admission.ts";
import { BASE_DATAGRAM_SIZE } from "../../path/network/mtu_discovery.ts";
import type { NetworkPath } from "../../path/network/network_path.ts";
import type { Path } from "../../path/path.ts";
import type { Port } from "../../path/address/port.ts";
import type { PacketSpace } from "../../recovery/packet_space.ts";
import type { Idle } from "../idle.ts";
import type { KnownIds } from "../options.ts";
import type { ConnectionLog } from "../trace/connection_log.ts";
import { FrameRouter, type FrameTargets } from "./frame_router.ts";
import { Unprotected } from "../handshake/unprotected.ts";
import { Undecryptable } from "./undecryptable.ts";

/** What a receiver works with. */
export interface ReceiverParts extends FrameTargets {
  readonly log: ConnectionLog | undefined;
  readonly ids: KnownIds;
  readonly engine: CryptoEngine;
  readonly idle: Idle;
}

/** Takes datagrams apart: packets to their keys, frames to the router. */
export class Receiver {
  /** Packets that were dropped, for whatever reason. */
  dropped = 0;
  readonly #parts: ReceiverParts;
  /** The header of a packet that was kept. */
  readonly #kept = new Header();
  readonly #opener = new PacketOpener();
  readonly #reader = new Reader();
  readonly #undecryptable = new Undecryptable();
  readonly #admission = new Admission();
  readonly #router: FrameRouter;
  readonly #unprotected: Unprotected;
  /** When the packet at hand came. */
  #arrivedAt = 0;
  /** The ECN mark of its datagram. */
  #mark: Ecn = 0;
  /** The changes of keys that packets kept were tried after. */
  #keysSeen = 0;

  /** @param first The path on which packets come first. */
  constructor(parts: ReceiverParts, first: Path) {
    this.#parts = parts;
    this.#router = new FrameRouter(parts, first);
    this.#unprotected = new Unprotected(parts.handshake, parts.paths, parts.engine);
  }

  /** A datagram arrived. It is changed in place. */
  receive(
    header: Header,
    pathId: number,
    port: Port,
    remote: Address,
    now: number,
    mark: Ecn,
  ): void {
    const { datagram, destinationKey } = header;
    if (datagram.length > plaintext.length) return void this.dropped++;
    const { keys } = this.#parts;
    const { oneRtt } = keys;
    oneRtt?.onDatagram(now);
    this.#arrivedAt = now;
    this.#mark = mark;
    // RFC 9000, Section 8.1: all bytes count that are for this connection, readable or not. Several
    // paths may share a 4-tuple, but only one of them was meant.
    const path = this.#parts.paths.find(header.isLong ? 0 : pathId);
    path?.route.find(port, remote)?.onDatagramReceived(datagram.length);
    let offset = header.end;
    this.#onPacket(header, pathId, port, remote, now);
    const { ids } = this.#parts;
    while (parseHeader(datagram, offset, ids.length, header)) {
      // RFC 9000, Section 12.2: all packets of a datagram are for the same ID.
      if (header.destinationKey !== destinationKey) break;
      offset = header.end;
      this.#onPacket(header, ids.pathOf(header), port, remote, now);
    }
    // What was kept may bring further keys, for packets that were kept before it.
    while (keys.changes !== this.#keysSeen) {
      this.#keysSeen = keys.changes;
      this.#retryKept(now);
    }
  }

  /** Tries packets again that came before their keys. */
  #retryKept(now: number): void {
    for (const { bytes, port, remote, receivedAt, mark } of this.#undecryptable.take()) {
      // RFC 9000, Section 13.2.5: the wait for keys is part of the delay that ACKs tell.
      this.#arrivedAt = receivedAt;
      this.#mark = mark;
      const { ids } = this.#parts;
      const header = this.#kept;
      if (parseHeader(bytes, 0, ids.length, header)) {
        this.#onPacket(header, ids.pathOf(header), port, remote, now);
      }
    }
  }

  #onPacket(header: Header, pathId: number, port: Port, remote: Address, now: number): void {
    const { keys } = this.#parts;
    const { type } = header;
    if (type < 0 || type === PacketType.Retry || type === PacketType.VersionNegotiation) {
      this.#parts.log?.onUnprotected(header);
      this.#onUnprotected(header, now);
      return this.#checkReset(header);
    }
    const reader = keys.reader(type as PacketType);
    if (reader === undefined) return this.#keep(header, port, remote, now);
    if (type === PacketType.OneRtt) this.#onShort(header, pathId, port, remote, now);
    else this.#onLong(header, port, remote, now);
  }

  #onUnprotected(header: Header, now: number): void {
    const reason = this.#unprotected.receive(header, now);
    if (reason !== undefined) this.#parts.closing.end(reason);
  }

  /** Keys may still come, but only during the handshake. */
  #keep(header: Header, port: Port, remote: Address, now: number): void {
    const { handshake, keys } = this.#parts;
    // A server that has answered the ClientHello knows whether it reads 0-RTT data.
    const decided = handshake.role === "client" || keys.handshake.write !== undefined;
    const hopeless = header.type === PacketType.Initial || handshake.confirmed ||
      (header.type === PacketType.ZeroRtt && decided);
    if (hopeless) return this.#onUnreadable(header, "key_unavailable");
    this.#parts.log?.onBuffered(header);
    const bytes = header.datagram.subarray(header.start, header.end);
    this.#undecryptable.keep(bytes, port, remote, now, this.#mark);
  }

  #onLong(header: Header, port: Port, remote: Address, now: number): void {
    const { handshake, paths } = this.#parts;
    if (!this.#isExpected(header) || !this.#isProper(header)) {
      return this.#drop(header, "unsupported");
    }
    const path = paths.find(0);
    if (path === undefined) return;
    // RFC 9000, Section 9: no end moves during the handshake.
    const network = path.route.find(port, remote);
    if (network === undefined) return;
    const space = header.type === PacketType.Initial
      ? handshake.initialSpace
      : header.type === PacketType.Handshake
      ? handshake.handshakeSpace
      : path.space;
    const type = header.type as PacketType;
    const length = this.#open(header, 0, space);
    if (length < 0) return;
    if (type !== PacketType.ZeroRtt) this.#onHandshakePacket(header, network);
    if (type === PacketType.Initial) this.#onInitialVersion(header.version);
    this.#process(header, length, path, network, space, now);
    if (type !== PacketType.ZeroRtt) space.received.hurry();
  }

  /**
   * RFC 9000, Section 5.2.1: packets of another version than ours are dropped. RFC 9369, Section
   * 4.1: only Initial packets may be of either.
   */
  #isExpected({ type, version }: Header): boolean {
    const { handshake: { versions }, keys } = this.#parts;
    if (type === PacketType.ZeroRtt) return version === keys.original;
    return version === keys.version || (type === PacketType.Initial && versions.has(version));
  }

  /** Whether a long header says what its sender must say. */
  #isProper(header: Header): boolean {
    const { ids, role } = this.#parts.handshake;
    if (header.type === PacketType.Initial) {
      // RFC 9000, Sections 14.1 and 17.2.2: clients fill the datagram, servers send no token.
      const { datagram, tokenLength } = header;
      const isServer = role === "server";
      if (isServer ? datagram.length < BASE_DATAGRAM_SIZE : tokenLength > 0) return false;
    }
    // RFC 9000, Section 7.2: the ID does not change during the handshake.
    return ids.peerSource === undefined || equalBytes(header.sourceId, ids.peerSource);
  }

  /** A client learns the version agreed on from the first packet that differs from its own. */
  #onInitialVersion(version: number): void {
    const { handshake, keys } = this.#parts;
    if (handshake.role === "server" || keys.version !== keys.original) return;
    if (keys.handshake.read === undefined) keys.changeVersion(version);
  }

  #onHandshakePacket(header: Header, network: NetworkPath): void {
    const { handshake, paths } = this.#parts;
    if (handshake.ids.peerSource === undefined) {
      // The peer has chosen the ID that it wants to be sent to.
      const source = header.sourceId.slice();
      handshake.onPeerSource(source);
      paths.slot(0)!.remote.adopt(source);
    }
    if (header.type !== PacketType.Handshake || handshake.role === "client") return;
    // RFC 9000, Section 8.1: a peer that can read our Initial receives at its address.
    network.prove();
    handshake.onHandshakeRead();
  }

  #onShort(header: Header, pathId: number, port: Port, remote: Address, now: number): void {
    const { paths } = this.#parts;
    if (pathId < 0) return this.#onUnreadable(header);
    const path = paths.find(pathId);
    const length = this.#openShort(header, pathId, path);
    if (length < 0) return;
    if (path !== undefined) return this.#onPathPacket(header, path, length, port, remote, now);
    const slot = paths.slot(pathId);
    if (slot === undefined || slot.abandoned || !this.#acceptsPaths) return;
    const verdict = this.#admission.judge(paths.paths, port, remote, now);
    if (verdict === Verdict.Refused) {
      return paths.abandon(slot, ErrorCode.PathResourceLimitReached, now);
    }
    if (verdict === Verdict.Later) return this.#drop(header, "rejected");
    const opened = paths.open(pathId, port, remote, now);
    opened.current.onDatagramReceived(header.datagram.length);
    this.#onPathPacket(header, opened, length, port, remote, now);
  }

  /** Whether a path may be opened by the packets of the peer. */
  get #acceptsPaths(): boolean {
    const { handshake, paths } = this.#parts;
    return handshake.role === "server" && paths.multipath && handshake.complete;
  }

  #openShort(header: Header, pathId: number, path: Path | undefined): number {
    const { keys } = this.#parts;
    const largest = path?.space.received.largest ?? -1;
    const { reader } = keys.oneRtt!;
    const length = this.#opener.open(header, reader, pathId, largest, plaintext);
    if (length < 0) this.#onUnreadable(header);
    else if (path?.space.received.isDuplicate(this.#opener.number)) return this.#repeated(header);
    return length;
  }

  #drop(header: Header, why: DropTrigger): void {
    this.dropped++;
    this.#parts.log?.onDropped(header, why);
  }

  #repeated(header: Header): number {
    this.#parts.log?.onDropped(header, "duplicate");
    return -1;
  }

  #onUnreadable(header: Header, why: DropTrigger = "decryption_failure"): void {
    this.#drop(header, why);
    this.#checkReset(header);
  }

  /** RFC 9000, Section 10.3.1: the peer may have forgotten the connection, and say so. */
  #checkReset({ datagram, start }: Header): void {
    if (start > 0 || !maybeStatelessReset(datagram)) return;
    const token = datagram.subarray(datagram.length - RESET_TOKEN_LENGTH);
    const { closing, paths } = this.#parts;
    if (paths.isResetToken(token)) closing.onReset(paths.lingering, this.#arrivedAt);
  }

  #open(header: Header, pathId: number, space: PacketSpace): number {
    const { keys } = this.#parts;
    const reader = header.type === PacketType.Initial
      ? keys.initialReader(header.version)!
      : keys.reader(header.type as PacketType)!;
    const { largest } = space.received;
    const length = this.#opener.open(header, reader, pathId, largest, plaintext);
    if (length < 0) {
      // RFC 9001, Section 6.6: packets that fail are counted over all keys.
      keys.oneRtt?.countFailure();
      this.#onUnreadable(header);
      return -1;
    }
    return space.received.isDuplicate(this.#opener.number) ? this.#repeated(header) : length;
  }

  /** A 1-RTT packet of a known path, perhaps from another address. */
  #onPathPacket(
    header: Header,
    path: Path,
    length: number,
    port: Port,
    remote: Address,
    now: number,
  ): void {
    let network = path.route.find(port, remote);
    if (network === undefined) {
      // RFC 9000, Section 9: only clients move. A packet of a server from another address is not
      // followed.
      if (this.#parts.handshake.role === "client") return;
      // Late packets of a path that is abandoned say something as well, but it moves no more.
      const isOpen = path.readiness >= Readiness.Opening;
      const { migration } = this.#parts.paths;
      network = isOpen ? migration.meet(path, port, remote) : path.current;
      if (isOpen) network.onDatagramReceived(header.datagram.length);
    }
    const isNewest = this.#opener.number > path.space.received.largest;
    const isClient = this.#parts.handshake.role === "client";
    if (isNewest) network.spin.onReceived(this.#opener.spin, isClient);
    const content = this.#process(header, length, path, network, path.space, now);
    network.validation.onHeard(now);
    if (path.readiness >= Readiness.Opening) path.onHeard(now);
    const moves = isNewest && network !== path.current &&
      (content & PacketContent.NonProbing) !== 0;
    if (moves && path.readiness >= Readiness.Opening && this.#parts.handshake.role === "server") {
      this.#parts.paths.migration.follow(path, network, now);
    }
  }

  #process(
    header: Header,
    length: number,
    path: Path,
    network: NetworkPath,
    space: PacketSpace,
    now: number,
  ): number {
    const { number } = this.#opener;
    space.counters.onPacketReceived();
    this.#parts.log?.onReceived(header, this.#opener, plaintext, length, path, network);
    const router = this.#router.aim(header, path, network, now);
    this.#reader.aim(plaintext, 0, length);
    const content = readFrames(
      this.#reader,
      header.type as PacketType,
      this.#parts.peer.extensions,
      router,
    );
    // RFC 9000, Section 13.1: acknowledged only now that all of its frames are dealt with.
    const isEliciting = (content & PacketContent.Eliciting) !== 0;
    space.received.add(number, isEliciting, now, this.#arrivedAt, this.#mark);
    this.#onHeard(path, now);
    return content;
  }

  /** A packet was opened and is new. */
  #onHeard(path: Path, now: number): void {
    const { closing, idle, paths } = this.#parts;
    closing.onHeard();
    paths.watch.onSeen(path, now);
    idle.onReceived(paths.largestProbeTimeout, now);
  }
}

/**
 * Where payloads are opened into, as large as a datagram can be (RFC 768). All connections share it:
 * what lies there is good only during a call, and a stranger's datagram pins no memory.
 */
const plaintext = new Uint8Array(65_535);
