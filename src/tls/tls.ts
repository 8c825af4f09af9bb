// What TLS is to a connection: its calls and its options.

import type { Level } from "../crypto/level.ts";
import type { Random } from "../crypto/random.ts";
import type { SignatureEngine } from "../crypto/signature_engine.ts";
import type { Credential } from "./credential.ts";
import type { Session } from "./session.ts";
import type { RevocationLists } from "./trust/revocation_lists.ts";
import type { TrustStore } from "./trust/trust_store.ts";
import type { WallClock } from "./code/wall_clock.ts";

/**
 * How TLS speaks to the connection around it.
 *
 * Every call is made from within `start` or `receive`, and must not call `receive` itself.
 */
export interface TlsSink {
  /** Bytes for CRYPTO frames at `level`; the array is fresh and belongs to the sink. */
  onHandshakeData(level: Level, data: Uint8Array): void;
  /** Traffic secrets of `level`; a direction that is not known yet, or never will be, is missing. */
  onSecrets(
    level: Level,
    suite: number,
    read: Uint8Array | undefined,
    write: Uint8Array | undefined,
  ): void;
  /** The body of the peer's transport parameters; may throw a `TransportError`. */
  onPeerTransportParameters(data: Uint8Array): void;
  /** The client offered 0-RTT data and the server will not read it. Comes before `onComplete`. */
  onEarlyDataRejected?(): void;
  /** The handshake is complete (RFC 9001, Section 4.1.1); secrets of 1-RTT came before. */
  onComplete(): void;
}

/** What one TLS machine needs from the connection it serves. */
export interface TlsContext {
  /** Where data, secrets and events go. */
  readonly sink: TlsSink;
  /** Where key shares and nonces come from. */
  readonly random: Random;
  /** By which certificates and tickets are judged. */
  readonly wallTime: WallClock;
  /** Signs and verifies in place of the runtime. */
  readonly signatures?: SignatureEngine | undefined;
  /** The version of QUIC in use; tickets belong to one (RFC 9369, Section 5). 1 if left out. */
  readonly version?: (() => number) | undefined;
  /**
   * The body of our transport parameters. A client is asked at `start`, a server after
   * `onPeerTransportParameters`, so its answer may depend on what the client said.
   */
  transportParameters(): Uint8Array;
}

/** One side of a TLS 1.3 handshake that runs over QUIC (RFC 9001, Section 4). */
export interface Tls {
  /** Begins: the client writes its ClientHello, the server waits. */
  start(now: number): void;
  /** Takes CRYPTO bytes of one level in order, cut anywhere; throws `TransportError`. */
  receive(level: Level, data: Uint8Array, now: number): void;
  /** Keying material both sides can derive (RFC 9846, Section 7.5), once the handshake is complete. */
  exportKeyingMaterial(label: string, context: Uint8Array, length: number): Uint8Array;
  /** The chosen protocol, once known. */
  readonly alpn: string | undefined;
  /** The name the client asked for. */
  readonly serverName: string | undefined;
  /** The chosen cipher suite, 0 before. */
  readonly suite: number;
  /** The chosen key exchange group, 0 before. */
  readonly group: number;
  /** Whether both Finished messages are through. */
  readonly isComplete: boolean;
  /** Whether a session ticket was used in place of certificates. */
  readonly isResumed: boolean;
  /** Whether 0-RTT data is read by the server: `undefined` while not decided or not offered. */
  readonly isEarlyDataAccepted: boolean | undefined;
  /** The peer's certificates in DER, its own first; empty if it sent none. */
  readonly peerCertificates: readonly Uint8Array[];
}

/** Trust anchors, or "insecure" to accept any certificate (only for tests and experiments). */
export type Verification = TrustStore | "insecure";

/**
 * An extra look at a peer's certificates, after they passed; throws to refuse them. A client also
 * looks at those behind a session before it offers that.
 */
export type CertificateHook = (chain: readonly Uint8Array[], serverName: string) => void;

