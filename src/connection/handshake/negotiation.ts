// Configures the parts of a connection from the result of its handshake.

import type { Queue } from "../../bytes/queue.ts";
import { Readiness } from "../../scheduler/readiness.ts";
import { ErrorCode } from "../../error/error_code.ts";
import type { Role } from "../../error/role.ts";
import { MAX_ADDRESSES } from "../../limits/limits.ts";
import type { AddressAnnouncer } from "../../path/address/address_announcer.ts";
import type { PathSet } from "../../path/path_set.ts";
import type { PacketSpace } from "../../recovery/packet_space.ts";
import type { StreamSet } from "../../stream/stream_set.ts";
import type { DatagramQueue } from "../datagram_queue.ts";
import type { ConnectionEvent } from "../event.ts";
import type { Idle } from "../idle.ts";
import { TransportParameters } from "../parameters/parameter_table.ts";
import type { Peer } from "../parameters/peer.ts";
import type { PathRequests } from "../path_requests.ts";
import type { AckRequest } from "../ack_request.ts";
import type { HandshakeObserver } from "./handshake.ts";

/** The parts configured from the result of the handshake. */
export interface NegotiationParts {
  readonly role: Role;
  readonly paths: PathSet;
  readonly streams: StreamSet;
  readonly datagrams: DatagramQueue;
  readonly peer: Peer;
  readonly announcer: AddressAnnouncer;
  readonly ackRequest: AckRequest;
  readonly idle: Idle;
  readonly requests: PathRequests;
  readonly events: Queue<ConnectionEvent>;
}

/** Applies what both ends agreed on to the parts of the connection. */
export class Negotiation implements HandshakeObserver {
  readonly #parts: NegotiationParts;

  constructor(parts: NegotiationParts) {
    this.#parts = parts;
  }

  /** A client may send 0-RTT data within these limits (RFC 9000, Section 7.4.1). */
  onRemembered(parameters: TransportParameters): void {
    const { paths, streams, datagrams } = this.#parts;
    streams.setPeerLimits(parameters);
    datagrams.limit(parameters.maxDatagramFrameSize);
    paths.find(0)!.current.limitDatagramSize(parameters.maxUdpPayloadSize);
  }

  onPeerParameters(parameters: TransportParameters): void {
    const { ackRequest, peer, paths, streams, datagrams, idle } = this.#parts;
    peer.set(parameters);
    ackRequest.agree(parameters);
    streams.setPeerLimits(parameters);
    idle.onPeerTimeout(parameters.maxIdleTimeout);
    datagrams.limit(parameters.maxDatagramFrameSize);
    const path = paths.find(0)!;
    path.current.limitDatagramSize(parameters.maxUdpPayloadSize);
    path.space.allowDelay(parameters.maxAckDelay);
    if (parameters.statelessResetToken !== undefined) {
      path.slot.remote.setResetToken(parameters.statelessResetToken);
    }
    const { initialMaxPathId, preferredAddress } = parameters;
    const maxPathId = initialMaxPathId < 0 ? undefined : initialMaxPathId;
    if (preferredAddress !== undefined) {
      path.slot.remote.onNew(1, 0, preferredAddress.id, preferredAddress.resetToken);
    }
    paths.onPeerLimits(parameters.activeConnectionIdLimit, maxPathId);
    this.#startAddresses(parameters);
  }

  /** Which end tells the other its addresses depends on what both have announced. */
  #startAddresses(
    { addressDiscovery, alternativeAddress, maxAddresses }: TransportParameters,
  ): void {
    const { announcer, paths, role } = this.#parts;
    if (addressDiscovery > 0) paths.startObservations();
    if (role === "client") return;
    if (alternativeAddress) announcer.start("alternative", MAX_ADDRESSES);
    else if (maxAddresses > 0) announcer.start("added", maxAddresses);
  }

  onEarlyDataReadable(): void {
    this.#parts.events.push({ type: "earlyDataAccepted" });
  }

  onOneRttKeys(): void {
    // A server tells its connection IDs at once, so that the client may open paths a round trip
    // earlier.
    if (this.#parts.peer.known) this.#parts.paths.provide();
  }

  /** The server reads none of our 0-RTT data: it counts as never sent (RFC 9001, Section 4.6.2). */
  onEarlyDataRejected(): void {
    const { paths, streams, datagrams, events } = this.#parts;
    // That says nothing of congestion. Packet numbers go on, as the space is the same.
    paths.find(0)?.space.discard(true);
    streams.onEarlyDataRejected(new TransportParameters());
    datagrams.limit(0);
    events.push({ type: "earlyDataRejected" });
  }

  onHandshakeComplete(): void {
    const { paths, peer, requests, events } = this.#parts;
    paths.provide();
    events.push({ type: "handshakeCompleted" });
    const { disableActiveMigration } = peer.parameters;
    if (paths.multipath && !disableActiveMigration) return;
    // MPQUIC, Section 2.2: it keeps clients from the address of the handshake only.
    const forbidden = paths.multipath ? paths.find(0)?.current.remote : undefined;
    const obstacle = paths.multipath ? "forbidden" : "single";
    for (const request of requests.refuse(forbidden)) {
      events.push({ type: "pathRefused", request, obstacle, code: ErrorCode.NoViablePath });
    }
  }

  onHandshakeConfirmed(): void {
    const { ackRequest, paths, peer } = this.#parts;
    ackRequest.start(peer.parameters);
    const first = paths.find(0);
    if (first !== undefined && first.readiness >= Readiness.Open) paths.observe(first);
  }

  onSpaceDiscarded(space: PacketSpace): void {
    this.#parts.paths.find(0)?.loss.drop(space);
  }
}
