// Accepts connections: Retry, limits, half-open handshakes.

import { Connection } from "../connection/connection.ts";
import type { CryptoEngine } from "../crypto/aead.ts";
import { InitialKeys } from "../crypto/initial_keys.ts";
import { ErrorCode } from "../error/error_code.ts";
import type { Account, Neighbours } from "../limits/account.ts";
import type { Ledger } from "../limits/ledger.ts";
import type { Header } from "../packet/header.ts";
import { PacketType } from "../packet/packet_type.ts";
import { SUPPORTED_VERSIONS } from "../packet/version.ts";
import type { Address } from "../path/address/address.ts";
import { BASE_DATAGRAM_SIZE } from "../path/network/mtu_discovery.ts";
import type { Port } from "../path/address/port.ts";
import { ServerTls } from "../tls/server_tls.ts";
import type { ServerTlsOptions } from "../tls/tls.ts";
import { UnprovenHosts } from "../path/address/unproven_bytes.ts";
import { AddressTokens, type TokenContent } from "./address_token.ts";
import type { EndpointOptions, ServerConfig } from "./options.ts";
import { HalfOpen } from "./half_open.ts";
import { HandshakeRates } from "./handshake_rates.ts";
import { Crowd } from "./crowd.ts";
import { FirstPacket } from "./first_packet.ts";
import type { ConnectionHandle, IdFactory } from "./id_factory.ts";
import { Resumption } from "./resumption.ts";
import type { StatelessReplies } from "./stateless_replies.ts";
import { MAX_STRIKES, SHORTEST_ORIGINAL_ID } from "../limits/limits.ts";

/** What an acceptor needs of its endpoint. */
export interface AcceptorOptions extends EndpointOptions {
  readonly engine: CryptoEngine;
  readonly server: ServerConfig;
}

/** A client whose packet is looked at. */
interface Newcomer {
  readonly port: Port;
  readonly remote: Address;
  /** Those that share its address or its network. */
  readonly neighbours: Neighbours;
  /** Whether it must have proven its address, or is asked to. */
  readonly mustProve: boolean;
  /** Whether it is not even asked: handshakes of its address have come to nothing. */
  readonly isStruck: boolean;
}

/** Makes connections of first packets, within limits (RFC 9000, Section 5.2.2). */
export class Acceptor {
  readonly #options: AcceptorOptions;
  readonly #factory: IdFactory;
  readonly #resumption: Resumption;
  readonly #tokens: AddressTokens;
  readonly #tls: ServerTlsOptions;
  readonly #stateless: StatelessReplies;
  readonly #ledger: Ledger;
  readonly #versions: readonly number[];
  readonly #halfOpen: HalfOpen;
  readonly #crowd: Crowd;
  readonly #rates = new HandshakeRates();
  readonly #accepted: Connection[] = [];
  readonly #unprovenHosts = new UnprovenHosts();
  readonly #first = new FirstPacket();
  #isStopped = false;
  #retriesSent = 0;

