// The options of clients and servers.

import type { CongestionControl } from "../../congestion/controller.ts";
import type { NativeMode } from "../../io/native/native_mode.ts";
import type { ReinjectionPolicy } from "../../scheduler/reinjection.ts";
import type { Scheduler, SchedulerFactory } from "../../scheduler/scheduler.ts";
import type { StreamOrder } from "../../scheduler/stream_order.ts";
import type { RevocationLists } from "../../tls/trust/revocation_lists.ts";
import type { CipherSuiteName } from "./cipher_suites.ts";
import type { PeerLimits } from "./limit_options.ts";
import type { Path } from "../path/path.ts";
import type { QlogOption } from "./qlog.ts";
import type { CertificateOptions } from "./credentials.ts";
import type { ServiceOptions } from "./service_options.ts";
import type { QuicVersion, SavedSession } from "./session.ts";

/**
 * What clients and servers may choose about the transport. Everything has a default.
 * @category Connections
 */
export interface TransportOptions {
  /**
   * Milliseconds of silence after which a packet is sent just to keep the connection.
   *
   * @default {undefined}
   */
  keepAliveInterval?: number;
  /**
   * Milliseconds of silence after which the connection is given up; the shorter one of both ends
   * counts.
   *
   * @default {30000}
   */
  maxIdleTimeout?: number;
  /**
   * Milliseconds for which a path may be silent, while another answers, before a client abandons it;
   * a server waits half as long again. Until then it carries nothing but probes, and is used again
   * at the first answer. A peer that sends nothing again elsewhere ends the wait within seconds.
   *
   * @default {15000}
   */
  pathIdleTimeout?: number;
  /**
   * Milliseconds that the handshake may take.
   *
   * @default {10000}
   */
  handshakeTimeout?: number;
  /**
   * Streams with both directions that the peer may have open at once.
   *
   * @default {100}
   */
  maxConcurrentBidirectionalStreams?: number;
  /**
   * Streams with one direction that the peer may have open at once.
   *
   * @default {100}
   */
  maxConcurrentUnidirectionalStreams?: number;
  /**
   * Paths that may be open at once; 1 turns multipath off.
   *
   * @default {4}
   */
  maxConcurrentPaths?: number;
  /**
   * Decides, datagram by datagram, which path it leaves on. A factory makes one for each connection;
   * if that fails, as with `reinjection` and `congestionControl`, a server refuses the client with
   * INTERNAL_ERROR and goes on, and `dial` throws the same.
   *
   * @default {earliestCompletion}
   */
  scheduler?: Scheduler | SchedulerFactory;
  /**
   * Drops datagrams whose content has come by another path before, as often as it has come by that
   * one. A peer whose scheduler is `redundant` sends each on every path; with other schedulers, a
   * repetition that the application of the peer wants could be taken for a copy.
   *
   * @default {false}
   */
  dropDuplicateDatagrams?: boolean;
  /**
   * Decides which packets in flight are sent once more on another path, while nothing else waits.
   *
   * @default {stragglerCopies}
   */
  reinjection?: ReinjectionPolicy;
  /**
   * Decides which stream is sent first.
   *
   * @default {roundRobinOrder}
   */
  streamOrder?: StreamOrder;
  /**
   * Makes the congestion controller of each path.
   *
   * @default {cubic}
   */
  congestionControl?: CongestionControl;
  /**
   * Datagrams that may leave on a new path before the first acknowledgement.
   *
   * @default {10}
   */
  initialCongestionWindow?: number;
  /**
   * Packets that the peer is asked to acknowledge at a time, if it understands ACK_FREQUENCY. Fewer
   * acknowledgements cost less; 10 suits fast transfers. Left out: every second packet, as usual.
   *
   * @default {undefined}
   */
  ackFrequency?: number;
  /**
   * Bytes that the peer may send, on all streams together, before we have read any of them. It
   * grows by itself as far as the paths can use it.
   *
   * @default {6291456, and 1572864 for a listener}
   */
  initialReceiveWindow?: number;
  /**
   * Bytes of the largest UDP datagram to try on each path, from 1200, which every path carries and
   * which turns the search off. Ethernet carries 1452, jumbo frames and loopback 8952. More than 1452
   * is tried where nothing cuts datagrams into fragments: with native sockets, and to addresses of
   * loopback. A datagram size is used only once a probe of it has arrived.
   *
   * @default {8952}
   */
  maxUdpPayloadSize?: number;
  /**
   * Lets those on the way measure round trips by the spin bit, if the peer does as well.
   *
   * @default {false}
   */
  spinBit?: boolean;
  /**
   * Where qlog traces go. Left out: one file for each connection in the directory that `QLOGDIR` in
   * the environment names, if it does and we may write there. A trace holds URLs and most fields of
   * HTTP/3: see {@linkcode QlogOption}.
   *
   * @default {undefined}
   */
  qlog?: QlogOption;
  /**
   * Hears why the trace of a connection ends early, or there is none: the disk is full, say. The
   * connection goes on. It is for directories only: streams have errors of their own.
   *
   * @default {undefined}
   */
  onQlogError?: (error: unknown) => void;
  /**
   * Sockets of the system by FFI in place of the runtime's (Linux, 64 bit): faster, with ECN marks
   * and without fragments. With `"auto"` they are used where they can be: with `--allow-net` for all
   * addresses, `--allow-ffi` for libc, and after a test over loopback. `"require"` fails where they
   * cannot be, and says why.
   *
   * @default {what `MPQUIC_NATIVE` in the environment says, else "auto"}
   */
  native?: NativeMode;
  /**
   * Takes the secrets of connections, line by line in the NSS key log format, with which tools such
   * as Wireshark read what was captured. Left out: they are appended to the file that
   * `SSLKEYLOGFILE` in the environment names, if it does and we may write there.
   *
   * @default {undefined}
   */
  keyLog?: (line: string) => void;
}

