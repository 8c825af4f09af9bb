import type { AckFrame } from "./ack_frame.ts";

/**
 * Hears of every frame of a packet, in order. Byte arrays are views into the packet, and an
 * `AckFrame` is filled again: both are good only during the call.
 *
 * Numbers that a peer may legally choose above 2^53 - 1 (limits, codes, sequence numbers of
 * status) arrive as 2^53 - 1; see `Reader.varintClamped`.
 */
export interface FrameHandler {
  onPing(): void;
  /** Packets of this packet number space, or of path 0 in 1-RTT, arrived. */
  onAck(ack: AckFrame): void;
  onResetStream(id: number, code: number, finalSize: number): void;
  onStopSending(id: number, code: number): void;
  onCrypto(offset: number, data: Uint8Array): void;
  onNewToken(token: Uint8Array): void;
  onStream(id: number, offset: number, data: Uint8Array, fin: boolean): void;
  onMaxData(limit: number): void;
  onMaxStreamData(id: number, limit: number): void;
  onMaxStreams(bidirectional: boolean, limit: number): void;
  onDataBlocked(limit: number): void;
  onStreamDataBlocked(id: number, limit: number): void;
  onStreamsBlocked(bidirectional: boolean, limit: number): void;
  onNewConnectionId(
    sequence: number,
    retirePriorTo: number,
    id: Uint8Array,
    resetToken: Uint8Array,
  ): void;
  onRetireConnectionId(sequence: number): void;
  /** `data` are 8 bytes. */
  onPathChallenge(data: Uint8Array): void;
  /** `data` are 8 bytes. */
  onPathResponse(data: Uint8Array): void;
  /** The transport closes; `frameType` is 0 when the peer did not name one. */
  onConnectionClose(code: number, frameType: number, reason: Uint8Array): void;
  /** The application closes. */
  onApplicationClose(code: number, reason: Uint8Array): void;
  onHandshakeDone(): void;

  /** RFC 9221; `frameSize` is the size with type and length, which the limit is about. */
  onDatagram(data: Uint8Array, frameSize: number): void;

  onPathAck(pathId: number, ack: AckFrame): void;
  onPathAbandon(pathId: number, code: number): void;
  /** PATH_STATUS_BACKUP or PATH_STATUS_AVAILABLE. */
  onPathStatus(pathId: number, sequence: number, available: boolean): void;
  onPathNewConnectionId(
    pathId: number,
    sequence: number,
    retirePriorTo: number,
    id: Uint8Array,
    resetToken: Uint8Array,
  ): void;
  onPathRetireConnectionId(pathId: number, sequence: number): void;
  onMaxPathId(limit: number): void;
  onPathsBlocked(limit: number): void;
  onPathCidsBlocked(pathId: number, nextSequence: number): void;

  /** `maxAckDelay` is in microseconds and below 2^14 milliseconds. */
  onAckFrequency(
    sequence: number,
    elicitingThreshold: number,
    maxAckDelay: number,
    reorderingThreshold: number,
  ): void;
  onImmediateAck(): void;
  onResetStreamAt(id: number, code: number, finalSize: number, reliableSize: number): void;

  /** `ip` is 4 or 16 bytes here and below. */
  onObservedAddress(sequence: number, ip: Uint8Array, port: number): void;
  onAlternativeAddress(
    sequence: number,
    ip: Uint8Array,
    port: number,
    preferred: boolean,
    retire: boolean,
  ): void;
  onAddAddress(sequence: number, ip: Uint8Array, port: number): void;
  onReachOut(round: number, ip: Uint8Array, port: number): void;
  onRemoveAddress(sequence: number): void;
}