/** What a client wants from TLS. One object may serve many connections to the same server. */
export interface ClientTlsOptions {
  /** The name or literal address that the server's certificate must be good for. */
  readonly serverName: string;
  /** Protocols in order of preference; QUIC demands at least one. */
  readonly alpn: readonly string[];
  /** Trust anchors. There is no default: accepting any certificate must be explicit. */
  readonly verification: Verification;
  /** Lists of revoked certificates, which must cover the server's; none are asked if left out. */
  readonly revocation?: RevocationLists | undefined;
  /** Looks at the certificates after (or, with "insecure", in place of) verification. */
  readonly onCertificates?: CertificateHook | undefined;
  /** Cipher suites in order of preference. @default {ChaCha20, AES-128-GCM, AES-256-GCM} */
  readonly suites?: readonly number[] | undefined;
  /** Groups in order of preference; a share of the first is sent. @default {X25519MLKEM768, X25519, P-256, P-384} */
  readonly groups?: readonly number[] | undefined;
  /** For how many of the groups a share is sent at once. @default {2 if the first is hybrid, else 1} */
  readonly shares?: number | undefined;
  /** Compressions of certificates that are offered. @default {zlib} */
  readonly compressions?: readonly number[] | undefined;
  /** A session to resume. It is passed over when it is too old or for another name. */
  readonly session?: Session | undefined;
  /** Whether to offer 0-RTT when the session allows it. @default {false} */
  readonly earlyData?: boolean | undefined;
  /** Receives every session the server offers for later; each should be used once. */
  readonly onSession?: ((session: Session) => void) | undefined;
  /** Shown to a server that asks for a certificate. */
  readonly credential?: Credential | undefined;
  /** Receives lines for an SSLKEYLOGFILE, without line ends. */
  readonly keyLog?: ((line: string) => void) | undefined;
}

/** What a server wants from TLS. One object serves all connections. */
export interface ServerTlsOptions {
  /** Chooses certificate and key by the name the client sent; `undefined` refuses it. */
  readonly credential: (serverName: string | undefined) => Credential | undefined;
  /** Protocols in order of preference. */
  readonly alpn: readonly string[];
  /** Cipher suites in order of preference. @default {`engineSuites`, unless a client has ChaCha20 first} */
  readonly suites?: readonly number[] | undefined;
  /** The suites that this machine knows, the fastest first. @default {ChaCha20, AES-128-GCM, AES-256-GCM} */
  readonly engineSuites?: readonly number[] | undefined;
  /** Groups that are accepted, in order of preference. @default {X25519MLKEM768, X25519, P-256, P-384} */
  readonly groups?: readonly number[] | undefined;
  /** Asks clients for a certificate. */
  readonly clientCertificates?: ClientCertificateOptions | undefined;
  /** Gives tickets for resumption, if set. */
  readonly tickets?: TicketOptions | undefined;
  /** Receives lines for an SSLKEYLOGFILE, without line ends. */
  readonly keyLog?: ((line: string) => void) | undefined;
}

/** How a server treats certificates of clients. */
export interface ClientCertificateOptions {
  /** Whether clients without a certificate are refused. @default {true} */
  readonly required?: boolean | undefined;
  /** Trust anchors. */
  readonly verification: Verification;
  /** Lists of revoked certificates, which must cover the client's; none are asked if left out. */
  readonly revocation?: RevocationLists | undefined;
  /** Looks at the certificates after verification; the name is empty. */
  readonly onCertificates?: CertificateHook | undefined;
}

/** Seals what a ticket carries, so that the server need not remember it; `TokenBox` is one. */
export interface TicketBox {
  /** Seals `content`; `type` tells tickets from other tokens. */
  seal(type: number, content: Uint8Array): Uint8Array;
  /** Opens what `seal` made; `undefined` for anything else. */
  open(type: number, sealed: Uint8Array): Uint8Array | undefined;
}

/** How a server resumes sessions. */
export interface TicketOptions {
  /** Seals the tickets. */
  readonly box: TicketBox;
  /** How many tickets a client gets after the handshake. @default {2} */
  readonly count?: number | undefined;
  /** Seconds that a ticket lives, at most 604800. @default {86400} */
  readonly lifetime?: number | undefined;
  /**
   * Decides whether 0-RTT data of this offer is read; without it none is and tickets do not allow
   * it. It must refuse an offer whose `id` it has seen within the last ten seconds or so (RFC 9846,
   * Section 8), and one whose remembered parameters are above what the server grants now.
   */
  readonly acceptEarlyData?: ((offer: EarlyDataOffer, now: number) => boolean) | undefined;
  /**
   * A name of up to 255 bytes for the server that remembers which 0-RTT data were read. A ticket of
   * another issuer resumes its session, but its 0-RTT data are not read: each server that shares
   * the box would read them once (RFC 9846, Section 8.2).
   *
   * @default {an empty name}
   */
  readonly issuer?: Uint8Array | undefined;
  /** Bytes of the application to remember in the ticket, HTTP/3 settings for instance. */
  readonly applicationState?: (() => Uint8Array) | undefined;
}

/** A client's wish to send 0-RTT data. */
export interface EarlyDataOffer {
  /** Unique to this ClientHello: the binder of its pre-shared key. */
  readonly id: Uint8Array;
  /** The protocol of the earlier connection, which is also this one's. */
  readonly alpn: string;
  /** The name the client asks for. */
  readonly serverName: string | undefined;
  /** The transport parameters the server sent in the earlier connection. */
  readonly transportParameters: Uint8Array;
  /** What `applicationState` gave in the earlier connection. */
  readonly applicationState: Uint8Array;
  /** By how many milliseconds the client's idea of the ticket's age is off. */
  readonly ageSkew: number;
}