/**
 * How to reach a server, and what to expect of it.
 * @category Connections
 */
export interface ConnectOptions extends TransportOptions {
  /** A literal IP address, or a name that can be resolved to one. */
  hostname: string;
  /** The UDP port. */
  port: number;
  /**
   * The name that the server's certificate must be good for.
   *
   * @default {hostname}
   */
  serverName?: string;
  /** Application protocols, the best first; QUIC demands at least one. */
  alpnProtocols: string[];
  /**
   * Certificates of authorities to trust, as PEM, in addition to the default ones: those in the
   * file that the environment variable `SSL_CERT_FILE` names, else the runtime's (`--allow-sys`),
   * else the system's (`--allow-read` of its file), and those in the file that `DENO_CERT` names.
   * With `caCerts`, default ones that may not be read are left out; without, that is a `TypeError`.
   */
  caCerts?: string[];
  /**
   * Lists of certificates that were revoked; none are asked for if left out. Where the certificate is
   * not judged by authorities, they do not count.
   */
  revocation?: RevocationLists;
  /**
   * SHA-256 hashes of certificates. If there are any, the server must show one of these
   * certificates, and it need not come from an authority; as with `WebTransport`.
   */
  serverCertificateHashes?: readonly CertificateHash[];
  /**
   * Accepts any certificate. An attacker on the way can then read and change everything: for
   * experiments only.
   *
   * @default {false}
   */
  insecure?: boolean;
  /**
   * Local addresses to use, one socket each: literal ones, names of interfaces, or the beginning
   * of either (`eth*`, `192.168.`). What has no address for the moment is used once it has one.
   * Left out: those of all interfaces if we may ask for them (`--allow-sys=networkInterfaces`), else
   * whichever the system chooses.
   */
  localAddresses?: string[];
  /**
   * The paths that are wanted, instead of one from each of `localAddresses`. Each of them may carry
   * the handshake: the one that is answered first does.
   */
  paths?: readonly PathWish[];
  /**
   * Opens the further paths as soon as the handshake is complete, and again when they are lost, as
   * addresses of either end come and go.
   *
   * @default {true}
   */
  openPaths?: boolean;
  /**
   * Takes the server's certificates compressed (RFC 8879), which saves packets of the handshake.
   *
   * @default {true}
   */
  certificateCompression?: boolean;
  /**
   * A session of an earlier connection to this server, from `onSession`: the handshake needs no
   * certificates then, and no proof of our address. Each is good for one connection.
   */
  session?: SavedSession | undefined;
  /**
   * Receives sessions for later connections, some time after the handshake. If the function throws,
   * that session is lost, and the connection goes on.
   */
  onSession?: (session: SavedSession) => void;
  /**
   * Sends at once what is written before the handshake is complete (0-RTT), if the session allows
   * it; `connect` then resolves without waiting. An attacker who watches the network can replay
   * such data to the server, so send nothing early that must not happen twice.
   *
   * @default {false}
   */
  earlyData?: boolean;
  /**
   * Versions of QUIC to speak, the preferred one first.
   *
   * @default {["v1", "v2"]}
   */
  versions?: readonly QuicVersion[] | undefined;
  /**
   * Cipher suites to offer, the preferred one first.
   *
   * @default {all three of TLS 1.3, ChaCha20 first}
   */
  cipherSuites?: readonly CipherSuiteName[];
  /** Our certificate, for servers that ask for one, as PEM. */
  cert?: string;
  /** The private key of our certificate, as PEM. */
  key?: string;
  /** Ends the attempt, or the connection, when it is aborted. */
  signal?: AbortSignal;
}

