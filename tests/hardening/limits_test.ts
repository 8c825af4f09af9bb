import assert from "node:assert/strict";
import { DEFAULTS, type TransportConfig } from "../../src/connection/config.ts";

/** What is limited, the file below src that does it, the constant there, and its value. */
type Limit = readonly [what: string, file: string, name: string, value: string];

/**
 * Limits that no option changes, each beside the code that keeps it. This is the one list of them:
 * it fails when one is changed or gone, so that nobody loosens a limit by the way.
 */
const HARD_LIMITS: readonly Limit[] = [
  [
    "handshakes open at once, unless maxHalfOpen says otherwise",
    "endpoint/acceptor.ts",
    "MAX_HALF_OPEN",
    "1_024",
  ],
  ["bytes of a client's first ID, at least", "endpoint/acceptor.ts", "SHORTEST_ORIGINAL_ID", "8"],
  ["stateless resets per second", "endpoint/stateless_replies.ts", "RESETS_PER_SECOND", "100"],
  ["answers without a connection that wait", "endpoint/reply_queue.ts", "MAX_WAITING", "64"],
  [
    "tokens remembered, so that each counts once",
    "endpoint/address_token.ts",
    "MAX_REMEMBERED",
    "65_536",
  ],
  ["life of a Retry's token, ms", "endpoint/address_token.ts", "RETRY_LIFETIME", "10_000"],
  [
    "life of a token for later, ms",
    "endpoint/address_token.ts",
    "NEW_TOKEN_LIFETIME",
    "86_400_000",
  ],
  ["0-RTT offers remembered", "endpoint/early_data_guard.ts", "MAX_REMEMBERED", "32_768"],
  ["connections searched for a stateless reset", "endpoint/endpoint.ts", "MAX_SEARCHED", "64"],
  ["datagrams taken in before timers are served", "io/driver.ts", "BURST", "32"],
  ["packets kept that came before their keys", "connection/undecryptable.ts", "MAX_PACKETS", "16"],
  ["bytes of them", "connection/undecryptable.ts", "MAX_BYTES", "24_576"],
  ["DATAGRAMs that wait, in and out", "connection/datagram_queue.ts", "MAX_WAITING", "256"],
  [
    "packets without anything to acknowledge before a PING",
    "connection/frame_writer.ts",
    "MAX_SILENT",
    "19",
  ],
  [
    "packets of a path that nobody acknowledged",
    "connection/frame_writer.ts",
    "MAX_UNHEARD",
    "65_536",
  ],
  ["ACK ranges read", "frame/ack.ts", "MAX_RANGES_READ", "256"],
  ["ACK ranges written", "frame/ack.ts", "MAX_RANGES_WRITTEN", "64"],
  [
    "ranges of packets received that are remembered",
    "recovery/received_packets.ts",
    "MAX_RANGES",
    "64",
  ],
  ["packet numbers before the first is left out", "recovery/packet_space.ts", "FIRST_SKIP", "256"],
  [
    "packet numbers between two that are left out",
    "recovery/packet_space.ts",
    "LAST_SKIP",
    "131_072",
  ],
  ["CRYPTO bytes ahead", "stream/crypto_stream.ts", "WINDOW", "65_536"],
  ["CRYPTO fragments", "stream/crypto_stream.ts", "MAX_RANGES", "128"],
  [
    "bytes a fragment of a stream has on average, if there are many",
    "stream/receive_buffer.ts",
    "LEAST_DENSITY",
    "512",
  ],
  ["streams reset early, per second", "stream/reset_budget.ts", "PER_SECOND", "200"],
  ["PATH_RESPONSEs that wait on a 4-tuple", "path/limits.ts", "MAX_RESPONSES", "8"],
  ["PATH_CHALLENGEs answered per round trip", "path/limits.ts", "MAX_CHALLENGES_PER_RTT", "16"],
  ["addresses of a peer's new paths being proven at once", "path/limits.ts", "MAX_UNPROVEN", "2"],
  ["paths over one 4-tuple", "path/limits.ts", "MAX_SAME_TUPLE", "2"],
  ["paths a peer opens at once", "path/limits.ts", "MAX_PATHS_BURST", "8"],
  ["paths a peer opens per second", "path/limits.ts", "MAX_PATHS_PER_SECOND", "4"],
  ["connection IDs of all paths", "path/limits.ts", "MAX_IDS", "32"],
  ["connection IDs of a path", "path/local_ids.ts", "MAX_ACTIVE", "4"],
  ["retired connection IDs remembered", "path/remote_ids.ts", "MAX_REMEMBERED", "256"],
  ["addresses of a server that are kept", "path/remote_addresses.ts", "MAX_ADDRESSES", "8"],
  ["bytes of a TLS message", "tls/message_buffer.ts", "MAX_MESSAGE", "0x1_0000"],
  ["bytes of one after the handshake", "tls/message_buffer.ts", "MAX_LATE_MESSAGE", "0x4000"],
  ["certificates of a chain", "tls/verify_chain.ts", "MAX_CHAIN", "16"],
  ["steps of the way to an anchor", "tls/verify_chain.ts", "MAX_DEPTH", "8"],
  ["signatures verified for a chain", "tls/verify_chain.ts", "MAX_SIGNATURES", "32"],
  ["pre-shared keys looked at", "tls/psk_choice.ts", "MAX_IDENTITIES", "4"],
  ["sessions taken of one connection", "tls/client_tls.ts", "MAX_TICKETS", "16"],
  ["bytes of SETTINGS", "http3/settings.ts", "MAX_SETTINGS_SIZE", "4096"],
  ["interim responses to a request", "http3/client_exchange.ts", "MAX_INFORMATIONAL", "16"],
  ["QPACK encoder-stream bytes ahead", "qpack/decoder.ts", "STREAM_BUDGET", "1 << 18"],
  ["characters of a peer's text in the log", "qlog/json_text.ts", "MAX_TEXT", "256"],
];

for (const [what, file, name, value] of HARD_LIMITS) {
  Deno.test(`Limit in ${file}: ${what}`, () => {
    const text = Deno.readTextFileSync(new URL(`../../src/${file}`, import.meta.url));
    const found = new RegExp(`const ${name}(?:: number)? = ([^;]+);`).exec(text)?.[1];
    assert.equal(found, value);
    const uses = text.split(name).length - 1;
    assert.ok(uses > 1 || text.includes(`export const ${name}`), `${name} is used`);
  });
}

/** Limits that an option of a connection changes, and what they are without it. */
const OPTIONS: Partial<Record<keyof TransportConfig, number>> = {
  maxIdleTimeout: 30_000,
  handshakeTimeout: 10_000,
  connectionWindow: 1_572_864,
  maxConnectionWindow: 25_165_824,
  streamWindow: 1_048_576,
  maxStreamWindow: 16_777_216,
  maxBidirectionalStreams: 100,
  maxUnidirectionalStreams: 100,
  maxPaths: 4,
  maxDatagramFrameSize: 65_535,
  activeIdLimit: 4,
};

Deno.test("Limits that options change have their defaults", () => {
  for (const [name, value] of Object.entries(OPTIONS)) {
    assert.equal(DEFAULTS[name as keyof TransportConfig], value, name);
  }
});
