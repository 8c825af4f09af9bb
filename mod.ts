/**
 * Multipath QUIC and HTTP/3: connections that use several network paths at once.
 *
 * Begin with one of these:
 *
 * | to do this | use |
 * |---|---|
 * | fetch over all networks of the machine | {@linkcode fetch} |
 * | serve HTTP/3 | {@linkcode serve} |
 * | connect without HTTP, with streams, datagrams and paths | {@linkcode dial}, {@linkcode MultipathConnection} |
 * | accept such connections | {@linkcode listen} |
 * | carry TCP and UDP of other programs over all networks | {@linkcode connectTcp}, {@linkcode connectUdp}, {@linkcode proxyHandlers} |
 * | talk to pages by streams and datagrams | {@linkcode connectWebTransport}, {@linkcode WebTransportOptions} |
 * | open, watch, move and close paths | {@linkcode Path}, {@linkcode PathEvent} |
 * | see in a browser what connections do | {@linkcode serveLive} |
 * | choose which path carries what | {@linkcode schedulers}, {@linkcode Scheduler} |
 * | choose how fast a path is filled | {@linkcode CongestionControl} |
 * | try all of that on one machine | {@linkcode makeDevelopmentCertificate} |
 *
 * Run with `--unstable-net --allow-net`; `--allow-sys=networkInterfaces` lets it find the local
 * addresses by itself. To check servers it needs root certificates: the runtime's (`--allow-sys`),
 * the system's (`--allow-read` of their file), or those that `caCerts` names.
 *
 * The transport without sockets is `@mpquic/mpquic/core`, networks in virtual time are
 * `@mpquic/mpquic/sim`; both are experimental.
 *
 * @example Download over two networks
 * ```ts ignore
 * import { fetch } from "@mpquic/mpquic";
 *
 * const response = await fetch("https://example.com/film.mp4", { localAddresses: ["eth*", "wlan*"] });
 * console.log(response.status, (await response.bytes()).length);
 * ```
 *
 * @module
 */