/**
 * A path that a client wants, as long as there is any way for it. Addresses of an interface stand in
 * for each other, and may change.
 * @category Paths
 */
export interface PathWish {
  /**
   * Where it begins: a literal address, the name of an interface, or the beginning of either; one
   * path for each interface that this names, now or later. Left out: wherever the system likes.
   */
  localAddress?: string;
  /** Where it may lead, best first. Left out: to any address of the server that we know. */
  remoteAddresses?: readonly Deno.NetAddr[];
}

/**
 * The hash of a certificate in DER, as `WebTransport` takes it.
 * @category Certificates
 */
export interface CertificateHash {
  /** Only `"sha-256"` is known. */
  algorithm: string;
  /** The 32 bytes of it. */
  value: BufferSource;
}

/**
 * Where and how to wait for connections.
 * @category Connections
 */
export interface ListenOptions extends TransportOptions, CertificateOptions, ServiceOptions {
  /** The UDP port; 0 lets the system choose one. */
  port: number;
  /**
   * Local addresses to listen on, one socket each, written as for clients. Left out: those of all
   * interfaces if we may ask for them, else any.
   */
  localAddresses?: string[];
  /** Application protocols, the best first; QUIC demands at least one. */
  alpnProtocols: string[];
  /** Asks clients for certificates. */
  clientCertificates?: ClientAuthentication;
  /**
   * Whether clients must prove their address before anything else, at the cost of a round trip:
   * always, or when many handshakes are open or begin.
   *
   * @default {"auto"}
   */
  retry?: "auto" | "always";
  /**
   * Reads 0-RTT data of clients that come back. An attacker who watches the network can replay
   * them: see `ReceiveStream.early`.
   *
   * @default {false}
   */
  earlyData?: boolean;
  /**
   * Versions of QUIC to speak, the preferred one first. Left out: all we know, and each client's
   * preference counts.
   */
  versions?: readonly QuicVersion[] | undefined;
  /**
   * What clients may make the listener hold: connections, handshakes, bytes, files.
   *
   * @default {what `PeerLimits` says of each}
   */
  limits?: PeerLimits;
  /**
   * Networks of balancers and proxies, as `192.0.2.0/24`, or addresses. Behind one of their addresses
   * are many clients, so only the limits of connections and of the whole listener count for them.
   */
  exemptNetworks?: readonly string[];
  /**
   * Where clients should go after the handshake: an address of each family, or of one. At addresses
   * that are listened on, further ports are opened for it.
   */
  preferredAddresses?: readonly Deno.NetAddr[];
  /**
   * Asks clients not to move, and to open no further paths to the address they met us at.
   *
   * @default {false}
   */
  disableActiveMigration?: boolean;
  /** Closes the listener and its connections when it is aborted. */
  signal?: AbortSignal;
}

/**
 * How a server treats certificates of clients. At least one of `caCerts` and `verify` is needed.
 * @category Certificates
 */
export interface ClientAuthentication {
  /** Certificates of the authorities that clients' certificates come from, as PEM. */
  caCerts?: readonly string[];
  /**
   * Whether clients without a certificate are refused.
   *
   * @default {true}
   */
  required?: boolean;
  /** Lists of certificates that were revoked; they count for those of `caCerts`. */
  revocation?: RevocationLists;
  /** Looks at a client's certificates in DER, its own first; throws to refuse it. */
  verify?: (chain: readonly Uint8Array[]) => void;
}

/**
 * How a datagram is to be sent.
 * @category Streams and datagrams
 */
export interface SendDatagramOptions {
  /** The path it is to leave on, as long as that works; any if left out. */
  path?: Path;
}

/**
 * Why a connection is, or was, closed.
 * @category Connections
 */
export interface CloseInfo {
  /** The application's code. */
  closeCode: number;
  /** A sentence for people. */
  reason: string;
}
