import type { Role } from "../../error/role.ts";
import type { AckRequest } from "../send/ack_request.ts";
import { Level } from "../../crypto/level.ts";
import { ErrorCode } from "../../error/error_code.ts";
import { TransportError } from "../../error/quic_error.ts";
import type { AddressAnnouncer } from "../../path/address_announcer.ts";
import { ObservationCounter } from "../../path/observation.ts";
import { MAX_ADDRESSES } from "../../limits/limits.ts";
import type { AddressAnnouncer } from "../../path/address/address_announcer.ts";
import type { PathSet } from "../../path/path_set.ts";
import type { StreamSet } from "../../stream/stream_set.ts";
import type { DatagramQueue } from "../datagram_queue.ts";
import type { ConnectionEvent } from "../event.ts";
import type { HandshakeDriver, HandshakeObserver } from "./handshake_driver.ts";
import type { Idle } from "../idle.ts";
import type { KeyRing } from "./key_ring.ts";
import type { PathRequests } from "../path_requests.ts";
import type { Peer } from "../parameters/peer.ts";
import { loweredLimit } from "../parameters/early_data.ts";
import type { Versions } from "./versions.ts";
import { agreedExtensions, TransportParameters } from "../parameters/parameter_table.ts";

/** The parts configured from the result of the handshake. */
export interface NegotiationParts {
  readonly keys: KeyRing;
  readonly versions: Versions;
  readonly paths: PathSet;
  readonly streams: StreamSet;
  readonly datagrams: DatagramQueue;
  readonly peer: Peer;
  readonly announcer: AddressAnnouncer;
  readonly ackRequest: AckRequest;
  readonly idle: Idle;
  readonly requests: PathRequests;
  readonly events: ConnectionEvent[];
}

/** Applies what both ends agreed on, and clears away what only the handshake needed. */
export class Negotiation implements HandshakeObserver {
  /** Set right after it was made with this as its observer. */
  handshake!: HandshakeDriver;
  /** Whether packets that came before their keys should be tried again. */
  retryKept = false;
  /** Bits of the extensions whose frames are accepted. */
  extensions: number;
  readonly #parts: NegotiationParts;
  readonly #ours: TransportParameters;
  /** A client: the parameters of an earlier connection under which it sends 0-RTT data. */
  #remembered: TransportParameters | undefined;

  /** @param ours What we announce on all connections. */
  constructor(parts: NegotiationParts, ours: TransportParameters) {
    this.#parts = parts;
    this.#ours = ours;
    this.extensions = agreedExtensions(ours, new TransportParameters());
  }

  /** A client may send 0-RTT data within these limits (RFC 9000, Section 7.4.1). */
  onRemembered(parameters: TransportParameters): void {
    const { paths, streams, datagrams } = this.#parts;
    this.#remembered = parameters;
    streams.setPeerLimits(parameters);
    datagrams.peerLimit = parameters.maxDatagramFrameSize;
    paths.find(0)!.current.limitDatagramSize(parameters.maxUdpPayloadSize);
  }

