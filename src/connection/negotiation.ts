import { Level } from "../crypto/level.ts";
import { ErrorCode } from "../error/error_code.ts";
import { TransportError } from "../error/quic_error.ts";
import type { FrameExtensions } from "../frame/frame_type.ts";
import type { PathSet } from "../path/path_set.ts";
import { Role } from "../stream/stream_id.ts";
import type { StreamSet } from "../stream/stream_set.ts";
import type { DatagramQueue } from "./datagram_queue.ts";
import type { ConnectionEvent } from "./event.ts";
import type { HandshakeDriver, HandshakeObserver } from "./handshake_driver.ts";
import type { Idle } from "./idle.ts";
import type { KeyRing } from "./key_ring.ts";
import type { PathRequests } from "./path_requests.ts";
import type { Peer } from "./peer.ts";
import type { TransportParameters } from "./transport_parameters.ts";

/** Whom the outcome of the handshake concerns. */
export interface NegotiationParts {
  readonly keys: KeyRing;
  readonly paths: PathSet;
  readonly streams: StreamSet;
  readonly datagrams: DatagramQueue;
  readonly peer: Peer;
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
  /** The extensions whose frames are taken. */
  readonly extensions: { -readonly [Name in keyof FrameExtensions]: boolean };
  readonly #parts: NegotiationParts;

  /** @param datagrams Whether we announce that DATAGRAMs are welcome. */
  constructor(parts: NegotiationParts, datagrams: boolean) {
    this.#parts = parts;
    this.extensions = {
      datagram: datagrams,
      multipath: false,
      ackFrequency: true,
      resetStreamAt: false,
      observedAddress: false,
      alternativeAddress: false,
      addAddress: false,
    };
  }

  onPeerParameters(parameters: TransportParameters): void {
    const { peer, paths, streams, datagrams, idle } = this.#parts;
    const { initialMaxPathId } = parameters;
    // MPQUIC, Section 2.1: several paths need connection IDs.
    if (initialMaxPathId >= 0 && this.handshake.ids.peerSource!.length === 0) throw emptyId();
    peer.set(parameters);
    streams.setPeerLimits(parameters);
    idle.onPeerTimeout(parameters.maxIdleTimeout);
    datagrams.peerLimit = parameters.maxDatagramFrameSize;
    const path = paths.find(0)!;
    path.current.limitDatagramSize(parameters.maxUdpPayloadSize);
    path.space.maxAckDelay = parameters.maxAckDelay;
    if (parameters.statelessResetToken !== undefined) {
      path.slot.remote.setResetToken(parameters.statelessResetToken);
    }
    const maxPathId = initialMaxPathId < 0 ? undefined : initialMaxPathId;
    paths.onPeerLimits(parameters.activeConnectionIdLimit, maxPathId);
    this.extensions.multipath = paths.multipath;
  }

  onKeys(level: Level): void {
    this.retryKept = true;
    // A server tells its connection IDs at once, so that the client may open paths a round trip
    // earlier.
    if (level === Level.OneRtt && this.#parts.peer.known) this.#parts.paths.provide();
  }

  onEarlyDataRejected(): void {
    const { streams, peer, events } = this.#parts;
    streams.onEarlyDataRejected(peer.parameters);
    events.push({ type: "earlyDataRejected" });
  }

  onHandshakeComplete(): void {
    const { paths, requests, events } = this.#parts;
    this.retryKept = true;
    paths.provide();
    events.push({ type: "handshakeCompleted" });
    if (paths.multipath) return;
    for (const request of requests.refuse()) {
      events.push({ type: "pathRefused", request, code: ErrorCode.NoViablePath });
    }
  }

  onHandshakeConfirmed(): void {
    const { keys, paths } = this.#parts;
    const { handshakeSpace, handshakeCrypto } = this.handshake;
    keys.discardHandshake();
    handshakeSpace.discard(false);
    handshakeCrypto.discard();
    paths.find(0)?.loss.drop(handshakeSpace);
    this.#dropInitial();
  }

  /** RFC 9001, Section 4.9.1: a client with its first Handshake packet sent, a server with one read. */
  onHandshakePacket(sender: Role): void {
    if (sender === Role.Client) this.#dropInitial();
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
