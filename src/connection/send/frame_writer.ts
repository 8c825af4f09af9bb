// Asks the owners of frames to write into 1-RTT packets.

import { Readiness } from "../../scheduler/readiness.ts";
import type { AckRequest } from "../ack_request.ts";
import { writeAck } from "../../frame/ack.ts";
import { writePing } from "../../frame/ping.ts";
import type { PacketBuilder } from "../../packet/packet_builder.ts";
import type { AddressAnnouncer } from "../../path/address/address_announcer.ts";
import type { NetworkPath } from "../../path/network/network_path.ts";
import { Health, Stage } from "../../path/health/lifecycle.ts";
import type { Path } from "../../path/path.ts";
import type { PathSet } from "../../path/path_set.ts";
import type { PacketSpace } from "../../recovery/packet_space.ts";
import type { StreamView } from "../../scheduler/stream_order.ts";
import type { CryptoStream } from "../../stream/crypto_stream.ts";
import { SendHalf } from "../../stream/send_half.ts";
import { SendState } from "../../stream/send_state.ts";
import type { StreamSet } from "../../stream/stream_set.ts";
import type { DatagramQueue } from "../datagram_queue.ts";
import type { Dispatcher } from "./dispatcher.ts";
import type { Handshake } from "../handshake/handshake.ts";
import { MAX_SILENT_PACKETS, MAX_UNHEARD_PACKETS } from "../../limits/limits.ts";

/** ACK Delay is told in units of 2^3 microseconds, as is the default. */
const ACK_DELAY_UNIT = 8;
/** With this many packets in flight, a small packet of its own follows the end of a transfer. */
const LONG_FLIGHT = 8;
/** Room that an ACK may take in a packet that carries data as well. */
const MAX_ACK_SIZE = 200;

/** The owners whose frames go into 1-RTT packets. */
export interface FrameSources {
  readonly handshake: Handshake;
  readonly paths: PathSet;
  readonly streams: StreamSet;
  readonly datagrams: DatagramQueue;
  readonly announcer: AddressAnnouncer;
  readonly ackRequest: AckRequest;
  readonly dispatcher: Dispatcher;
}

/** Asks the owners of frames, in order, until the packet is full. */
export class FrameWriter {
  readonly #from: FrameSources;
  readonly #builder: PacketBuilder;

  constructor(sources: FrameSources, builder: PacketBuilder) {
    this.#from = sources;
    this.#builder = builder;
  }

  /** Whether frames wait that every path may carry, streams and datagrams apart. */
  get controlPending(): boolean {
    return this.hasShared || this.#from.streams.hasControlFrames;
  }

  /** Whether frames wait that are of the connection, and not of its streams. */
  get hasShared(): boolean {
    const { ackRequest, announcer, handshake, paths } = this.#from;
    return announcer.pending || ackRequest.pending || handshake.aftermath.pending || paths.pending;
  }

  /** Whether streams or datagrams have something to send. */
  get hasData(): boolean {
    const { streams, datagrams } = this.#from;
    return streams.views.length > 0 || datagrams.pending || streams.hasControlFrames;
  }

  /** Whether a path is being validated for the first time. */
  get opensPath(): boolean {
    return this.#from.paths.paths.some(({ stage }) => stage === Stage.Opening);
  }

  /** Whether anything ack-eliciting waits that every path may carry. */
  get pending(): boolean {
    return this.hasData || this.hasShared;
  }

  /** Whether a handshake space has something that may be sent. */
  handshakeNeeds(space: PacketSpace, network: NetworkPath): boolean {
    const { handshake } = this.#from;
    if (space.probes > 0 || space.received.eliciting > 0) return true;
    const crypto = space === handshake.initialSpace
      ? handshake.initialCrypto
      : handshake.handshakeCrypto;
    return crypto.hasPending && !network.windowBlocked;
  }

