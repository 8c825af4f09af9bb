// Answers packets that belong to no connection.

import { Writer } from "../bytes/writer.ts";
import type { CryptoEngine } from "../crypto/aead.ts";
import type { InitialKeys } from "../crypto/initial_keys.ts";
import type { Random } from "../crypto/random.ts";
import { writeConnectionClose } from "../frame/close.ts";
import type { Ledger } from "../limits/ledger.ts";
import type { Header } from "../packet/header.ts";
import { PacketBuilder } from "../packet/packet_builder.ts";
import { PacketType } from "../packet/packet_type.ts";
import { writeRetry } from "../packet/retry.ts";
import { isResettable, writeStatelessReset } from "../packet/stateless_reset.ts";
import { greaseVersion } from "../packet/version.ts";
import { writeVersionNegotiation } from "../packet/version_negotiation.ts";
import type { Address } from "../path/address/address.ts";
import { BASE_DATAGRAM_SIZE } from "../path/network/mtu_discovery.ts";
import type { Port } from "../path/address/port.ts";
import type { IdFactory } from "./id_factory.ts";
import type { ReplyQueue } from "./reply_queue.ts";
import { ResetRate } from "./reset_rate.ts";

/** Answers to packets that belong to no connection; none leaves any state behind. */
export class StatelessReplies {
  readonly #factory: IdFactory;
  readonly #queue: ReplyQueue;
  readonly #random: Random;
  readonly #engine: CryptoEngine;
  readonly #writer = new Writer();
  readonly #buffer = new Uint8Array(BASE_DATAGRAM_SIZE + 400);
  readonly #resets: ResetRate;

  /** @param ledger Knows behind which addresses there are many clients. */
  constructor(factory: IdFactory, queue: ReplyQueue, ledger: Ledger, engine: CryptoEngine) {
    this.#factory = factory;
    this.#queue = queue;
    this.#random = factory.random;
    this.#engine = engine;
    this.#resets = new ResetRate((hostname) => ledger.isExempt(hostname));
  }

  /** A packet with a short header and an unknown ID (RFC 9000, Section 10.3). */
  reset(header: Header, port: Port, remote: Address, now: number): void {
    // RFC 9000, Section 21.11: another endpoint's connection is not ours to end.
    if (!this.#factory.layout.isOurs(header.datagram, header.destinationStart)) return;
    this.#reset(header, port, remote, now);
  }

  /** The same for a packet whose ID names another worker of this server, which is gone. */
  resetOrphan(header: Header, port: Port, remote: Address, now: number): void {
    if (this.#factory.otherWorker(header) >= 0) this.#reset(header, port, remote, now);
  }

  #reset(header: Header, port: Port, remote: Address, now: number): void {
    const size = header.datagram.length;
    if (!isResettable(size) || !this.#resets.take(remote.hostname, now)) return;
    const token = this.#factory.resetToken(header.destinationId);
    this.#writer.aim(this.#buffer);
    writeStatelessReset(this.#writer, size, token, this.#random);
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
