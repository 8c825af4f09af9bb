// Builds one UDP datagram.

import type { Ecn } from "../../bytes/ecn.ts";
import { PacketBuilder } from "../../packet/packet_builder.ts";
import type { BuiltPacket } from "../../packet/built_packet.ts";
import type { Random } from "../../crypto/random.ts";
import { packetNumberSize } from "../../packet/packet_number.ts";
import { PacketType } from "../../packet/packet_type.ts";
import type { Address } from "../../path/address/address.ts";
import { type NetworkPath, SMALLEST_DATAGRAM } from "../../path/network/network_path.ts";
import type { Path } from "../../path/path.ts";
import type { Port } from "../../path/address/port.ts";
import type { PacketSpace } from "../../recovery/packet_space.ts";
import type { ConnectionLog } from "../trace/connection_log.ts";
import { GreaseBit } from "./grease_bit.ts";
import type { Handshake } from "../handshake/handshake.ts";
import type { KeyRing } from "../handshake/key_ring.ts";
import type { Idle } from "../idle.ts";
import type { PathSet } from "../../path/path_set.ts";
import type { Peer } from "../parameters/peer.ts";

/** The buffer that a port lends for a datagram of so many bytes, or a shorter one if that is all. */
function bufferFor(port: Port, size: number): Uint8Array | undefined {
  const { buffer } = port;
  if (buffer === undefined || size <= buffer.length) return buffer;
  return port.largeBuffer ?? buffer;
}

/** A datagram to be sent: the first `size` bytes of the port's buffer. One object is reused. */
export interface Transmit {
  /** The port to send by; its buffer holds the bytes. */
  readonly port: Port;
  /** How many bytes of the buffer. */
  readonly size: number;
  /** Where to. */
  readonly remote: Address;
  /** Its ECN mark; none where the port sets none. */
  readonly mark: Ecn;
  /**
   * The connection ID it is sent to; the same array for as long as the ID stays. Sockets that send
   * several datagrams by one call must not mix those of two IDs: whatever stands before a server
   * may look at the first one only.
   */
  readonly destination: Uint8Array | undefined;
}

/** What datagrams are made of. */
export interface DatagramParts {
  readonly handshake: Handshake;
  readonly keys: KeyRing;
  readonly peer: Peer;
  readonly paths: PathSet;
  readonly idle: Idle;
  readonly random: Random;
  readonly log: ConnectionLog | undefined;
  /** The ID the peer reaches us by during the handshake. */
  readonly sourceId: Uint8Array;
}

/** Builds one datagram after the other: headers with the right IDs and keys, and what was sent. */
export class DatagramBuilder {
  readonly packets: PacketBuilder;
  readonly #parts: DatagramParts;
  readonly #transmit: {
    port: Port;
    size: number;
    remote: Address;
    mark: Ecn;
    destination: Uint8Array | undefined;
  };
  readonly #grease: GreaseBit;

  constructor(parts: DatagramParts, { port, remote }: NetworkPath) {
    const { log } = parts;
    this.#parts = parts;
    this.packets = new PacketBuilder(log && ((packet, bytes) => log.onSealing(packet, bytes)));
    this.#grease = new GreaseBit(parts.random);
    this.#transmit = { port, size: 0, remote, mark: 0, destination: undefined };
  }

  /** Aims the builder at the port's buffer, unless nothing may be sent on the 4-tuple now. */
  begin(network: NetworkPath): boolean {
    const limit = Math.min(network.mtu.current, network.credit);
    const buffer = bufferFor(network.port, limit);
    if (buffer === undefined || limit < SMALLEST_DATAGRAM) return false;
    this.packets.begin(buffer, limit);
    return true;
  }

  /** The same for a datagram of that size and no other. */
  beginProbe({ port }: NetworkPath, size: number): boolean {
    const buffer = bufferFor(port, size);
    if (buffer === undefined || buffer.length < size) return false;
    this.packets.begin(buffer, size);
    return true;
  }

  startLong(type: PacketType, path: Path, space: PacketSpace): boolean {
    const { keys, sourceId } = this.#parts;
    const number = space.nextNumber;
    const id = this.#transmit.destination = path.slot.remote.current;
    return this.packets.startLong(
      type,
      keys.versionOf(type),
      id,
      sourceId,
      this.#parts.handshake.token,
      number,
      packetNumberSize(number, space.largestAcked),
      keys.writer(type)!,
    );
  }

  startShort(path: Path, network = path.current): boolean {
    const { keys, peer } = this.#parts;
    const { oneRtt } = keys;
    const { slot: { remote }, space } = path;
    if (!remote.known) return false;
    const number = space.nextNumber;
    // RFC 9287, Section 3: once the peer has said that it does not mind.
    const fixedBit = peer.parameters.greaseQuicBit ? this.#grease.next() : undefined;
    let id = remote.current;
    // RFC 9000, Section 9.5: observers must not link two 4-tuples by a common ID.
    if (network === path.route.candidate && remote.reserve()) id = remote.reserved!;
    else if (network === path.route.previous) id = remote.former ?? id;
    this.#transmit.destination = id;
    return this.packets.startShort(
      id,
      number,
      packetNumberSize(number, space.largestAcked),
      network.spin.value,
      oneRtt!.phase,
      path.id,
      oneRtt!,
      fixedBit,
    );
  }

  /** Seals the datagram, and notes what each of its packets carried. */
  end(
    path: Path,
    network: NetworkPath,
    padTo: number,
    now: number,
    mtuProbe = false,
  ): Transmit | undefined {
    const { packets } = this;
    this.#parts.log?.aimSent(path, network, mtuProbe);
    const size = packets.endDatagram(padTo);
    if (size === 0) return undefined;
    this.#transmit.mark = network.nextMark(now);
    for (let i = 0; i < packets.count; i++) {
      this.#noteSent(packets.packetAt(i), path, network, mtuProbe, now);
    }
    network.onDatagramSent(size, now);
    this.#transmit.port = network.port;
    this.#transmit.remote = network.remote;
    this.#transmit.size = size;
    return this.#transmit;
  }

  #noteSent(
    built: BuiltPacket,
    path: Path,
    network: NetworkPath,
    mtuProbe: boolean,
    now: number,
  ): void {
    const space = this.#spaceOf(built.type, path);
    const packet = space.sent.take().reset(built.number, built.size, now, network);
    packet.frames.exchange(built.frames);
    packet.isEliciting = built.isEliciting;
    packet.isInFlight = built.isInFlight;
    packet.isMtuProbe = mtuProbe;
    packet.isMarked = this.#transmit.mark !== 0;
    packet.acknowledges = space.received.takeReported();
    space.onSent(packet, now);
    const { idle, paths } = this.#parts;
    if (built.isEliciting) idle.onSent(paths, now);
    if (built.type === PacketType.Handshake) this.#parts.handshake.onHandshakeSent();
  }

  #spaceOf(type: PacketType, path: Path): PacketSpace {
    const { handshake } = this.#parts;
    if (type === PacketType.Initial) return handshake.initialSpace;
    return type === PacketType.Handshake ? handshake.handshakeSpace : path.space;
  }
}
