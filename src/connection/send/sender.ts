// Builds one datagram after the other, the most urgent frames first.

import { Readiness } from "../../scheduler/readiness.ts";
import type { PacketBuilder } from "../../packet/packet_builder.ts";
import { PacketType } from "../../packet/packet_type.ts";
import { Health, Stage } from "../../path/health/lifecycle.ts";
import { BASE_DATAGRAM_SIZE } from "../../path/network/mtu_discovery.ts";
import type { NetworkPath } from "../../path/network/network_path.ts";
import type { Path } from "../../path/path.ts";
import type { PathSet } from "../../path/path_set.ts";
import type { StreamView } from "../../scheduler/stream_order.ts";
import { hasRoomFor, isWorthProbing, wantedProbe } from "./size_probe.ts";
import { pathForClose, writeClose, writeEarlyClose } from "./close_frames.ts";
import type { Closing } from "../closing.ts";
import { CopyQueue } from "./copy_queue.ts";
import type { Dispatcher } from "./dispatcher.ts";
import { DatagramBuilder, type DatagramParts, type Transmit } from "./datagram_builder.ts";
import { type FrameSources, FrameWriter } from "./frame_writer.ts";

/** What a sender works with. */
export interface SenderParts extends FrameSources, DatagramParts {
  readonly closing: Closing;
  readonly dispatcher: Dispatcher;
}

/**
 * Bytes; with less credit a challenge is not padded: it would take all of the credit, and if it
 * were lost, no other could leave before the peer sends more.
 */
const CHALLENGE_CREDIT = 2 * BASE_DATAGRAM_SIZE;

/** Builds datagrams, one per call, from the most urgent frames. */
export class Sender {
  readonly builder: PacketBuilder;
  readonly #parts: SenderParts;
  readonly #frames: FrameWriter;
  readonly #copies = new CopyQueue();
  readonly #datagram: DatagramBuilder;
  /** Whether data were sent last, and nothing but data waits. */
  #isInRun = false;

  constructor(parts: SenderParts, first: NetworkPath) {
    this.#parts = parts;
    this.#datagram = new DatagramBuilder(parts, first);
    this.builder = this.#datagram.packets;
    this.#frames = new FrameWriter(parts, this.builder);
  }

  /**
   * The next datagram, or nothing to send for now.
   *
   * @param goesOn Whether nothing has happened since the last one.
   */
  transmit(now: number, goesOn: boolean): Transmit | undefined {
    if (goesOn && this.#isInRun) {
      const more = this.#sendMore(now);
      if (more !== undefined) return more;
    }
    this.#isInRun = false;
    this.#parts.dispatcher.refresh(now);
    return this.#sendNext(now);
  }

  #sendNext(now: number): Transmit | undefined {
    const { closing, handshake, keys, paths } = this.#parts;
    if (!closing.open) return closing.pending ? this.#sendClose(now) : undefined;
    // A server cannot keep old keys for a path that it does not know yet.
    if (handshake.role === "server" || !this.#frames.opensPath) keys.oneRtt?.updateIfDue(now);
    return this.#sendHandshake(paths, now) ?? this.#sendZeroRtt(now) ??
      this.#sendOneRtt(paths, now);
  }