  /** Writes what a handshake space has to say: an ACK, messages, and a PING if it must probe. */
  writeHandshake(space: PacketSpace, crypto: CryptoStream, now: number): void {
    this.#writeHandshakeAck(space, now);
    // Of two probes both carry the messages: one of them may be lost as well.
    if (space.probes > 0 && !crypto.hasPending) space.requeueOutstanding(1);
    crypto.writeFrames(this.#builder);
    if (space.probes > 0 && !this.#builder.isEliciting) this.writePing();
  }

  // RFC 9000, Section 13.2.6: a space is acknowledged in packets of its own.
  #writeHandshakeAck(space: PacketSpace, now: number): void {
    const { received } = space;
    if (!received.hasUnreported) return;
    const delay = Math.floor(received.delay(now) * 1_000 / ACK_DELAY_UNIT);
    const { writer } = this.#builder;
    const { ranges, marks } = received;
    if (writeAck(writer, ranges, delay, -1, this.#builder.room, marks) === 0) return;
    received.onAckSent();
    received.noteReported();
  }

  /** Writes the ACKs that travel by this path: its own, and those of paths that cannot. */
  writeAcks(path: Path, now: number): void {
    for (const other of this.#from.paths.paths) {
      if (other.space.received.eliciting > 0 && this.ackRoute(other) === path) {
        const written = this.#writePathAck(other, now);
        // Only a packet of the same space can later say that the ACK itself arrived.
        if (written && other === path) other.space.received.noteReported();
      }
    }
  }

  /**
   * Writes the ACKs of all paths, before CONNECTION_CLOSE and as far as they leave room for it. Those
   * that left before may have been lost, and there is no later packet to tell it again.
   */
  writeLastAcks(now: number): void {
    for (const path of this.#from.paths.paths) {
      const hasAny = path.space.received.ranges.count > 0;
      if (hasAny && this.#builder.room > 2 * MAX_ACK_SIZE) this.#writePathAck(path, now);
    }
  }

  #writePathAck(path: Path, now: number): boolean {
    const { received } = path.space;
    const delay = Math.floor(received.delay(now) * 1_000 / ACK_DELAY_UNIT);
    const pathId = this.#from.paths.multipath ? path.id : -1;
    const { writer, room } = this.#builder;
    const { ranges, marks } = received;
    const most = Math.min(room, MAX_ACK_SIZE);
    if (writeAck(writer, ranges, delay, pathId, most, marks) === 0) return false;
    received.onAckSent();
    return true;
  }

  /** The path by which a path's packets are acknowledged: itself, unless it is suspect. */
  ackRoute(path: Path): Path | undefined {
    // MPQUIC, Section 5.4: one stable way back makes stable samples.
    if (path.readiness >= Readiness.Opening && path.health === Health.Ok) return path;
    const other = this.#from.paths.best(path);
    if (path.readiness < Readiness.Opening) return other;
    // One that waits for answers itself may be the dead one of the two.
    return other !== undefined && other.loss.ptoCount === 0 ? other : path;
  }

  /**
   * The path for a packet of nothing but ACKs. A peer that acknowledges none of them, nor the PINGs
   * among them, would make us remember all; it hears no more until it does, probes apart. Another
   * path that may be much slower gets no more of them than it can carry; they are put off then.
   */
  quietRoute(path: Path, now: number): Path | undefined {
    const route = this.ackRoute(path);
    if (route === undefined) return undefined;
    const { sent } = route.space;
    if (sent.next - sent.first > MAX_UNHEARD_PACKETS) {
      path.space.received.onAckSent();
      return undefined;
    }
    if (route === path) return route;
    const at = route.current.nextAckAt(now);
    if (at <= now) return route;
    path.space.received.putOff(at);
    return undefined;
  }

  /** Writes what validates this 4-tuple, into a datagram of at least so many bytes. */
  writeValidation(network: NetworkPath, size: number, now: number): void {
    network.validation.writeFrames(this.#builder, size, now);
  }

  /** On a suspect path, also writes what the peer has not acknowledged of other paths. */
  writeUnheard(path: Path): void {
    for (const slot of this.#from.paths.slots) {
      if (slot !== path.slot) slot.writeUnheard(this.#builder);
    }
  }

  /**
   * Writes everything that asks for an acknowledgement, as far as it fits.
   *
   * @param chosen The streams to draw from; all that this path may carry if left out.
   */
  writeAll(path: Path, chosen: readonly StreamView[] | undefined, now: number): void {
    const { ackRequest, announcer, handshake: { aftermath }, paths, streams: set } = this.#from;
    const builder = this.#builder;
    if (aftermath.pending) aftermath.writeFrames(builder);
    if (paths.pending) paths.writeFrames(builder);
    if (announcer.pending) announcer.writeFrames(builder);
    if (ackRequest.pending) ackRequest.writeFrames(builder);
    const { bindings } = this.#from.dispatcher;
    const streams = chosen ?? (bindings.any ? bindings.streamsFor(path) : set.views);
    this.writeData(path, streams, now);
    if (aftermath.pending) aftermath.writeForLater(builder);
  }

  /** Writes what streams and datagrams have to send, as far as it fits. */
  writeData(path: Path, streams: readonly StreamView[], now: number): void {
    const { dispatcher, paths, streams: set, datagrams } = this.#from;
    const builder = this.#builder;
    if (set.hasControlFrames) set.writeControlFrames(builder, now, paths.largestRtt);
    if (datagrams.pending) {
      datagrams.writeFrames(builder, builder.largestPayload, path, dispatcher.heldDatagrams);
    }
    if (set.views.length === 0) return;
    set.writeStreamFrames(builder, streams);
    if (set.views.length === 0 && this.#endsStream) this.#onStreamEnd(path, now);
  }

  /**
   * The last data of a transfer leave. No packet follows that would tell of their loss before the
   * probe timeout, on this path or another: a small one will, which is itself rarely lost in a full
   * queue. Short transfers do without, but ask for an ACK at once if another path could help.
   */
  #onStreamEnd(path: Path, now: number): void {
    const { ackRequest, paths: set } = this.#from;
    const { paths } = set;
    let inFlight = 0;
    for (const { space } of paths) inFlight += space.elicitingInFlight;
    if (inFlight < LONG_FLIGHT) {
      if (set.best(path) !== undefined) ackRequest.hurry(path.space, this.#builder);
      return;
    }
    for (const { health, readiness, smoothedRtt, space } of paths) {
      if (readiness >= Readiness.Opening && health === Health.Ok) {
        space.noteTail(Math.max(smoothedRtt / 4, 1), now);
      }
    }
  }

  /** Whether something waits that must travel on this very path. */
  isOwnDue(path: Path): boolean {
    return path.current.reports.observation?.due || path.space.tail.isDue || path.pings.due;
  }

  /** Writes what must travel on this very path. */
  writeOwn(path: Path): void {
    path.current.reports.observation?.writeFrame(this.#builder);
    path.pings.writeFrames(this.#builder);
  }

  /** Writes that packet's frame. */
  writeTail(space: PacketSpace): void {
    this.#from.ackRequest.writeTail(space, this.#builder);
    this.#builder.markEliciting();
  }

  /** Asks for an acknowledgement, at once if the peer understands that. */
  writeUrgentPing(space: PacketSpace): void {
    if (this.#builder.room < 1) return;
    if (this.#from.ackRequest.hurry(space, this.#builder)) this.#builder.markEliciting();
    else this.writePing();
  }

  /** Whether the last frame is of a stream that has ended, though not all of it has arrived. */
  get #endsStream(): boolean {
    const { frames } = this.#builder.packetAt(this.#builder.count - 1);
    if (frames.count === 0) return false;
    const { owner } = frames.at(frames.count - 1);
    return owner instanceof SendHalf && owner.state === SendState.DataSent;
  }

  /** Writes what 0-RTT packets may carry: streams and datagrams (RFC 9000, Section 12.5). */
  writeEarly(path: Path, streams: readonly StreamView[] | undefined, now: number): void {
    const { paths, streams: set, datagrams } = this.#from;
    const builder = this.#builder;
    if (set.hasControlFrames) set.writeControlFrames(builder, now, paths.largestRtt);
    if (datagrams.pending) datagrams.writeFrames(builder, builder.largestPayload, path);
    if (set.views.length > 0) set.writeStreamFrames(builder, streams);
  }

  /** Asks for an acknowledgement where there is nothing else that does. */
  writePing(): void {
    if (this.#builder.room < 1) return;
    writePing(this.#builder.writer);
    this.#builder.markEliciting();
  }

  /**
   * After many packets that ask for no acknowledgement, one that does: otherwise this end would not
   * learn what arrived.
   */
  breakSilence(space: PacketSpace): void {
    if (space.breaksSilence(this.#builder.isEliciting, MAX_SILENT_PACKETS)) this.writePing();
  }
}
