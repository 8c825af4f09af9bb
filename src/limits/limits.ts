/*
 * How much a peer may cost us: all limits on memory, work, time and packets that a peer decides on, in
 * one list that can be read as a whole. Limits that options of a connection change are in
 * `connection/config.ts`; limits of HTTP/3 that an option changes name the option here. An attack
 * proves each limit: see `tests/hardening`.
 *
 * Times are in milliseconds, sizes in bytes.
 */
import type { LedgerLimits } from "./ledger_limits.ts";

// What peers hold, by connection, address, network (IPv4 /24, IPv6 /56) and in all.

/** A server's peers: `limits` of `listen` and `serve`. */
export const SERVER_LIMITS: LedgerLimits = {
  bytes: {
    perConnection: 67_108_864,
    perAddress: 134_217_728,
    perNetwork: 201_326_592,
    total: 536_870_912,
  },
  files: { perConnection: 32, perAddress: 96, perNetwork: 192, total: 640 },
  handshakes: { perConnection: 1, perAddress: 256, perNetwork: 512, total: 1_024 },
  connections: { perConnection: 1, perAddress: 256, perNetwork: 1_024, total: 4_096 },
};
/** A client's servers: it asked for what they send, and has few of them. */
export const CLIENT_LIMITS: LedgerLimits = {
  bytes: {
    perConnection: 402_653_184,
    perAddress: Infinity,
    perNetwork: Infinity,
    total: 805_306_368,
  },
  files: { perConnection: 64, perAddress: Infinity, perNetwork: Infinity, total: 640 },
  handshakes: {
    perConnection: Infinity,
    perAddress: Infinity,
    perNetwork: Infinity,
    total: Infinity,
  },
  connections: {
    perConnection: Infinity,
    perAddress: Infinity,
    perNetwork: Infinity,
    total: Infinity,
  },
};
/**
 * Each so many handshakes that are completed from an address or a network, or good tokens shown,
 * raise its limits by once what they are, as far as the factor; half of it fades in the time.
 */
export const PROOFS_PER_SHARE = 64;
export const MAX_SHARE_FACTOR = 4;
export const REPUTE_HALF_LIFE = 600_000;
/**
 * A handshake that came to nothing though its client had proven its address counts against that for
 * some time, of which this is half; from so many on, nothing begins there while others are many.
 */
export const STRIKE_HALF_LIFE = 30_000;
export const MAX_STRIKES = 3;
/** Addresses, and networks, of which either is remembered. */
export const MAX_REPUTES = 8_192;

// Handshakes and whatever comes without a connection.

/**
 * Handshakes that begin, of a network and in all, per second; beyond, Retry asks for proof of the
 * address, and addresses of which many came to nothing are not heard.
 */
export const HANDSHAKES_PER_SECOND_OF_NETWORK = 100;
export const HANDSHAKES_PER_SECOND = 300;
/** How long it lasts then. */
export const WARY_PERIOD = 1_000;
/** Networks of which that is remembered. */
export const MAX_RATED_NETWORKS = 4_096;
/** Silence after which a handshake goes while many are open, and while there is no room for one. */
export const HALF_OPEN_SILENCE = 3_000;
export const HALF_OPEN_RESPITE = 500;
/** Quiet after which a connection without requests may be closed where there are too many. */
export const IDLE_BEFORE_CLOSE = 2_000;
/** RFC 9000, Section 7.2: the first ID a client sends to has so many bytes at least. */
export const SHORTEST_ORIGINAL_ID = 8;
/** Datagrams per second that a worker hands on to others; none is sent on purpose. */
export const STRAYS_PER_SECOND = 1_000;
/** Stateless resets per second, to all together. */
export const RESETS_PER_SECOND = 100;
/**
 * Stateless resets per second during `RESTART_TIME` after the first one: all clients of a server
 * that has crashed need one.
 */
