/**
 * Multipath QUIC and HTTP/3: connections that use several network paths at once.
 *
 * `fetch` and `serve` are all that most programs need; `dial` and `MultipathConnection` give the
 * connections, streams, datagrams and paths beneath.
 *
 * ```ts ignore
 * import { fetch } from "@mpquic/mpquic";
 *
 * const response = await fetch("https://example.com/film.mp4", { localAddresses: ["eth*", "wlan*"] });
 * console.log(response.status, (await response.bytes()).length);
 * ```
 *
 * Run with `--unstable-net --allow-net`; `--allow-sys=networkInterfaces` lets it find the local
 * addresses by itself. To check servers it needs root certificates: the runtime's (`--allow-sys`),
 * the system's (`--allow-read` of their file), or those that `caCerts` names.
 *
 * @module
 */

export { fetch } from "./src/http3/client/fetch.ts";
export { serve } from "./src/http3/server/serve.ts";
export { mayFallBackToTcp } from "./src/http3/client/tcp_fallback.ts";
export { type H3Listener, HttpServer } from "./src/http3/server/http_server.ts";
export type { AuthorityCheck } from "./src/http3/authority.ts";
export type { RequestHandler, RequestInfo } from "./src/http3/handler.ts";
export { H3Client } from "./src/http3/client/client.ts";
export {
  prioritize,
  responseDatagrams,
  responseTrailers,
} from "./src/http3/client/client_exchange.ts";
export type { ConnectHandler, ConnectInit, ConnectRequest } from "./src/http3/handler.ts";
export type { RequestDatagrams } from "./src/http3/handler.ts";
export type { Priority } from "./src/http3/wire/priority.ts";
export {
  type Capsule,
  type CapsuleOptions,
  CapsuleReader,
  CapsuleType,
  encodeCapsule,
} from "./src/http3/wire/capsule.ts";
export type {
  FetchConnectOptions,
  FetchInit,
  H3Options,
  H3RequestInit,
  H3ServerOptions,
  ServeOptions,
} from "./src/http3/options.ts";
export type { TrailerSource } from "./src/http3/handler.ts";
export type {
  H3BidirectionalStream,
  H3ReceiveStream,
  H3SendStream,
  H3StreamOptions,
  H3Transport,
  NetAddress,
} from "./src/http3/transport.ts";
export { dial } from "./src/api/dial.ts";
export { listen } from "./src/api/listen.ts";
export { MultipathConnection } from "./src/api/multipath_connection.ts";
export type { MultipathListener } from "./src/api/multipath_listener.ts";
export type {
  CertificateHash,
  ClientAuthentication,
  CloseInfo,
  ConnectOptions,
  ListenOptions,
  OpenPathOptions,
  PathWish,
  SendDatagramOptions,
  TransportOptions,
} from "./src/api/options.ts";
export type { MigrateOptions } from "./src/api/migrate_options.ts";
export type {
  CertificateAndKey,
  CertificateOptions,
  CertificateSource,
} from "./src/api/credentials.ts";
export type { CipherSuiteName } from "./src/api/cipher_suites.ts";
export type { QuicVersion, SavedSession } from "./src/api/session.ts";
export type { Session } from "./src/tls/session.ts";
export type { Path, PathCloseInfo } from "./src/api/path.ts";
export type { PathEvent, PathEventType } from "./src/api/path_events.ts";
export type { PathStats } from "./src/api/path_stats.ts";
export type { PeerLimits, ResourceLimits } from "./src/api/limit_options.ts";
export type { ListenerStats } from "./src/api/listener_stats.ts";
export type { ResourceStats } from "./src/limits/ledger.ts";
export type { PeerAccount } from "./src/api/peer_account.ts";
export type { Resource } from "./src/limits/share.ts";
export type { ConnectionStats } from "./src/api/connection_stats.ts";
export type { QlogInfo, QlogOption } from "./src/api/qlog.ts";
export type { EventData, EventLog } from "./src/api/event_log.ts";
export type { BidirectionalStream } from "./src/api/connection_streams.ts";
export type { ReceiveStream } from "./src/api/receive_stream.ts";
export type { SendStream, SendStreamOptions } from "./src/api/send_stream.ts";

export { backup } from "./src/scheduler/backup.ts";
export { blest } from "./src/scheduler/blest.ts";
export { earliestCompletion } from "./src/scheduler/earliest_completion.ts";
export { ecf } from "./src/scheduler/ecf.ts";
export { minRtt } from "./src/scheduler/min_rtt.ts";
export { redundant } from "./src/scheduler/redundant.ts";
export { roundRobin } from "./src/scheduler/round_robin.ts";
export { sttf } from "./src/scheduler/sttf.ts";
export { weightedRoundRobin } from "./src/scheduler/weighted_round_robin.ts";
export type {
  Assignment,
  PathStatus,
  PathView,
  ScheduleContext,
  Scheduler,
  SchedulerFactory,
} from "./src/scheduler/scheduler.ts";
export { type NamedScheduler, schedulers } from "./src/scheduler/schedulers.ts";
export {
  priorityOrder,
  roundRobinOrder,
  type StreamOrder,
  type StreamView,
  strictPriorityOrder,
  urgencyOrder,
} from "./src/scheduler/stream_order.ts";

export { auto } from "./src/congestion/auto.ts";
export { balia } from "./src/congestion/balia.ts";
export { bbr } from "./src/congestion/bbr.ts";
export { cubic } from "./src/congestion/cubic.ts";
export { lia } from "./src/congestion/lia.ts";
export { newReno } from "./src/congestion/new_reno.ts";
export { olia } from "./src/congestion/olia.ts";
export type {
  CongestionControl,
  CongestionController,
  ControllerOptions,
  RttView,
} from "./src/congestion/controller.ts";
export type { PacketSample } from "./src/congestion/packet_sample.ts";
export type { RateSample } from "./src/congestion/delivery_rate.ts";
export { type CoupledPath, CouplingGroup } from "./src/congestion/coupling_group.ts";
export type { Random } from "./src/crypto/random.ts";

export {
  ApplicationError,
  PathError,
  QuicError,
  StreamError,
  TransportError,
} from "./src/error/quic_error.ts";
export { ErrorCode } from "./src/error/error_code.ts";

export {
  type DevelopmentCertificate,
  type DevelopmentCertificateOptions,
  type DevelopmentKeyType,
  type IssuedCertificate,
  makeDevelopmentCertificate,
  makeIssuedCertificate,
} from "./src/io/development_certificate.ts";