  /** @param connections Those of the endpoint. */
  constructor(
    options: AcceptorOptions,
    factory: IdFactory,
    stateless: StatelessReplies,
    ledger: Ledger,
    connections: Iterable<Connection>,
  ) {
    this.#options = options;
    this.#factory = factory;
    this.#resumption = new Resumption(options.server, options);
    this.#tokens = new AddressTokens(
      this.#resumption.tokens,
      options.wallTime,
      () => this.#resumption.memory,
    );
    this.#tls = {
      ...this.#resumption.tlsOptions(options.server.tls),
      engineSuites: options.engine.suites,
    };
    this.#stateless = stateless;
    this.#ledger = ledger;
    this.#halfOpen = new HalfOpen(ledger);
    this.#crowd = new Crowd(ledger, connections);
    this.#versions = options.server.versions ?? SUPPORTED_VERSIONS;
  }

  /** How many clients were asked to prove their addresses. */
  get retriesSent(): number {
    return this.#retriesSent;
  }

  /** The connection that a long header's ID of the client's choice belongs to. */
  find(header: Header, remote: Address): Connection | undefined {
    return this.#halfOpen.find(header.destinationId, remote);
  }

  /** The next new connection. */
  next(): Connection | undefined {
    return this.#accepted.shift();
  }

  /** New connections are refused from now on. */
  stop(): void {
    this.#isStopped = true;
  }

  /** The handshake of a connection is complete. */
  settle(connection: Connection): void {
    // Packets with the client's first ID can no longer come: its Initial keys are gone.
    this.#halfOpen.remove(connection);
  }

  /** The connection is over. */
  forget(connection: Connection): void {
    if (this.#accepted.at(-1) === connection) this.#accepted.pop();
    this.#halfOpen.remove(connection);
  }

  /**
   * Makes a connection of the first packet of a datagram, or answers it, or does neither. A packet
   * that begins none, as it belongs to a connection or is noise, is "unknown".
   */
  accept(
    header: Header,
    port: Port,
    remote: Address,
    now: number,
  ): Connection | "unknown" | undefined {
    // RFC 9000, Section 14.1: anything smaller could be meant to make us amplify.
    if (header.datagram.length < BASE_DATAGRAM_SIZE) return undefined;
    if (!this.#versions.includes(header.version)) {
      this.#stateless.negotiate(header, this.#versions, port, remote);
      return undefined;
    }
    if (header.type !== PacketType.Initial) return "unknown";
    if (header.destinationLength < SHORTEST_ORIGINAL_ID) return undefined;
    this.#resumption.tick(now);
    const neighbours = this.#ledger.look(remote.hostname);
    const isWary = this.#rates.isWary(remote.hostname, now);
    // Many handshakes begin, and those of this address come to nothing. A client that shows a token
    // of an earlier connection is heard all the same.
    const isStruck = isWary && neighbours.address.strikes >= MAX_STRIKES;
    if (isStruck && !AddressTokens.isForLater(header.token)) return undefined;
    const mustProve = isWary || this.#options.server.retry === "always" ||
      this.#halfOpen.presses(neighbours) || this.#crowd.presses(neighbours);
    if (mustProve && header.tokenLength === 0) return this.#retry(header, port, remote, now);
    // Any sender can write a header: a packet that does not open gets nothing more.
    const keys = new InitialKeys(this.#options.engine, header.version, header.destinationId);
    const connection = this.#first.opens(header, keys)
      ? this.#admit(header, keys, { port, remote, neighbours, mustProve, isStruck }, now)
      : "unknown";
    if (!(connection instanceof Connection)) keys.release();
    return connection;
  }

  /** Makes a connection of a client's packet that opens, or turns the client away. */
  #admit(
    header: Header,
    keys: InitialKeys,
    { port, remote, neighbours, mustProve, isStruck }: Newcomer,
    now: number,
  ): Connection | undefined {
    const refuse = (code: number) => this.#stateless.refuse(header, keys, code, port, remote);
    if (this.#isStopped) return refuse(ErrorCode.ConnectionRefused);
    const proof = header.tokenLength > 0
      ? this.#tokens.check(header.token, remote, header.destinationId, header.version, now)
      : undefined;
    if (proof === "invalid") return refuse(ErrorCode.InvalidToken);
    const isCalm = this.#rates.take(remote.hostname, neighbours, now);
    if (proof === undefined && (mustProve || !isCalm)) {
      return isStruck ? undefined : this.#retry(header, port, remote, now);
    }
    // RFC 9000, Section 5.2.2: it will try again, and others may have gone by then.
    if (!this.#halfOpen.makeRoom(remote.hostname, now)) return undefined;
    if (!this.#crowd.makeRoom(remote.hostname, now)) {
      this.#ledger.onRefused("connections");
      return refuse(ErrorCode.ConnectionRefused);
    }
    const handle: ConnectionHandle = { connection: undefined, issued: [] };
    const account = this.#ledger.open(remote.hostname);
    try {
      return this.#make(header, port, remote, proof, keys, handle, account, now);
    } catch {
      // A factory of the application failed, say that of a congestion controller: the client is told,
      // and the other connections go on.
      account.close();
      this.#factory.withdraw(handle);
      return refuse(ErrorCode.InternalError);
    }
  }

  #retry(header: Header, port: Port, remote: Address, now: number): undefined {
    this.#retriesSent++;
    const source = this.#factory.make();
    const token = this.#tokens.forRetry(
      remote,
      header.destinationId.slice(),
      source,
      header.version,
      now,
    );
    this.#stateless.retry(header, source, token, port, remote);
  }

  #make(
    header: Header,
    port: Port,
    remote: Address,
    proof: TokenContent | undefined,
    keys: InitialKeys,
    handle: ConnectionHandle,
    account: Account,
    now: number,
  ): Connection {
    const { engine, random, server, wallTime } = this.#options;
    account.hold("handshakes", 1);
    account.hold("connections", 1);
    // A token of an earlier connection: the client completed a handshake before.
    if (proof !== undefined && proof.originalId === undefined) account.prove();
    const connection = new Connection({
      role: "server",
      config: server.transport,
      engine,
      random,
      ids: this.#factory.forConnection(handle),
      tls: (context) => new ServerTls(this.#tls, { ...context, signatures: engine.signatures }),
      wallTime,
      version: header.version,
      versions: {
        available: this.#versions,
        insists: server.versions !== undefined,
        negotiated: false,
      },
      port,
      remote,
      originalId: proof?.originalId ?? header.destinationId.slice(),
      retrySourceId: proof?.retrySourceId,
      initialKeys: keys,
      account,
      validated: proof !== undefined,
      unprovenHosts: this.#unprovenHosts,
      addressToken: (remotes, used, time) => this.#tokens.forLater(remotes, used, time),
    }, now);
    handle.connection = connection;
    handle.issued = undefined;
    this.#halfOpen.add(connection, header.destinationId, remote, proof !== undefined);
    this.#accepted.push(connection);
    return connection;
  }
}