export const RESETS_PER_SECOND_AT_FIRST = 1_000;
export const RESTART_TIME = 30_000;
/** So many sites, at least, share what there is of either: none of them gets more than its part. */
export const SITES_OF_RESETS = 5;
/** Connections that are searched because a stray datagram ends in a token of theirs, per second. */
export const RESET_SEARCHES_PER_SECOND = 65_536;
/** Answers without a connection that wait for their socket. */
export const MAX_REPLIES_WAITING = 64;
/** Datagrams taken in before timers are served. */
export const RECEIVE_BURST = 128;
/** Packets kept that came before their keys, and bytes of them. */
export const MAX_UNDECRYPTABLE_PACKETS = 16;
export const MAX_UNDECRYPTABLE_BYTES = 24_576;

// Tokens and early data.

/** Bytes of a token that an Initial has room for beside something of the ClientHello. */
export const MAX_TOKEN = 1_000;
/** Life of a token that a Retry brings. */
export const RETRY_LIFETIME = 10_000;
/** Life of a token for later connections. */
export const NEW_TOKEN_LIFETIME = 86_400_000;
/** Tokens remembered, so that each counts once. */
export const MAX_TOKENS_REMEMBERED = 65_536;
/**
 * Milliseconds for which a ClientHello is remembered. TLS refuses early data whose ticket age is off
 * by more than ten seconds either way; within that time, once is enough.
 */
export const EARLY_DATA_WINDOW = 20_000;
/** 0-RTT offers remembered, so that none is taken twice. */
export const MAX_EARLY_DATA_REMEMBERED = 32_768;

// TLS.

/** A message of the handshake. */
export const MAX_TLS_MESSAGE = 0x1_0000;
/** A message after the handshake. */
export const MAX_LATE_TLS_MESSAGE = 0x4000;
/** CRYPTO bytes of a level ahead of what was read. */
export const CRYPTO_WINDOW = 65_536;
/** CRYPTO fragments of a level that wait for what is before them. */
export const MAX_CRYPTO_RANGES = 128;
/** Certificates of a chain. */
export const MAX_CHAIN = 16;
/**
 * Microseconds that the judgement of a chain may take by its own reckoning, whatever it is made of:
 * as much as thirteen signatures with the slowest keys, or forty with the usual ones.
 */
export const JUDGEMENT_BUDGET = 20_000;
/** Bits of an RSA key. */
export const LEAST_RSA_BITS = 2_048;
export const MOST_RSA_BITS = 8_192;
/** Certificates that are remembered because a chain of them was accepted, and bytes of them. */
export const MAX_CERTIFICATES_REMEMBERED = 128;
export const MAX_CERTIFICATE_BYTES_REMEMBERED = 524_288;
/** Keys of which is remembered whether they have signed a list of revoked certificates. */
export const MAX_SIGNERS_REMEMBERED = 32;
/** Pre-shared keys of a ClientHello that are looked at. */
export const MAX_PSK_IDENTITIES = 4;
/** Sessions taken of one connection. */
export const MAX_TICKETS = 16;

// Packets and acknowledgements.

/** Ranges of an ACK that are read. */
export const MAX_ACK_RANGES_READ = 256;
/** Ranges of an ACK that are written. */
export const MAX_ACK_RANGES_WRITTEN = 64;
/**
 * Ranges of received numbers that are remembered; older ones count as received, so that nothing
 * below is taken any more (RFC 9000, Section 13.2.3).
 */
export const MAX_RECEIVED_RANGES = 64;
/**
 * Skipped numbers, which catch peers that acknowledge blindly (RFC 9000, Section 21.4): the first
 * is below `FIRST_SKIP`, and the spans between them double up to `LAST_SKIP`.
 */
export const FIRST_SKIP = 256;
export const LAST_SKIP = 131_072;
/** Packets in a row without anything to acknowledge, after which a PING asks for a sign. */
export const MAX_SILENT_PACKETS = 19;
/** Packets remembered of a path that the peer acknowledged none of; no window needs so many. */
export const MAX_UNHEARD_PACKETS = 65_536;

// Streams and datagrams.

/**
 * Fragments of a stream that wait for what is before them, however small they are; and those of all
 * streams of a connection, but for one of each.
 */
export const MAX_STREAM_RANGES = 1_024;
/** Bytes that they have on average if there are more: whole packets do. */
export const LEAST_FRAGMENT_DENSITY = 512;
/**
 * Bytes of all streams of a connection that may lie unread before the application has read any: so
 * far the first window grows, and for each stream that we opened, by the window of that.
 */
