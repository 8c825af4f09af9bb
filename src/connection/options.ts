// What a connection is made from.

import type { CryptoEngine } from "../crypto/aead.ts";
import type { InitialKeys } from "../crypto/initial_keys.ts";
import type { Random } from "../crypto/random.ts";
import type { Role } from "../error/role.ts";
import type { Account } from "../limits/account.ts";
import type { Header } from "../packet/header.ts";
import type { Address } from "../path/address/address.ts";
import type { IdSource } from "../path/id/path_slot.ts";
import type { Port } from "../path/address/port.ts";
import type { UnprovenHosts } from "../path/address/unproven_bytes.ts";
import type { Tls, TlsContext } from "../tls/tls.ts";
import type { WallClock } from "../tls/code/wall_clock.ts";
import type { TransportConfig } from "./config.ts";
import type { VersionOptions } from "./handshake/versions.ts";

/** The connection IDs that we issued. */
export interface KnownIds {
  /** How long they are: short headers do not tell. */
  readonly length: number;
  /** The path that the destination of a packet leads to, or -1 if it is not of this connection. */
  pathOf(header: Header): number;
}

/** The connection IDs of one connection: makes ours, recognises them, and the peer's resets. */
export interface ConnectionIds extends IdSource, KnownIds {}

/** What a connection is made from. */
export interface ConnectionOptions {
  readonly role: Role;
  readonly config: TransportConfig;
  readonly engine: CryptoEngine;
  readonly random: Random;
  readonly ids: ConnectionIds;
  /** Makes the TLS machine of this end. */
  readonly tls: (context: TlsContext) => Tls;
  /** By which certificates and tickets are judged. */
  readonly wallTime: WallClock;
  readonly version: number;
  readonly versions: VersionOptions;
  readonly port: Port;
  readonly remote: Address;
  /** Destination of the client's first Initial, and what a Retry changed about it. */
  readonly originalId: Uint8Array;
  readonly retrySourceId?: Uint8Array | undefined;
  /** A server: the keys by which it has opened the client's first Initial. */
  readonly initialKeys?: InitialKeys | undefined;
  /** A token the client has from this server. */
  readonly token?: Uint8Array | undefined;
  /** A client: the server's parameters in the connection whose session is resumed. */
  readonly remembered?: Uint8Array | undefined;
  /** Where it counts what the peer makes it hold; without one, nothing is limited. */
  readonly account?: Account | undefined;
  /** A server: what all its connections may send to hosts that are not proven. */
  readonly unprovenHosts?: UnprovenHosts | undefined;
  /** A server: whether a token has shown that the client is where it says. */
  readonly validated?: boolean | undefined;
  /** A server: makes the tokens its clients may show later. */
  readonly addressToken?:
    | ((remotes: readonly Address[], version: number, now: number) => Uint8Array)
    | undefined;
}
