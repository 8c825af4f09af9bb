// Gives each frame of a received packet to its owner.

import type { Queue } from "../../bytes/queue.ts";
import { Level } from "../../crypto/level.ts";
import { ErrorCode } from "../../error/error_code.ts";
import { TransportError } from "../../error/quic_error.ts";
import type { AckFrame } from "../../frame/ack_frame.ts";
import type { FrameHandler } from "../../frame/frame_table.ts";
import { Header } from "../../packet/header.ts";
import { PacketType } from "../../packet/packet_type.ts";
import { formatIpAddress } from "../../bytes/ip_address.ts";
import type { Address } from "../../path/address/address.ts";
import { ChallengeBudget } from "../../path/network/challenge_budget.ts";
import type { RemoteAddresses } from "../../path/address/remote_addresses.ts";
import type { NetworkPath } from "../../path/network/network_path.ts";
import type { Path } from "../../path/path.ts";
import type { PathSet } from "../../path/path_set.ts";
import type { AckPolicy } from "../../recovery/received_packets.ts";
import type { PacketSpace } from "../../recovery/packet_space.ts";
import type { StreamSet } from "../../stream/stream_set.ts";
import type { Closing } from "../closing.ts";
import type { DatagramQueue } from "../datagram_queue.ts";
import type { ConnectionEvent } from "../event.ts";
import type { Handshake } from "../handshake/handshake.ts";
import type { KeyRing } from "../handshake/key_ring.ts";
import type { Peer } from "../parameters/peer.ts";

/** The parts that receive frames. */
export interface FrameTargets {
  readonly handshake: Handshake;
  readonly keys: KeyRing;
  readonly paths: PathSet;
  readonly streams: StreamSet;
  readonly datagrams: DatagramQueue;
  readonly peer: Peer;
  readonly ackPolicy: AckPolicy;
  readonly remoteAddresses: RemoteAddresses;
  /** The largest DATAGRAM frame we announced. */
  readonly maxDatagramFrameSize: number;
  readonly events: Queue<ConnectionEvent>;
  readonly closing: Closing;
}

const utf8 = new TextDecoder();

/** Brings each frame of a packet to its owner. */
export class FrameRouter implements FrameHandler {
  readonly #to: FrameTargets;
  // Where the packet at hand came from; set before its frames are read.
  #header = new Header();
  #now = 0;
  #path: Path;
  #network: NetworkPath;
  #ackFrequencySequence = -1;
  readonly #challenges = new ChallengeBudget();

  /** @param first The path on which packets come first. */
  constructor(targets: FrameTargets, first: Path) {
    this.#to = targets;
    this.#path = first;
    this.#network = first.current;
  }

  /** Says which packet the next frames are from. */
  aim(header: Header, path: Path, network: NetworkPath, now: number): this {
    this.#header = header;
    this.#path = path;
    this.#network = network;
    this.#now = now;
    return this;
  }

  onPing(): void {}

  onAck(ack: AckFrame): void {
    const { handshake, paths } = this.#to;
    if (this.#header.type === PacketType.OneRtt) {
      // MPQUIC, Section 2.3: without a path ID it speaks of path 0.
      const path = paths.find(0);
      if (path !== undefined) this.#onOneRttAck(path, ack);
      return;
    }
    if (this.#header.type === PacketType.Handshake) {
      handshake.onHandshakeAcked();
      this.#acknowledge(this.#path, handshake.handshakeSpace, ack, 0);
    } else {
      this.#acknowledge(this.#path, handshake.initialSpace, ack, 0);
    }
  }

  onPathAck(pathId: number, ack: AckFrame): void {
    const slot = this.#to.paths.slot(pathId);
    if (slot === undefined) return; // MPQUIC, Section 4: closed already, ignored
    if (slot.path !== undefined) return this.#onOneRttAck(slot.path, ack);
    if (slot.abandoned) return;
    throw violation(`PATH_ACK for path ${pathId}: nothing was sent on it`);
  }

  #onOneRttAck(path: Path, ack: AckFrame): void {
    const { handshake, keys, peer } = this.#to;
    const wait = ack.delay * peer.ackDelayUnit / 1_000;
    // RFC 9002, Section 5.3: before the handshake is confirmed the peer may wait longer.
    const delay = handshake.confirmed ? Math.min(wait, peer.parameters.maxAckDelay) : wait;
    this.#to.paths.watch.onAck(path, ack.largest);
    this.#acknowledge(path, path.space, ack, delay);
    keys.oneRtt!.onAcked(path.id, ack.largest, this.#now);
  }