  onPeerParameters(parameters: TransportParameters): void {
    const { ackRequest, peer, paths, streams, datagrams, idle } = this.#parts;
    const { initialMaxPathId } = parameters;
    const { keys, versions } = this.#parts;
    // Before anything else: the keys that follow belong to the version agreed on.
    keys.changeVersion(versions.agree(parameters.versionInformation, keys.version));
    // MPQUIC, Section 2.1: several paths need connection IDs.
    if (initialMaxPathId >= 0 && this.handshake.ids.peerSource!.length === 0) throw emptyId();
    this.#checkRemembered(parameters);
    peer.set(parameters);
    ackRequest.agree(parameters);
    streams.setPeerLimits(parameters);
    idle.onPeerTimeout(parameters.maxIdleTimeout);
    datagrams.peerLimit = parameters.maxDatagramFrameSize;
    const path = paths.find(0)!;
    path.current.limitDatagramSize(parameters.maxUdpPayloadSize);
    path.space.allowDelay(parameters.maxAckDelay);
    if (parameters.statelessResetToken !== undefined) {
      path.slot.remote.setResetToken(parameters.statelessResetToken);
    }
    const maxPathId = initialMaxPathId < 0 ? undefined : initialMaxPathId;
    const { preferredAddress } = parameters;
    if (preferredAddress !== undefined) {
      path.slot.remote.onNew(1, 0, preferredAddress.id, preferredAddress.resetToken);
    }
    paths.onPeerLimits(parameters.activeConnectionIdLimit, maxPathId);
    this.extensions = agreedExtensions(this.#ours, parameters);
    this.#startAddresses(parameters);
  }

  #checkRemembered(parameters: TransportParameters): void {
    const lowered = this.#remembered && loweredLimit(this.#remembered, parameters);
    this.#remembered = undefined;
    if (lowered === undefined) return;
    // RFC 9000, Section 7.4.1: it reads our 0-RTT data, which may be beyond what it allows now.
    throw new TransportError(
      ErrorCode.ProtocolViolation,
      `Cannot accept the peer's parameters: ${lowered} is lower than 0-RTT data was sent under`,
    );
  }

  /** Which end tells the other its addresses depends on what both have announced. */
  #startAddresses(
    { addressDiscovery, alternativeAddress, maxAddresses }: TransportParameters,
  ): void {
    const { announcer, paths } = this.#parts;
    if (addressDiscovery > 0) paths.observations = new ObservationCounter();
    if (this.handshake.role === "client") return;
    if (alternativeAddress) announcer.start("alternative", MAX_ADDRESSES);
    else if (maxAddresses > 0) announcer.start("added", maxAddresses);
  }

  onKeys(level: Level): void {
    this.retryKept = true;
    // A server tells its connection IDs at once, so that the client may open paths a round trip
    // earlier.
    if (level === Level.OneRtt && this.#parts.peer.known) this.#parts.paths.provide();
  }

  /** The server reads none of our 0-RTT data: it counts as never sent (RFC 9001, Section 4.6.2). */
  onEarlyDataRejected(): void {
    const { paths, streams, datagrams, events } = this.#parts;
    if (this.#remembered === undefined) return;
    this.#remembered = undefined;
    // That says nothing of congestion. Packet numbers go on, as the space is the same.
    paths.find(0)?.space.discard(true);
    streams.onEarlyDataRejected(new TransportParameters());
    datagrams.peerLimit = 0;
    events.push({ type: "earlyDataRejected" });
  }

  onHandshakeComplete(): void {
    const { paths, peer, requests, events } = this.#parts;
    this.retryKept = true;
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
    const { ackRequest, keys, paths, peer } = this.#parts;
    ackRequest.start(peer.parameters);
    const first = paths.find(0);
    if (first?.open) paths.observe(first);
    const { handshakeSpace, handshakeCrypto } = this.handshake;
    keys.discardHandshake();
    handshakeSpace.discard(false);
    handshakeCrypto.discard();
    paths.find(0)?.loss.drop(handshakeSpace);
    this.#dropInitial();
  }

  /** RFC 9001, Section 4.9.1: a client with its first Handshake packet sent, a server with one read. */
  onHandshakePacket(sender: Role): void {
    if (sender === "client") this.#dropInitial();
  }

  #dropInitial(): void {
    const { keys, paths } = this.#parts;
    if (keys.initial.write === undefined) return;
    const { initialSpace, initialCrypto } = this.handshake;
    keys.discardInitial();
    initialSpace.discard(false);
    initialCrypto.discard();
    paths.find(0)?.loss.drop(initialSpace);
  }
}

function emptyId(): TransportError {
  return new TransportError(
    ErrorCode.ProtocolViolation,
    "Cannot use several paths: the peer's connection ID is empty",
  );
}