export { fetch } from "./src/http2/fetch.ts";
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
export type { RequestDatagrams, TunnelHandler, TunnelInfo } from "./src/http3/handler.ts";
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
  H3ClientOptions,
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
export {
  connectWebTransport,
  type ConnectWebTransportOptions,
} from "./src/http3/client/connect_web_transport.ts";
export type { SessionInit } from "./src/http3/client/session_client.ts";
export {
  WebTransportError,
  type WebTransportErrorOptions,
} from "./src/http3/webtransport/web_transport_error.ts";
export type {
  WebTransportHandler,
  WebTransportOptions,
  WebTransportRequest,
} from "./src/http3/webtransport/web_transport_options.ts";
export type {
  WebTransportBidirectionalStream,
  WebTransportCloseInfo,
  WebTransportDatagrams,
  WebTransportReceiveStream,
  WebTransportSendStream,
  WebTransportSession,
} from "./src/http3/webtransport/web_transport_session.ts";
export { serveTcp, type ServeTcpOptions, type TcpHttpServer } from "./src/http2/serve_tcp.ts";
export { TcpClient, type TcpClientOptions } from "./src/http2/tcp_client.ts";
export { responseProtocol } from "./src/http2/client_exchange.ts";
export type { TcpRequestHandler, TcpRequestInfo } from "./src/http2/exchange.ts";
export type { TcpServerLimits } from "./src/http2/guests.ts";
export { connectTcp, type ConnectTcpOptions, type TcpTunnel } from "./src/proxy/connect_tcp.ts";
export { connectUdp, type UdpTunnel } from "./src/proxy/connect_udp.ts";
export { ProxyError } from "./src/proxy/proxy_client.ts";
export type { TunnelOptions, TunnelTransport } from "./src/proxy/tunnel_options.ts";
export { type ProxyHandlers, proxyHandlers } from "./src/proxy/proxy_handlers.ts";
export type { ProxyOptions } from "./src/proxy/proxy_options.ts";
export type { DestinationOptions } from "./src/proxy/destinations.ts";
export type { ProxyLimits } from "./src/proxy/allowance.ts";
export { type ProxyUser, ProxyUsers } from "./src/proxy/proxy_users.ts";
export { type TcpStreams, tcpStreams } from "./src/proxy/tcp_streams.ts";
export { showConnection, type ShownConnection } from "./src/api/shown_connection.ts";
export { type LiveOptions, type LiveView, reportLive, serveLive } from "./src/live/serve_live.ts";
export { inspectLinks, type InspectLinksOptions } from "./src/api/inspect_links.ts";
export type { Link, LinkProblem, LinkProblemKind } from "./src/io/links/link_judge.ts";
export { RevocationLists } from "./src/tls/trust/revocation_lists.ts";
export { dial } from "./src/api/dial.ts";
export { listen, type MultipathListener } from "./src/api/listen.ts";
export { MultipathConnection } from "./src/api/multipath_connection.ts";
export type { ConnectionListener } from "./src/api/multipath_listener.ts";
export type {
  CertificateHash,
  ClientAuthentication,
  CloseInfo,
  ConnectOptions,
  ListenOptions,
  PathWish,
  SendDatagramOptions,
  TransportOptions,
} from "./src/api/options/options.ts";
export type { BalancerConfiguration } from "./src/packet/balancer_code.ts";
export type { ServiceOptions } from "./src/api/options/service_options.ts";
export {
  openWorkerSockets,
  type WorkerSocketOptions,
  type WorkerSockets,
} from "./src/api/worker_sockets.ts";
export {
  serveWorkers,
  type ServeWorkersOptions,
  type WorkerServer,
} from "./src/http3/server/serve_workers.ts";
export {
  serveInWorker,
  type WorkerServeOptions,
  type WorkerService,
} from "./src/http3/server/serve_in_worker.ts";
export type { OpenPathOptions } from "./src/api/path/open_path_options.ts";
export type { MigrateOptions } from "./src/api/path/migrate_options.ts";
export type {
  CertificateAndKey,
  CertificateOptions,
  CertificateSource,
} from "./src/api/options/credentials.ts";
export type { CipherSuiteName } from "./src/api/options/cipher_suites.ts";
export type { QuicVersion, SavedSession } from "./src/api/options/session.ts";
export type { Session } from "./src/tls/session.ts";
export type { Path, PathCloseInfo } from "./src/api/path/path.ts";
export type { PathEvent, PathEventType } from "./src/api/path/path_events.ts";
export type { PathStats } from "./src/api/stats/path_stats.ts";
export type { PeerLimits, ResourceLimits } from "./src/api/options/limit_options.ts";
export type { ListenerStats, StrayStats } from "./src/api/stats/listener_stats.ts";
export type { ResourceStats } from "./src/limits/ledger.ts";
export type { PeerAccount } from "./src/api/stats/peer_account.ts";
export type { Resource } from "./src/limits/share.ts";
export type { ConnectionStats } from "./src/api/stats/connection_stats.ts";
export type { NativeMode } from "./src/io/native/native_mode.ts";
export type { QlogInfo, QlogOption } from "./src/api/options/qlog.ts";
export type { EventData, EventLog } from "./src/api/stats/event_log.ts";
export type { BidirectionalStream } from "./src/api/stream/connection_streams.ts";
export type { ReceiveStream } from "./src/api/stream/receive_stream.ts";
export type { SendStream, SendStreamOptions } from "./src/api/stream/send_stream.ts";

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
export type {
  FlightPacket,
  FlightPackets,
  FlightPath,
  PacketCopy,
  Reinjection,
  ReinjectionContext,
  ReinjectionPolicy,
} from "./src/scheduler/reinjection.ts";
export {
  type NamedReinjection,
  noCopies,
  reinjectionPolicies,
} from "./src/scheduler/reinjection_policies.ts";
export { Readiness } from "./src/scheduler/readiness.ts";
export { stragglerCopies } from "./src/scheduler/straggler_copies.ts";
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
