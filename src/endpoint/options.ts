// The options of an endpoint and its server.

import type { TransportConfig } from "../connection/config.ts";
import type { CryptoEngine } from "../crypto/aead.ts";
import type { Random } from "../crypto/random.ts";
import type { ServiceSecret } from "../crypto/service_secret.ts";
import type { IdLayout } from "../packet/id_layout.ts";
import type { Ecn } from "../bytes/ecn.ts";
import type { IpPrefix } from "../bytes/ip_prefix.ts";
import type { LedgerLimits } from "../limits/ledger_limits.ts";
import type { Address } from "../path/address/address.ts";
import type { Port } from "../path/address/port.ts";
import type { ClientTlsOptions, ServerTlsOptions } from "../tls/tls.ts";
import type { ReplayMemory } from "./replay_memory.ts";
import type { WallClock } from "../tls/code/wall_clock.ts";

/** What a server does with connections that come in. */
export interface ServerConfig {
  /** What is chosen of the transport. */
  readonly transport: TransportConfig;
  /** What is chosen of TLS. */
  readonly tls: ServerTlsOptions;
  /**
   * Whether clients must prove their address first: always, or when many handshakes are open or
   * begin.
   *
   * @default {"auto"}
   */
  readonly retry?: "auto" | "always" | undefined;
  /**
   * Whether clients get tickets to resume their sessions with.
   *
   * @default {true}
   */
  readonly resumption?: boolean | undefined;
  /**
   * Whether 0-RTT data of resumed sessions are read. An attacker who watches can replay them, so
   * the application must look at `Stream.early` and then do nothing that must not happen twice.
   *
   * @default {false}
   */
  readonly earlyData?: boolean | undefined;
  /**
   * Versions of QUIC to speak, the preferred one first: connections change to it if the client
   * can. Left out: all we know, and the client's preference counts.
   */
  readonly versions?: readonly number[] | undefined;
  /**
   * 32 bytes that seal tickets; kept over restarts, or shared by servers, they stay good. 0-RTT data
   * are read only by the endpoint that made the ticket.
   */
  readonly ticketKey?: Uint8Array | undefined;
  /**
   * Gives the keys that seal tickets and address tokens, others on each day. Servers with one secret
   * take what the others gave on the day, or on the day before.
   *
   * @default {keys of chance, which no other server has}
   */
  readonly secret?: ServiceSecret | undefined;
  /**
   * What is remembered of 0-RTT data and tokens; servers in threads of one process share it, and then
   * read 0-RTT data by each other's tickets.
   *
   * @default {a memory of its own}
   */
  readonly replayMemory?: ReplayMemory | undefined;
}

/** What a client wants. */
export interface ClientConfig {
  /** What is chosen of the transport. */
  readonly transport: TransportConfig;
  /** What is chosen of TLS. */
  readonly tls: ClientTlsOptions;
  /** Versions of QUIC to speak, the preferred one first. @default {SUPPORTED_VERSIONS} */
  readonly versions?: readonly number[] | undefined;
  /**
   * The version to begin with.
   *
   * @default {that of the session; else version 1, if it is among them; else the preferred one}
   */
  readonly version?: number | undefined;
  /** Whether `version` comes from a server's Version Negotiation (`CloseReason.mutualVersion`). */
  readonly versionNegotiated?: boolean | undefined;
  /** From NEW_TOKEN of an earlier connection to the same server. */
  readonly token?: Uint8Array | undefined;
}

/** What an endpoint is made from. */
export interface EndpointOptions {
  /** Where all chance comes from. */
  readonly random: Random;
  /** By which certificates, tickets and tokens are judged. */
  readonly wallTime: WallClock;
  /** The cryptographic engine; the fastest proven engine if left out. */
  readonly engine?: CryptoEngine | undefined;
  /** Accepts connections if given. */
  readonly server?: ServerConfig | undefined;
  /**
   * What peers may hold.
   *
   * @default {SERVER_LIMITS if it accepts connections, else CLIENT_LIMITS}
   */
  readonly limits?: LedgerLimits | undefined;
  /** Networks of balancers, behind whose addresses are many peers: those have no limits. */
  readonly exempt?: readonly IpPrefix[] | undefined;
  /** 32 bytes that make stateless reset tokens; kept over restarts they stay good. */
  readonly resetKey?: Uint8Array | undefined;
  /**
   * What stands in the connection IDs it issues.
   *
   * @default {randomIds}
   */
  readonly idLayout?: IdLayout | undefined;
  /**
   * Takes a datagram whose connection ID names another worker, as `IdLayout.otherWorker` tells. The
   * datagram is valid during the call only. Left out: such datagrams are dropped.
   *
   * @param mark Its ECN mark.
   */
  readonly onForeign?:
    | ((worker: number, datagram: Uint8Array, port: Port, remote: Address, mark: Ecn) => void)
    | undefined;
}
