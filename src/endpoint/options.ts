// The options of an endpoint and its server.

import type { TransportConfig } from "../connection/config.ts";
import type { CryptoEngine } from "../crypto/aead.ts";
import type { Random } from "../crypto/random.ts";
import type { IdLayout } from "../packet/id_layout.ts";
import type { IpPrefix } from "../bytes/ip_prefix.ts";
import type { LedgerLimits } from "../limits/ledger_limits.ts";
import type { ClientTlsOptions, ServerTlsOptions } from "../tls/tls.ts";
import type { WallClock } from "../tls/wall_clock.ts";

/** What a server does with connections that come in. */
export interface ServerConfig {
  readonly transport: TransportConfig;
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
}

/** What a client wants. */
export interface ClientConfig {
  readonly transport: TransportConfig;
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
}
