/**
 * The core of mpquic: a QUIC endpoint as a pure machine, without sockets, clocks or randomness of
 * its own. Bytes go in and out through five doors, and time is an argument.
 *
 * | door | what for |
 * |---|---|
 * | `receive(datagram, port, remote, now, mark)` | a datagram came, perhaps with an ECN mark |
 * | `transmit(now)` | the next datagram to send, until there is none |
 * | `deadline`, `expire(now)` | the timer: at `deadline`, call `expire` |
 * | `nextConnection()`, `nextActive()` | new connections, and those that have events |
 * | `touch(connection)` | the application did something with a connection |
 *
 * **Order of calls.** After `receive`, `expire`, or anything the application did (then `touch`),
 * take all connections from `nextConnection` and `nextActive` and all their events from
 * `Connection.nextEvent`; then call `transmit` until it returns `undefined`; then set a timer for
 * `deadline`. Several datagrams may be received before the rest is done once.
 *
 * **Who may reuse what.** A datagram given to `receive` is changed in place and looked at during
 * the call only. `transmit` writes into the buffer that the port lends and returns one object that
 * is filled again by the next call: send its bytes, or copy them, before that. A port whose `buffer`
 * is `undefined` is passed over until it lends one again.
 *
 * **Units.** Times are milliseconds of one monotonic clock that never goes back; sizes are bytes;
 * rates are bytes per millisecond. Addresses are literal, never names.
 *
 * **Errors.** No door throws for what a peer sent: the connection closes with the right code, and
 * a `closed` event tells.
 *
 * @example Two endpoints that talk to each other: see `examples/core.ts`
 * ```ts
 * import { type Connection, Endpoint } from "@mpquic/mpquic/core";
 *
 * const endpoint = new Endpoint({
 *   random: {
 *     bytes: (length) => crypto.getRandomValues(new Uint8Array(length)),
 *     below: (limit) => Math.floor(Math.random() * limit),
 *   },
 *   wallTime: () => Date.now(),
 * });
 * console.log(endpoint.deadline); // Infinity: there is nothing to do yet
 * ```
 *
 * @experimental Names and shapes may change with every minor version.
 * @module
 */
export { Endpoint } from "../endpoint/endpoint.ts";
export { ReplayMemory } from "../endpoint/replay_memory.ts";
export type { ReplayFilter } from "../endpoint/replay_filter.ts";
export type { ClientConfig, EndpointOptions, ServerConfig } from "../endpoint/options.ts";
export { Connection } from "../connection/connection.ts";
export { Ecn } from "../bytes/ecn.ts";
export type { ConnectionEvent } from "../connection/event.ts";
export type { CloseReason } from "../connection/closing.ts";
export { CLIENT_DEFAULTS, DEFAULTS, type TransportConfig } from "../connection/config.ts";
export type { Transmit } from "../connection/send/datagram_builder.ts";
export { ServiceSecret } from "../crypto/service_secret.ts";
export type { Random } from "../crypto/random.ts";
export type { Role } from "../error/role.ts";
export { type IdLayout, randomIds } from "../packet/id_layout.ts";
export type { Address } from "../path/address/address.ts";
export type { Path } from "../path/path.ts";
export type { Port } from "../path/address/port.ts";
export { Kind } from "../stream/connection_credit.ts";
export type { Stream } from "../stream/stream.ts";
export { Credential } from "../tls/credential.ts";
export type { ClientTlsOptions, ServerTlsOptions } from "../tls/tls.ts";
export type { WallClock } from "../tls/code/wall_clock.ts";
export type { DatagramQueue } from "../connection/datagram_queue.ts";
export type { PathObstacle } from "../connection/obstacle.ts";
export type { PathRequest } from "../connection/path_requests.ts";
export type { PingRequest } from "../connection/ping_request.ts";
export type { PreferredAddresses } from "../connection/config.ts";
export type { CryptoEngine } from "../crypto/aead.ts";
export type { KeyPhasesOptions } from "../crypto/key_phases.ts";
export type { IpPrefix } from "../bytes/ip_prefix.ts";
export type { LedgerLimits } from "../limits/ledger_limits.ts";
export type { Health, Stage } from "../path/health/lifecycle.ts";
export type { PathSet } from "../path/path_set.ts";
export type { PortCapabilities } from "../path/address/port.ts";
export type { LoggedConnection, QlogFactory } from "../qlog/qlog.ts";
export type { ReceiveHalf } from "../stream/receive_half.ts";
export type { SendHalf } from "../stream/send_half.ts";
export type { StreamEvent } from "../stream/stream_event.ts";
export type { StreamSet } from "../stream/stream_set.ts";
export type {
  CertificateHook,
  ClientCertificateOptions,
  EarlyDataOffer,
  TicketBox,
  TicketOptions,
  Verification,
} from "../tls/tls.ts";
export { RevocationLists } from "../tls/trust/revocation_lists.ts";
export { TrustStore } from "../tls/trust/trust_store.ts";