  #sendOneRtt(paths: PathSet, now: number): Transmit | undefined {
    if (this.#parts.keys.oneRtt === undefined) return undefined;
    const busy = this.#frames.pending;
    // While there are data, probes for the size are worth going first; else nothing waits for them.
    return this.#sendValidation(paths, now) ?? this.#sendEarlyMtuProbe(paths, now) ??
      this.#sendProbe(paths, now) ??
      (busy ? this.#sendMtuProbe(paths, busy, now) : undefined) ??
      this.#sendCopy(now) ?? this.#sendData(now) ??
      this.#sendOwn(paths, now) ?? this.#sendAcks(paths, now) ??
      (busy ? undefined : this.#sendMtuProbe(paths, busy, now));
  }

  // The reasons for a datagram, most urgent first.

  /** Initial and Handshake packets, with 1-RTT data behind them if there is room. */
  #sendHandshake(paths: PathSet, now: number): Transmit | undefined {
    const { handshake, keys } = this.#parts;
    if (keys.initial.write === undefined && keys.handshake.write === undefined) return undefined;
    const path = paths.find(0);
    if (path === undefined || path.readiness < Readiness.Opening) return undefined; // MPQUIC, Section 3.4
    const { current: network } = path;
    const initial = keys.initial.write !== undefined &&
      this.#frames.handshakeNeeds(handshake.initialSpace, network);
    const second = keys.handshake.write !== undefined &&
      this.#frames.handshakeNeeds(handshake.handshakeSpace, network);
    if (!initial && !second) return undefined;
    // RFC 9000, Section 8.1: a server may have too little credit for the full datagram it needs.
    if (initial && network.credit < BASE_DATAGRAM_SIZE) return undefined;
    if (!this.#datagram.begin(network)) return undefined;
    const padTo = initial && this.#writeInitial(path, now) ? BASE_DATAGRAM_SIZE : 0;
    if (keys.handshake.write !== undefined) this.#writeHandshake(path, now);
    if (keys.oneRtt !== undefined && this.#frames.pending && network.room(now) > 0) {
      if (this.#datagram.startShort(path)) this.#frames.writeAll(path, undefined, now);
    } else if (this.#mayWriteEarly && network.room(now) > 0) {
      this.#writeZeroRtt(path, undefined, now);
    }
    return this.#datagram.end(path, network, padTo, now);
  }

  /** RFC 9000, Section 17.2.3: whether there are 0-RTT data to send, and no better keys yet. */
  get #mayWriteEarly(): boolean {
    const { zeroRtt, oneRtt } = this.#parts.keys;
    return zeroRtt.write !== undefined && oneRtt === undefined && this.#frames.hasData;
  }

  /** 0-RTT data that found no room beside the ClientHello. */
  #sendZeroRtt(now: number): Transmit | undefined {
    if (!this.#mayWriteEarly) return undefined;
    const assignment = this.#parts.dispatcher.assign(now);
    if (assignment === undefined) return undefined;
    const { path } = assignment;
    if (!this.#datagram.begin(path.current)) return undefined;
    this.#writeZeroRtt(path, assignment.streams, now);
    return this.#datagram.end(path, path.current, 0, now);
  }

  /** RFC 9000, Section 12.3: 0-RTT and 1-RTT packets share their numbers. */
  #writeZeroRtt(path: Path, streams: readonly StreamView[] | undefined, now: number): void {
    if (!this.#datagram.startLong(PacketType.ZeroRtt, path, path.space)) return;
    this.#frames.writeEarly(path, streams, now);
    if (this.builder.isEmpty) this.builder.cancel();
  }

  /** Returns whether the datagram must be padded for it. */
  #writeInitial(path: Path, now: number): boolean {
    const { handshake } = this.#parts;
    const space = handshake.initialSpace;
    if (!this.#datagram.startLong(PacketType.Initial, path, space)) return false;
    this.#frames.writeHandshake(space, handshake.initialCrypto, now);
    if (this.builder.isEmpty) {
      this.builder.cancel();
      return false;
    }
    // RFC 9000, Section 14.1, RFC 9001, Section 9.3: a client's, and a server's that ask for more.
    return handshake.role === "client" || this.builder.isEliciting;
  }

  #writeHandshake(path: Path, now: number): void {
    const { handshake } = this.#parts;
    const space = handshake.handshakeSpace;
    if (!this.#datagram.startLong(PacketType.Handshake, path, space)) return;
    this.#frames.writeHandshake(space, handshake.handshakeCrypto, now);
    if (this.builder.isEmpty) this.builder.cancel();
  }

  /** Challenges and answers, each on the 4-tuple it is about. */
  #sendValidation(paths: PathSet, now: number): Transmit | undefined {
    for (const path of paths.paths) {
      if (path.readiness < Readiness.Opening) continue;
      const network = path.route.validating;
      if (network === undefined || !path.slot.remote.usable || !this.#datagram.begin(network)) {
        continue;
      }
      if (!this.#datagram.startShort(path, network)) continue;
      // RFC 9000, Section 8.2.1: full size, or with too little credit, as many tries as it allows.
      const size = network.credit < CHALLENGE_CREDIT ? 0 : BASE_DATAGRAM_SIZE;
      this.#frames.writeValidation(network, size, now);
      if (network === path.current) {
        this.#frames.writeAcks(path, now);
        path.slot.writeFrames(this.builder, true);
      }
      return this.#datagram.end(path, network, size, now);
    }
    return undefined;
  }

  /** Probes after a timeout; no window holds them back (RFC 9002, Section 7.5). */
  #sendProbe(paths: PathSet, now: number): Transmit | undefined {
    for (const path of paths.paths) {
      if (path.readiness < Readiness.Opening || path.space.probes === 0) continue;
      if (
        !path.slot.remote.usable || !this.#datagram.begin(path.current) ||
        !this.#datagram.startShort(path)
      ) {
        continue;
      }
      this.#frames.writeAcks(path, now);
      this.#frames.writeOwn(path);
      // RFC 8899, Section 5.2: one of two has the base size, the other tells what small ones do.
      const { doubtful } = path.current.mtu;
      const baseProbe = doubtful && path.space.probes > 1;
      // Other paths carry the data of a suspect path, if they can. MPQUIC, Section 3.1: an
      // unproven path carries no data.
      const isFit = path.readiness >= Readiness.Open &&
        (path.health === Health.Ok || paths.best(path) === undefined);
      if (isFit && doubtful === baseProbe) this.#frames.writeAll(path, undefined, now);
      else if (path.readiness >= Readiness.Open) this.#frames.writeUnheard(path);
      if (!this.builder.isEliciting) this.#frames.writePing();
      const padTo = baseProbe ? BASE_DATAGRAM_SIZE : 0;
      return this.#datagram.end(path, path.current, padTo, now, baseProbe);
    }
    return undefined;
  }

  /** Copies the frames of the previous datagram to another path. */
  #sendCopy(now: number): Transmit | undefined {
    for (let path = this.#copies.next(now); path; path = this.#copies.next(now)) {
      if (!this.#datagram.begin(path.current) || !this.#datagram.startShort(path)) return undefined;
      this.#frames.writeAcks(path, now);
      this.#copies.writeFrames(path, this.builder, this.builder.largestPayload);
      const out = this.#datagram.end(path, path.current, 0, now);
      if (out !== undefined) return out;
    }
    return undefined;
  }

  /** Data, on the path that the scheduler names. */
  #sendData(now: number): Transmit | undefined {
    const { dispatcher } = this.#parts;
    if (!this.#frames.pending) {
      const straggler = dispatcher.onIdle(now);
      if (straggler === undefined) return undefined;
      this.#copies.add(straggler.frames, dispatcher.copyPaths, false);
      return this.#sendCopy(now);
    }
    const assignment = dispatcher.bindings.any
      ? dispatcher.assignBound(this.#frames.controlPending, now)
      : dispatcher.assign(now);
    if (assignment === undefined) return undefined;
    const { path, streams, copies } = assignment;
    const out = this.#buildData(path, streams, now);
    if (out === undefined) return undefined;
    if (copies.length > 0) this.#copies.add(path.space.sent.newest!.frames, copies, true);
    else this.#isInRun = this.#mayRun(now);
    return out;
  }

  /** Whether only what leaves can make anything but data urgent: then data follow data. */
  #mayRun(now: number): boolean {
    const { dispatcher, handshake, paths } = this.#parts;
    if (!handshake.confirmed || dispatcher.bindings.any || this.#frames.hasShared) return false;
    for (const { current } of paths.paths) if (wantedProbe(current, now) > 0) return false;
    return true;
  }

  /**
   * More data in a run: what else might be urgent was not when the last ones left, and nothing has
   * happened since.
   */
  #sendMore(now: number): Transmit | undefined {
    const { dispatcher, handshake, keys, streams } = this.#parts;
    if (!this.#frames.hasData) return undefined;
    if (handshake.role === "server" || !this.#frames.opensPath) keys.oneRtt!.updateIfDue(now);
    const assignment = dispatcher.assignMore(now);
    if (assignment === undefined || assignment.copies.length > 0) return undefined;
    const { path } = assignment;
    if (!this.#beginData(path, now)) return undefined;
    this.#frames.writeData(path, assignment.streams ?? streams.views, now);
    return this.#datagram.end(path, path.current, 0, now);
  }

  #buildData(
    path: Path,
    streams: readonly StreamView[] | undefined,
    now: number,
  ): Transmit | undefined {
    if (!this.#beginData(path, now)) return undefined;
    this.#frames.writeAll(path, streams, now);
    return this.#datagram.end(path, path.current, 0, now);
  }

  #beginData(path: Path, now: number): boolean {
    if (!this.#datagram.begin(path.current) || !this.#datagram.startShort(path)) return false;
    this.#frames.writeAcks(path, now);
    this.#frames.writeOwn(path);
    return true;
  }

  /** Frames that must leave on one path, without data to travel with. */
  #sendOwn(paths: PathSet, now: number): Transmit | undefined {
    for (const path of paths.paths) {
      if (
        path.readiness < Readiness.Opening || !this.#frames.isOwnDue(path) ||
        !path.slot.remote.usable
      ) {
        continue;
      }
      if (!this.#datagram.begin(path.current) || !this.#datagram.startShort(path)) continue;
      this.#frames.writeAcks(path, now);
      this.#frames.writeOwn(path);
      if (path.space.tail.isDue) this.#frames.writeTail(path.space);
      return this.#datagram.end(path, path.current, 0, now);
    }
    return undefined;
  }

  /** Acknowledgements that are due, without data to travel with. */
  #sendAcks(paths: PathSet, now: number): Transmit | undefined {
    for (const path of paths.paths) {
      if (path.space.received.deadline > now) continue;
      const route = this.#frames.quietRoute(path, now);
      if (route === undefined || !route.slot.remote.usable) continue;
      if (!this.#datagram.begin(route.current) || !this.#datagram.startShort(route)) continue;
      this.#frames.writeAcks(route, now);
      if (!this.builder.isEmpty) this.#frames.breakSilence(route.space);
      const out = this.#datagram.end(route, route.current, 0, now);
      if (out === undefined) continue;
      if (route !== path) route.current.acks.onSent(out.size);
      return out;
    }
    return undefined;
  }

  /**
   * A datagram larger than any that is known to arrive (RFC 8899).
   *
   * @param busy Whether there are data that it would go before.
   */
  #sendMtuProbe(paths: PathSet, busy: boolean, now: number): Transmit | undefined {
    if (!this.#parts.handshake.confirmed) return undefined;
    for (const path of paths.paths) {
      const { current: network } = path;
      if (path.room === 0 || path.health !== Health.Ok) continue;
      const size = wantedProbe(network, now);
      if (size === 0 || !hasRoomFor(size, path)) continue;
      if (busy && !isWorthProbing(network, size)) continue;
      const out = this.#buildMtuProbe(path, size, now);
      if (out !== undefined) return out;
    }
    return undefined;
  }

  /**
   * The first of those, while its answer has not to be waited for: behind the handshake flight of a
   * server, and behind the challenge on a new path. When data may leave it has been answered.
   */
  #sendEarlyMtuProbe(paths: PathSet, now: number): Transmit | undefined {
    for (const path of paths.paths) {
      const { current: network } = path;
      if (network.mtu.tried || path.readiness < Readiness.Opening || !this.#isEarly(path)) continue;
      const size = wantedProbe(network, now);
      // RFC 9000, Section 8.1: the credit must suffice to repeat the flight.
      const spare = path.id === 0 ? network.bytesSent : BASE_DATAGRAM_SIZE;
      if (size === 0 || network.credit - size < spare) continue;
      const out = this.#buildMtuProbe(path, size, now);
      if (out !== undefined) return out;
    }
    return undefined;
  }

  /** Whether a path carries no data yet, and what it carries instead has left. */
  #isEarly(path: Path): boolean {
    const { handshake } = this.#parts;
    if (path.id > 0) return path.stage === Stage.Opening && path.current.bytesSent > 0;
    if (handshake.role === "client" || handshake.confirmed) return false;
    return !handshake.initialCrypto.hasPending && !handshake.handshakeCrypto.hasPending;
  }

  #buildMtuProbe(path: Path, size: number, now: number): Transmit | undefined {
    const { current: network } = path;
    if (!this.#datagram.beginProbe(network, size)) return undefined;
    if (!this.#datagram.startShort(path)) return undefined;
    this.#frames.writeUrgentPing(path.space);
    network.mtu.onProbeSent(size);
    return this.#datagram.end(path, network, size, now, true);
  }

  /**
   * CONNECTION_CLOSE at every level that the peer may be able to read (RFC 9000, Section 10.2.3).
   */
  #sendClose(now: number): Transmit | undefined {
    const { closing, handshake, keys, paths } = this.#parts;
    const path = pathForClose(paths);
    if (path === undefined) return undefined;
    if (!this.#datagram.begin(path.current)) return undefined;
    closing.onWritten();
    let padTo = 0;
    if (keys.initial.write !== undefined) {
      if (this.#datagram.startLong(PacketType.Initial, path, handshake.initialSpace)) {
        writeEarlyClose(this.builder, closing.reason!);
      }
      if (handshake.role === "client") padTo = BASE_DATAGRAM_SIZE;
    }
    if (keys.handshake.write !== undefined) {
      if (this.#datagram.startLong(PacketType.Handshake, path, handshake.handshakeSpace)) {
        writeEarlyClose(this.builder, closing.reason!);
      }
    }
    if (keys.oneRtt !== undefined && this.#datagram.startShort(path)) {
      // The peer would take for lost what it hears nothing of.
      if (closing.isFirst) this.#frames.writeLastAcks(now);
      writeClose(this.builder, closing.reason!);
    }
    return this.#datagram.end(path, path.current, padTo, now);
  }
}
