import { toHex } from "../bytes/bytes.ts";
import { Connection } from "../connection/connection.ts";
import type { CryptoEngine } from "../crypto/aead.ts";
import { InitialKeys } from "../crypto/initial_keys.ts";
import { ErrorCode } from "../error/error_code.ts";
import type { Ledger } from "../limits/ledger.ts";
import { LOCAL_ID_LENGTH } from "../connection/receiver.ts";
import type { Header } from "../packet/header.ts";
import { PacketType } from "../packet/packet_type.ts";
import { SUPPORTED_VERSIONS } from "../packet/version.ts";
import type { Address } from "../path/address.ts";
import { BASE_DATAGRAM_SIZE } from "../path/mtu_discovery.ts";
import type { Port } from "../path/port.ts";
import { Role } from "../stream/stream_id.ts";
import { ServerTls } from "../tls/server_tls.ts";
import type { ServerTlsOptions } from "../tls/tls.ts";
import { UnprovenHosts } from "../path/unproven_bytes.ts";
import { AddressTokens, type TokenContent } from "./address_token.ts";
import type { EndpointOptions, ServerConfig } from "./endpoint.ts";
import { FirstPacket } from "./first_packet.ts";
import type { ConnectionHandle, IdFactory } from "./id_factory.ts";
import { Resumption } from "./resumption.ts";
import type { StatelessReplies } from "./stateless_replies.ts";
import { MAX_HALF_OPEN, SHORTEST_ORIGINAL_ID } from "../limits/limits.ts";

/** What an acceptor needs of its endpoint. */
export interface AcceptorOptions extends EndpointOptions {
  readonly engine: CryptoEngine;
  readonly server: ServerConfig;
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
  /** By the client's first ID and address: later Initials may come with it. */
  readonly #byOriginal = new Map<string, Connection>();
  readonly #keys = new Map<Connection, string>();
  readonly #accepted: Connection[] = [];
  readonly #unprovenHosts = new UnprovenHosts();
  readonly #first = new FirstPacket();
  #stopped = false;

  constructor(
    options: AcceptorOptions,
    factory: IdFactory,
    stateless: StatelessReplies,
    ledger: Ledger,
  ) {
    this.#options = options;
    this.#factory = factory;
    this.#resumption = new Resumption(options.server, options.engine, options.random);
    this.#tokens = new AddressTokens(this.#resumption.tokens, options.wallTime);
    this.#tls = this.#resumption.tlsOptions(options.server.tls);
    this.#stateless = stateless;
    this.#ledger = ledger;
    this.#versions = options.server.versions ?? SUPPORTED_VERSIONS;
  }

  /** The connection that a long header's ID of the client's choice belongs to. */
  find(header: Header, remote: Address): Connection | undefined {
    if (this.#byOriginal.size === 0) return undefined;
    return this.#byOriginal.get(originalKey(header.destinationId, remote));
  }

  /** A connection nobody has asked for yet. */
  next(): Connection | undefined {
    return this.#accepted.shift();
  }

  /** New connections are refused from now on. */
  stop(): void {
    this.#stopped = true;
  }

  /** The connection is over. */
  forget(connection: Connection): void {
    if (this.#accepted.at(-1) === connection) this.#accepted.pop();
    const key = this.#keys.get(connection);
    if (key === undefined) return;
    this.#keys.delete(connection);
    this.#byOriginal.delete(key);
  }

  /** Makes a connection of the first packet of a datagram, or answers it, or does neither. */
  accept(header: Header, port: Port, remote: Address, now: number): Connection | undefined {
    // RFC 9000, Section 14.1: anything smaller could be meant to make us amplify.
    if (header.datagram.length < BASE_DATAGRAM_SIZE) return undefined;
    if (!this.#versions.includes(header.version)) {
      this.#stateless.negotiate(header, this.#versions, port, remote);
      return undefined;
    }
    if (header.type !== PacketType.Initial) return undefined;
    if (header.destinationLength < SHORTEST_ORIGINAL_ID) return undefined;
    this.#resumption.tick(now);
    const { maxHalfOpen = MAX_HALF_OPEN, retry = "auto" } = this.#options.server;
    const halfOpen = this.#countHalfOpen();
    if (halfOpen >= maxHalfOpen) return undefined;
    const mustProve = retry === "always" || halfOpen >= maxHalfOpen / 2;
    if (mustProve && header.tokenLength === 0) return this.#retry(header, port, remote, now);
    // Anybody can write a header: what cannot be opened is worth no more than this.
    const keys = new InitialKeys(this.#options.engine, header.version, header.destinationId);
    if (!this.#first.opens(header, keys)) return undefined;
    const refuse = (code: number) => this.#stateless.refuse(header, keys, code, port, remote);
    if (this.#stopped) return refuse(ErrorCode.ConnectionRefused);
    const proof = header.tokenLength > 0
      ? this.#tokens.check(header.token, remote, header.destinationId, header.version, now)
      : undefined;
    if (proof === "invalid") return refuse(ErrorCode.InvalidToken);
    if (mustProve && proof === undefined) return this.#retry(header, port, remote, now);
    return this.#make(header, port, remote, proof, keys, now);
  }

  #countHalfOpen(): number {
    for (const [connection, key] of this.#keys) {
      if (!connection.handshake.confirmed) continue;
      // Packets with the client's first ID can no longer come: its Initial keys are gone.
      this.#keys.delete(connection);
      this.#byOriginal.delete(key);
    }
    return this.#keys.size;
  }

  #retry(header: Header, port: Port, remote: Address, now: number): undefined {
    const { random } = this.#options;
    const source = random.bytes(LOCAL_ID_LENGTH);
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
    now: number,
  ): Connection {
    const { engine, random, server, wallTime } = this.#options;
    const handle: ConnectionHandle = { connection: undefined };
    const connection = new Connection({
      role: Role.Server,
      config: server.transport,
      engine,
      random,
      ids: this.#factory.forConnection(handle),
      tls: (context) => new ServerTls(this.#tls, context),
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
      account: this.#ledger.open(remote.hostname),
      validated: proof !== undefined,
      unprovenHosts: this.#unprovenHosts,
      addressToken: (remotes, used, time) => this.#tokens.forLater(remotes, used, time),
    }, now);
    handle.connection = connection;
    const key = originalKey(header.destinationId, remote);
    this.#byOriginal.set(key, connection);
    this.#keys.set(connection, key);
    this.#accepted.push(connection);
    return connection;
  }
}

function originalKey(id: Uint8Array, remote: Address): string {
  return `${toHex(id)} ${remote.hostname} ${remote.port}`;
}
