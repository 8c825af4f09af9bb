// Answers packets that belong to no connection.

import { Writer } from "../bytes/writer.ts";
import type { CryptoEngine } from "../crypto/aead.ts";
import type { InitialKeys } from "../crypto/initial_keys.ts";
import type { Random } from "../crypto/random.ts";
import { writeConnectionClose } from "../frame/close.ts";
import type { Header } from "../packet/header.ts";
import { PacketBuilder } from "../packet/packet_builder.ts";
import { PacketType } from "../packet/packet_type.ts";
import { writeRetry } from "../packet/retry.ts";
import { writeStatelessReset } from "../packet/stateless_reset.ts";
import { greaseVersion } from "../packet/version.ts";
import { writeVersionNegotiation } from "../packet/version_negotiation.ts";
import type { Address } from "../path/address.ts";
import { BASE_DATAGRAM_SIZE } from "../path/mtu_discovery.ts";
import type { Port } from "../path/port.ts";
import type { IdFactory } from "./id_factory.ts";
import type { ReplyQueue } from "./reply_queue.ts";
import { RESETS_PER_SECOND, RESETS_PER_SECOND_AT_FIRST, RESTART_TIME } from "../limits/limits.ts";

/** Answers to packets that belong to no connection; none leaves any state behind. */
export class StatelessReplies {
  readonly #factory: IdFactory;
  readonly #queue: ReplyQueue;
  readonly #random: Random;
  readonly #engine: CryptoEngine;
  readonly #writer = new Writer();
  readonly #buffer = new Uint8Array(BASE_DATAGRAM_SIZE + 400);
  /** When the first packet of an unknown connection came. */
  #startedAt: number | undefined;
  #resets = 0;
  #countedFrom = -Infinity;

  constructor(factory: IdFactory, queue: ReplyQueue, random: Random, engine: CryptoEngine) {
    this.#factory = factory;
    this.#queue = queue;
    this.#random = random;
    this.#engine = engine;
  }

  /** A packet with a short header and an unknown ID (RFC 9000, Section 10.3). */
  reset(header: Header, port: Port, remote: Address, now: number): void {
    // RFC 9000, Section 21.11: another endpoint's connection is not ours to end.
    if (!this.#factory.layout.isOurs(header.datagram, header.destinationStart)) return;
    if (now - this.#countedFrom >= 1_000) {
      this.#countedFrom = now;
      this.#resets = 0;
    }
    this.#startedAt ??= now;
    const isNew = now - this.#startedAt < RESTART_TIME;
    if (this.#resets >= (isNew ? RESETS_PER_SECOND_AT_FIRST : RESETS_PER_SECOND)) return;
    const size = header.datagram.length;
    const token = this.#factory.resetToken(header.destinationId);
    this.#writer.aim(this.#buffer);
    if (!writeStatelessReset(this.#writer, size, token, this.#random)) return;
    this.#resets++;
    this.#queue.add(port, remote, this.#writer);
  }

  /** A version we do not speak (RFC 9000, Section 6.1). */
  negotiate(header: Header, spoken: readonly number[], port: Port, remote: Address): void {
    const unused = this.#random.below(64);
    const versions = [greaseVersion(this.#random.below(0x1_0000_0000)), ...spoken];
    const { sourceId, destinationId } = header;
    this.#writer.aim(this.#buffer);
    writeVersionNegotiation(this.#writer, sourceId, destinationId, versions, unused);
    this.#queue.add(port, remote, this.#writer);
  }

  /** The client shall prove its address first (RFC 9000, Section 8.1.2). */
  retry(
    header: Header,
    retrySourceId: Uint8Array,
    token: Uint8Array,
    port: Port,
    remote: Address,
  ): void {
    this.#writer.aim(this.#buffer);
    writeRetry(
      this.#writer,
      this.#engine,
      header.version,
      header.sourceId,
      retrySourceId,
      header.destinationId,
      token,
      this.#random.below(16),
    );
    this.#queue.add(port, remote, this.#writer);
  }

  /** Closes a connection that never began, in an Initial packet (RFC 9000, Section 5.2.2). */
  refuse(
    header: Header,
    keys: InitialKeys,
    code: number,
    port: Port,
    remote: Address,
  ): undefined {
    const builder = new PacketBuilder();
    builder.begin(this.#buffer, BASE_DATAGRAM_SIZE);
    builder.startLong(
      PacketType.Initial,
      header.version,
      header.sourceId,
      header.destinationId,
      new Uint8Array(0),
      0,
      1,
      keys.server,
    );
    writeConnectionClose(builder.writer, code, 0, new Uint8Array(0));
    const size = builder.endDatagram();
    this.#writer.aim(this.#buffer);
    this.#writer.reserve(size);
    this.#queue.add(port, remote, this.#writer);
  }
}