  #acknowledge(path: Path, space: PacketSpace, ack: AckFrame, delay: number): void {
    const via = path === this.#path ? -1 : this.#path.id;
    // What had arrived before a silence is no answer of a path that is still silent.
    const isLate = via >= 0 && this.#to.paths.watch.isToldLate(path, ack.largest);
    const news = space.onAck(ack, delay, via, this.#now);
    if (news > 0 && !isLate) this.#to.paths.watch.onAnswered(path, this.#path.id, this.#now);
  }

  onCrypto(offset: number, data: Uint8Array): void {
    const level = this.#header.type === PacketType.Initial
      ? Level.Initial
      : this.#header.type === PacketType.Handshake
      ? Level.Handshake
      : Level.OneRtt;
    this.#to.handshake.onCrypto(level, offset, data, this.#now);
  }

  onNewToken(token: Uint8Array): void {
    if (this.#to.handshake.role === "server") throw violation("NEW_TOKEN: only servers send it");
    this.#to.events.push({ type: "newToken", token: token.slice() });
  }

  onHandshakeDone(): void {
    this.#to.handshake.onHandshakeDone();
  }

  onStream(id: number, offset: number, data: Uint8Array, fin: boolean): void {
    const { handshake, streams } = this.#to;
    streams.onStream(id, offset, data, fin);
    if (this.#header.type !== PacketType.ZeroRtt || handshake.complete) return;
    streams.find(id)?.receive?.onEarly();
  }

  onResetStream(id: number, code: number, finalSize: number): void {
    this.#to.streams.onResetStream(id, code, finalSize);
  }

  onResetStreamAt(id: number, code: number, finalSize: number, reliableSize: number): void {
    this.#to.streams.onResetStream(id, code, finalSize, reliableSize);
  }

  onStopSending(id: number, code: number): void {
    this.#to.streams.onStopSending(id, code);
  }

  onMaxData(limit: number): void {
    this.#to.streams.onMaxData(limit);
  }

  onMaxStreamData(id: number, limit: number): void {
    this.#to.streams.onMaxStreamData(id, limit);
  }

  onMaxStreams(bidirectional: boolean, limit: number): void {
    this.#to.streams.onMaxStreams(bidirectional, limit);
  }

  onDataBlocked(limit: number): void {
    this.#to.streams.onDataBlocked(limit);
  }

  onStreamDataBlocked(id: number, limit: number): void {
    this.#to.streams.onStreamDataBlocked(id, limit);
  }

  onStreamsBlocked(bidirectional: boolean, limit: number): void {
    this.#to.streams.onStreamsBlocked(bidirectional, limit);
  }

  onNewConnectionId(
    sequence: number,
    retirePriorTo: number,
    id: Uint8Array,
    resetToken: Uint8Array,
  ): void {
    this.onPathNewConnectionId(0, sequence, retirePriorTo, id, resetToken);
  }

  onPathNewConnectionId(
    pathId: number,
    sequence: number,
    retirePriorTo: number,
    id: Uint8Array,
    resetToken: Uint8Array,
  ): void {
    this.#to.paths.onNewId(pathId, sequence, retirePriorTo, id, resetToken);
  }

  onRetireConnectionId(sequence: number): void {
    this.onPathRetireConnectionId(0, sequence);
  }

  onPathRetireConnectionId(pathId: number, sequence: number): void {
    this.#to.paths.slot(pathId)?.local.onRetire(sequence, this.#header.destinationId);
  }

  onPathChallenge(data: Uint8Array): void {
    const { smoothedRtt } = this.#path;
    if (!this.#challenges.take(smoothedRtt, this.#now)) return;
    const network = this.#network;
    network.validation.onChallenge(data);
    // RFC 9000, Section 9.6.3: an endpoint that is probed probes as well, so that it may send there
    // when the client moves.
    if (network !== this.#path.route.candidate || network.validated || network.validation.pending) {
      return;
    }
    this.#to.paths.validate(this.#path, network, this.#now);
  }

  onPathResponse(data: Uint8Array): void {
    this.#to.paths.onPathResponse(this.#path, data, this.#now);
  }

  onConnectionClose(code: number, _frameType: number, reason: Uint8Array): void {
    this.#onClose(false, code, reason);
  }

  onApplicationClose(code: number, reason: Uint8Array): void {
    this.#onClose(true, code, reason);
  }

  #onClose(application: boolean, code: number, bytes: Uint8Array): void {
    const { closing, paths } = this.#to;
    const reason = utf8.decode(bytes);
    closing.drain({ by: "peer", application, code, reason }, paths.lingering, this.#now);
  }

  onDatagram(data: Uint8Array, frameSize: number): void {
    // RFC 9221, Section 3.
    if (frameSize > this.#to.maxDatagramFrameSize) {
      throw violation(`DATAGRAM: ${frameSize} bytes are more than announced`);
    }
    const isMore = this.#to.datagrams.onDatagram(data, this.#path.id);
    if (isMore) this.#to.events.push({ type: "datagramReceived" });
  }

  onPathAbandon(pathId: number, code: number): void {
    this.#to.paths.onPathAbandon(pathId, code, this.#now);
  }

  onPathStatus(pathId: number, sequence: number, available: boolean): void {
    this.#to.paths.onPathStatus(pathId, sequence, available);
  }

  onMaxPathId(limit: number): void {
    this.#to.paths.limits.onMaxPathId(limit);
    this.#to.paths.provide();
  }

  onPathsBlocked(limit: number): void {
    const { limits } = this.#to.paths;
    // MPQUIC, Section 4.7: the peer cannot have been told a higher limit.
    if (limit > limits.local) throw violation(`PATHS_BLOCKED at ${limit}: it was never the limit`);
  }

  onPathCidsBlocked(pathId: number, nextSequence: number): void {
    const slot = this.#to.paths.slot(pathId);
    if (slot === undefined || slot.abandoned) return;
    if (nextSequence > slot.local.nextSequence) {
      throw violation(`PATH_CIDS_BLOCKED at ${nextSequence}: it was never issued`);
    }
    this.#to.paths.provide();
  }

  onAckFrequency(
    sequence: number,
    elicitingThreshold: number,
    maxAckDelay: number,
    reorderingThreshold: number,
  ): void {
    const { ackPolicy, peer } = this.#to;
    if (!peer.mayAskForDelay(maxAckDelay)) {
      throw violation(`ACK_FREQUENCY: ${maxAckDelay} microseconds are less than our min_ack_delay`);
    }
    if (sequence <= this.#ackFrequencySequence) return;
    this.#ackFrequencySequence = sequence;
    ackPolicy.elicitingThreshold = elicitingThreshold + 1;
    ackPolicy.maxAckDelay = maxAckDelay / 1_000;
    // 0 asks not to hurry for packets out of order at all, 1 is how QUIC begins.
    ackPolicy.reorderingThreshold = reorderingThreshold === 0 ? Infinity : reorderingThreshold;
  }

  onImmediateAck(): void {
    this.#path.space.received.hurryNext();
  }

  onObservedAddress(sequence: number, ip: Uint8Array, port: number): void {
    const address: Address = { transport: "udp", hostname: formatIpAddress(ip), port };
    if (!this.#network.reports.onReport(sequence, address)) return;
    this.#to.events.push({ type: "observedAddress", path: this.#path, address });
  }

  onAlternativeAddress(
    sequence: number,
    ip: Uint8Array,
    port: number,
    preferred: boolean,
    retire: boolean,
  ): void {
    const { remote } = this.#network;
    const { remoteAddresses } = this.#to;
    const news = remoteAddresses.onAlternative(
      sequence,
      ip,
      port,
      preferred,
      retire,
      remote,
      this.#now,
    );
    if (news) this.#to.events.push({ type: "remoteAddresses" });
  }

  onAddAddress(sequence: number, ip: Uint8Array, port: number): void {
    // Clients may tell of theirs to be reached through a NAT: a server of ours opens no paths.
    if (this.#to.handshake.role === "server") return;
    const { remote } = this.#network;
    if (this.#to.remoteAddresses.onAdd(sequence, ip, port, remote, this.#now)) {
      this.#to.events.push({ type: "remoteAddresses" });
    }
  }

  onReachOut(): void {
    // An offer to meet through a NAT; not taken up.
  }

  onRemoveAddress(sequence: number): void {
    if (this.#to.handshake.role === "server") return;
    if (this.#to.remoteAddresses.onRemove(sequence)) {
      this.#to.events.push({ type: "remoteAddresses" });
    }
  }
}

function violation(what: string): TransportError {
  return new TransportError(ErrorCode.ProtocolViolation, `Cannot accept ${what}`);
}