export const MAX_UNREAD = 12_582_912;
/**
 * Bytes that the buffers of a connection may allocate beyond twice what has come for them: at first,
 * one more for so many that the application has read, and at most.
 */
export const FIRST_BUFFER_DEBT = 49_152;
export const READ_PER_DEBT = 16;
export const MAX_BUFFER_DEBT = 524_288;
/**
 * Bytes that an application may write ahead of what leaves: on one stream, on all of a connection at
 * first, and when its peer has taken as much, on those of its streams that have no credit, and on
 * each stream whatever there is on others.
 */
export const MAX_STREAM_WRITE_AHEAD = 262_144;
export const FIRST_WRITE_AHEAD = 262_144;
export const MAX_CONNECTION_WRITE_AHEAD = 2_097_152;
export const MAX_STALLED_WRITE_AHEAD = 262_144;
export const LEAST_WRITE_AHEAD = 4_096;
/** Streams that may be opened and reset again, per second. */
export const EARLY_RESETS_PER_SECOND = 200;
/** DATAGRAMs that wait, in either direction. */
export const MAX_DATAGRAMS_WAITING = 256;
/** Bytes of those that came and wait to be read; beyond, the oldest are dropped. */
export const MAX_DATAGRAM_BYTES_WAITING = 98_304;
/** Bytes of DATAGRAMs in one packet, if they are several: more would be lost, or come, at once. */
export const MAX_DATAGRAM_BYTES_IN_PACKET = 1_452;
/** Contents that are remembered to find copies of DATAGRAMs: seconds of a call. */
export const MAX_DATAGRAMS_REMEMBERED = 256;

// Paths.

/** PATH_RESPONSEs that may wait for one 4-tuple; beyond, the oldest are dropped. */
export const MAX_RESPONSES = 8;
/** PATH_CHALLENGEs of a connection that are answered within one round trip. */
export const MAX_CHALLENGES_PER_RTT = 16;
/** Paths that a peer may be opening at once, their addresses unproven. */
export const MAX_UNPROVEN = 2;
/**
 * Bytes that a connection sends to addresses of new or moved paths which have not proven to be the
 * peer's; those to one host, over all connections of an endpoint; and the time in which either comes
 * back.
 */
export const MAX_UNPROVEN_BYTES = 10_240;
export const MAX_UNPROVEN_BYTES_PER_HOST = 65_536;
export const UNPROVEN_PERIOD = 5_000;
/** Hosts for which that is remembered. */
export const MAX_UNPROVEN_HOSTS = 4_096;
/** Paths over one and the same 4-tuple. */
export const MAX_SAME_TUPLE = 2;
/** Paths that a peer may open one right after the other, and per second from then on. */
export const MAX_PATHS_BURST = 8;
export const MAX_PATHS_PER_SECOND = 4;
/** Connection IDs of all paths together that each end keeps. */
export const MAX_IDS = 32;
/** Connection IDs of one path that we issue. */
export const MAX_IDS_OF_PATH = 4;
/** Retired connection IDs of a path that are remembered, so that repetitions are known. */
export const MAX_RETIRED_REMEMBERED = 256;
/** Addresses of a server that a client keeps. */
export const MAX_ADDRESSES = 8;
/** Frames about addresses that are looked at, per second. */
export const ADDRESS_NEWS_PER_SECOND = 16;

/** Events about paths that wait to be read; beyond, the oldest are left out. */
export const MAX_PATH_EVENTS_WAITING = 256;

// HTTP/3 and QPACK; what has an option says which.

