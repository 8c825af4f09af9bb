// What paths ask of their connection.

import type { Random } from "../crypto/random.ts";
import type { NetworkPathOptions } from "../path/network/network_path_options.ts";
import type { PathContext } from "../path/path.ts";
import type { UnprovenBytes } from "../path/address/unproven_bytes.ts";
import type { AckPolicy } from "../recovery/received_packets.ts";
import type { StreamSet } from "../stream/stream_set.ts";
import type { KeyRing } from "./handshake/key_ring.ts";
import type { HandshakeProgress } from "./handshake/progress.ts";
import { networkOptions } from "./network_options.ts";
import type { ConnectionOptions } from "./options.ts";
import type { Peer } from "./parameters/peer.ts";
import type { AckRequest } from "./ack_request.ts";

/** The parts of a connection that paths ask, all of them made before the first path. */
export interface PathSurroundings {
  readonly unproven: UnprovenBytes;
  readonly keys: KeyRing;
  readonly progress: HandshakeProgress;
  readonly peer: Peer;
  readonly ackRequest: AckRequest;
  readonly streams: StreamSet;
}

/** Answers what paths and their recovery ask of the connection. */
export class PathEnvironment implements PathContext {
  readonly random: Random;
  readonly network: NetworkPathOptions;
  readonly unproven: UnprovenBytes;
  readonly ackPolicy: AckPolicy;
  readonly pathIdleTimeout: number;
  readonly keepAliveInterval: number;
  readonly #isClient: boolean;
  readonly #parts: PathSurroundings;

  constructor({ role, config, random }: ConnectionOptions, parts: PathSurroundings) {
    const { ackThreshold: elicitingThreshold, maxAckDelay, timerLateness } = config;
    this.random = random;
    this.network = networkOptions(role, config, random);
    this.unproven = parts.unproven;
    this.ackPolicy = { elicitingThreshold, maxAckDelay, timerLateness, reorderingThreshold: 1 };
    this.pathIdleTimeout = config.pathIdleTimeout;
    this.keepAliveInterval = config.keepAliveInterval;
    this.#isClient = role === "client";
    this.#parts = parts;
  }

  get handshakeConfirmed(): boolean {
    return this.#parts.progress.confirmed;
  }

  get mustProbeUnasked(): boolean {
    return this.#isClient && !this.#parts.progress.addressValidated;
  }

  get hasHandshakeKeys(): boolean {
    return this.#parts.keys.handshake.write !== undefined;
  }

  get gapMark(): number {
    return this.#parts.streams.gapMark;
  }

  get peerAckThreshold(): number {
    return this.#parts.ackRequest.threshold;
  }

  get peerMaxAckDelay(): number {
    return this.#parts.peer.parameters.maxAckDelay;
  }

  get peerMaxDatagramSize(): number {
    return this.#parts.peer.parameters.maxUdpPayloadSize;
  }
}