/** Requests of one connection that are handled at once: `maxConcurrentHandlers`. */
export const MAX_HANDLERS = 128;
/** Requests that may fail or be cancelled, per second: `maxFailuresPerSecond`. */
export const MAX_FAILURES_PER_SECOND = 200;
/** How long the fields of a request may take: `headerTimeout`. */
export const HEADER_TIMEOUT = 10_000;
/** How long a client over TCP may take for its handshake of TLS. */
export const TCP_HANDSHAKE_TIMEOUT = 10_000;
/** How long a client may send no content, or take none: `bodyTimeout`. */
export const BODY_TIMEOUT = 60_000;
/** The fields of a message, counted as in RFC 9114, Section 4.2.2: `maxFieldSectionSize`. */
export const MAX_FIELD_SECTION = 65_536;
/** A capsule that is wanted, unless its reader says otherwise. */
export const MAX_CAPSULE = 65_536;
/** The dynamic table of QPACK: `qpackTableCapacity`. */
export const QPACK_TABLE_CAPACITY = 4096;
/** Streams that may wait for it: `qpackBlockedStreams`. */
export const QPACK_BLOCKED_STREAMS = 16;
/** Bytes of fields that wait for it on these streams: `qpackBlockedBytes`. */
export const QPACK_BLOCKED_BYTES = 1_048_576;

/** Lines of a field section, as dear as they are small: what handles them is seldom linear. */
export const MAX_FIELD_LINES = 512;
/** A SETTINGS frame. */
export const MAX_SETTINGS_SIZE = 4096;
/** A PRIORITY_UPDATE frame. */
export const MAX_PRIORITY_SIZE = 1024;
/** Bytes that wait on a control or QPACK stream because the peer takes none. */
export const MAX_CRITICAL_BACKLOG = 16_384;
/** Priorities kept for requests that have not begun. */
export const MAX_EARLY_PRIORITIES = 64;
/** Interim responses to a request. */
export const MAX_INFORMATIONAL = 16;
/** HTTP datagrams that wait for their request's reader, and for a request that has not begun. */
export const MAX_HTTP_DATAGRAMS_WAITING = 64;
export const MAX_HTTP_DATAGRAMS_EARLY = 32;
/** Bytes of all of them on a connection; beyond, the requests with most lose their oldest. */
export const MAX_HTTP_DATAGRAM_BYTES = 98_304;
/** Bytes of the unwanted content of a request that are read, to answer in order. */
export const MAX_UNUSED_CONTENT = 65_536;
/**
 * What is read and dropped of a request's content after the answer, so that the client sees the
 * answer: bytes of it, the time it may take, and how long the client may be silent.
 */
export const MAX_DRAINED_CONTENT = 67_108_864;
export const DRAIN_TIME = 30_000;
export const DRAIN_SILENCE = 5_000;
/** Bytes of the QPACK encoder stream ahead of the sections that pay for them, and what each pays. */
export const QPACK_STREAM_BUDGET = 1 << 18;
export const QPACK_BUDGET_PER_SECTION = 1 << 14;

// WebTransport.

/** Sessions that a connection has at once, if both ends have flow control of sessions. */
export const MAX_SESSIONS = 16;
/** What a session with flow control may send that is not read, and streams of each direction. */
export const SESSION_WINDOW = 4_194_304;
export const SESSION_STREAMS = 100;
/** Streams of a connection that name a session which is not there yet, and how long they wait. */
export const MAX_SESSION_STREAMS_EARLY = 16;
export const SESSION_STREAM_PATIENCE = 10_000;
/** Streams of each direction that wait for the application; then no more are accepted. */
export const MAX_SESSION_STREAMS_WAITING = 64;
/** Bytes of the reason for which a session is closed (WebTransport, Section 6). */
export const MAX_CLOSE_REASON = 1_024;
/** How long the stream of a session that is over may stay open. */
export const SESSION_CLOSE_PATIENCE = 5_000;
/** How long sessions may go on when their server shuts down. */
export const SESSION_DRAIN_TIME = 10_000;
/** Protocols that a client may offer for a session. */
export const MAX_OFFERED_PROTOCOLS = 32;

// Logs.

/** Characters of a peer's text in a trace. */
export const MAX_LOGGED_TEXT = 256;
/** Frames of a packet, and ranges of an acknowledgement, that a trace shows. */
export const MAX_LOGGED_FRAMES = 48;
export const MAX_LOGGED_RANGES = 64;
/** Fields of a header section that a trace shows. */
export const MAX_LOGGED_FIELDS = 64;
/** Items of a list in an event of HTTP/3 or of an application. */
export const MAX_LOGGED_ITEMS = 256;
/** Bytes of a trace that wait to be written; beyond, events are left out and counted. */
export const MAX_LOG_WAITING = 4_194_304;
