import assert from "node:assert/strict";

/** What may be done to us, and the tests that do it: a file below tests, and titles in it. */
type Row = readonly [attack: string, file: string, ...titles: string[]];

/** Attacks on any QUIC, HTTP/3, QPACK or TLS endpoint. */
const SINGLE_PATH: readonly Row[] = [
  [
    "Amplification before validation",
    "sim/handshake_test.ts",
    "no more than 3600 bytes",
    "obeys the amplification limit",
  ],
  ["Initial flood", "sim/garbage_test.ts", "Initials of nobody leave no state"],
  ["Handshake flood", "sim/garbage_test.ts", "by the thousand meet Retry, then silence"],
  [
    "Token forgery and replay",
    "endpoint/address_token_test.ts",
    "any flipped bit and any cut",
    "once, within a day",
    "one kind of token for the other",
  ],
  ["Retry forgery", "endpoint/endpoint_test.ts", "ignores a forged Retry"],
  [
    "Version downgrade",
    "sim/version_test.ts",
    "lied to in Version Negotiation",
    "or comes late, is ignored",
  ],
  ["CRYPTO far ahead and crumbs", "hardening/floods_test.ts", "CRYPTO far ahead, or crumbs"],
  ["CRYPTO window", "stream/crypto_stream_test.ts", "more than 128 fragments", "bounds what waits"],
  [
    "Post-handshake messages",
    "tls/handshake_test.ts",
    "longer than the limits",
    "QUIC forbids once complete",
  ],
  ["Undecryptable packets", "connection/undecryptable_test.ts", "16 packets and 24 KB"],
  ["STREAM fragments", "hardening/floods_test.ts", "crumbs of a stream"],
  [
    "Quadratic reassembly",
    "stream/receive_buffer_test.ts",
    "in reverse order, one by one, in linear time",
  ],
  [
    "Flow control and final sizes",
    "stream/receive_half_test.ts",
    "against the final size",
    "beyond the stream's or the connection's limit",
  ],
  ["Rapid reset", "stream/stream_set_test.ts", "opens and resets without end"],
  [
    "Rapid reset of requests",
    "http3/server_attack_test.ts",
    "opened and reset in masses",
    "cancelled in masses",
  ],
  [
    "ACK of skipped or unsent numbers",
    "recovery/packet_space_test.ts",
    "numbers that were never sent",
    "skipped to catch blind acknowledging",
  ],
  ["ACK ranges", "recovery/packet_space_test.ts", "256 ranges quickly"],
  ["ACK flood", "hardening/floods_test.ts", "acknowledges ranges without end"],
  ["ACKs that are never acknowledged", "hardening/floods_test.ts", "acknowledges none of 65,536"],
  ["Empty datagrams", "sim/garbage_test.ts", "Empty datagrams do not starve"],
  ["Empty datagrams and timers", "hardening/floods_test.ts", "timers however many empty datagrams"],
  ["PATH_CHALLENGE flood", "connection/multipath_frames_test.ts", "a flood of PATH_CHALLENGE"],
  [
    "NEW_CONNECTION_ID and RETIRE floods",
    "connection/multipath_frames_test.ts",
    "does not retire without end",
    "keeps no more IDs",
    "the same frame",
  ],
  [
    "Stateless reset loop",
    "sim/garbage_test.ts",
    "do not reset each other for ever",
    "at most 100 resets a second",
  ],
  ["Stateless reset tokens of zeros", "sim/closing_test.ts", "one with zeros does not"],
  ["Migration by a replayed packet", "sim/garbage_test.ts", "sent again, by anybody"],
  ["Migration from many addresses", "connection/receiver_test.ts", "few addresses of a path"],
  [
    "Key update",
    "crypto/key_phases_test.ts",
    "updates twice unanswered",
    "answers an update of the peer once",
  ],
  [
    "Limits of keys",
    "crypto/key_phases_test.ts",
    "before the confidentiality limit",
    "more packets failed than the integrity limit",
  ],
  ["Keys that are not discarded", "connection/receiver_test.ts", "when the handshake is over"],
  [
    "Coalesced packets for another ID",
    "connection/receiver_test.ts",
    "with another destination ID",
  ],
  [
    "TLS messages out of turn",
    "tls/handshake_test.ts",
    "a level that is through or not yet there",
    "second ClientHello",
  ],
  ["TLS messages changed", "tls/mutation_test.ts", "throws only TransportError"],
  [
    "0-RTT replay",
    "sim/early_data_test.ts",
    "replayed first flight",
    "lower limits than those remembered",
  ],
  [
    "Certificates",
    "tls/verify_chain_test.ts",
    "no certificate",
    "many ways through it",
    "names, wildcards",
  ],
  [
    "QPACK sections",
    "qpack/decoder_test.ts",
    "section size while decoding",
    "beyond the required insert count",
    "only so many streams wait",
  ],
  ["QPACK encoder stream", "qpack/decoder_test.ts", "encoder stream without requests"],
  ["QPACK-blocked memory", "http3/server_attack_test.ts", "so many bytes of fields that wait"],
  [
    "QPACK sections that are never acknowledged",
    "qpack/encoder_test.ts",
    "that a peer never acknowledges",
  ],
  ["QPACK settings", "http3/memory_test.ts", "the largest settings there are"],
  [
    "QPACK and control streams that take nothing",
    "http3/critical_stream_test.ts",
    "takes nothing of its critical streams",
  ],
  [
    "Fields of servers, trailers and interim responses too",
    "http3/memory_test.ts",
    "fields, trailers and interim fields of servers",
  ],
  [
    "Floods of small fields",
    "http3/memory_test.ts",
    "only so many fields, however small",
    "no more than linear time for the fields",
  ],
  ["Floods of small frames", "http3/small_frames_test.ts", "flood of small frames costs little"],
  [
    "Small pieces that hold large buffers",
    "http3/memory_test.ts",
    "handlers no small pieces",
    "CapsuleReader gives no small values",
  ],
  [
    "HTTP/3 frames",
    "http3/server_attack_test.ts",
    "reserved frame of 2^40 bytes",
    "one critical stream of each kind",
  ],
  [
    "Smuggling",
    "http3/server_attack_test.ts",
    "content to its announced length",
    "malformed requests",
  ],
  [
    "File server",
    "cli/static_files_test.ts",
    "never leaves its folder",
    "neither pipes nor devices",
  ],
  ["Slow handshakes", "sim/handshake_test.ts", "vanishes in the middle of the handshake"],
  ["Slow requests", "http3/server_attack_test.ts", "whose fields do not come"],
  [
    "Slow content",
    "http3/slow_peer_test.ts",
    "whose body does not come",
    "takes none of the response",
  ],
  ["Slow content of GET", "http3/request_content_test.ts", "that is announced and does not come"],
  [
    "Errors of one connection that close another",
    "http3/application_test.ts",
    "for a body that failed on another",
  ],
  ["Logs", "connection/qlog_frames_test.ts", "ten thousand ACK ranges"],
  [
    "Request forgery",
    "path/remote_addresses_test.ts",
    "no address that the connection itself could not have",
  ],
  ["Clock that goes back", "hardening/floods_test.ts", "clock that goes back"],
];

/** Attacks that several paths make possible. */
const MULTIPATH: readonly Row[] = [
  ["Path IDs used up", "sim/path_cycles_test.ts", "opened and abandoned by turns"],
  ["Paths opened at a rate", "hardening/paths_test.ts", "four paths a second"],
  ["Path ID above the limit", "connection/multipath_frames_test.ts", "path IDs above the limit"],
  [
    "MAX_PATH_ID that falls",
    "connection/multipath_frames_test.ts",
    "may not be below the first",
    "does not rise is ignored",
  ],
  [
    "State of abandoned paths",
    "connection/multipath_frames_test.ts",
    "a path used up",
    "a path just abandoned",
  ],
  ["Connection IDs of many paths", "hardening/paths_test.ts", "32 at the most"],
  [
    "retire_prior_to without any ID",
    "connection/multipath_frames_test.ts",
    "on a path without any ID",
  ],
  ["ID on the address of another path", "connection/receiver_test.ts", "on the address of path 0"],
  ["Nonces used twice", "crypto/packet_keys_test.ts", "never repeats over paths"],
  ["Key update over a slow path", "sim/key_update_test.ts", "20 and 800 ms"],
  [
    "PATH_ACK of what was never sent",
    "connection/multipath_frames_test.ts",
    "PATH_ACK of a",
    "numbers of one path with another's",
  ],
  ["ACK without path ID", "connection/multipath_frames_test.ts", "for path 0 on any path"],
  ["PATH_CHALLENGE on all paths", "hardening/paths_test.ts", "16 times a round trip"],
  [
    "PATH_RESPONSE of another path",
    "connection/multipath_frames_test.ts",
    "that it did not ask for",
  ],
  ["One ID under two paths", "connection/multipath_frames_test.ts", "under two path IDs"],
  [
    "Spoofed addresses on many paths",
    "hardening/paths_test.ts",
    "two of them validated at once",
    "Many connections that name one victim",
  ],
  ["ACK load on a path of unknown capacity", "sim/ack_load_test.ts", "do not drown a slow one"],
  ["Memory before validation", "hardening/paths_test.ts", "cost little memory"],
  [
    "One address after the other",
    "path/unproven_bytes_test.ts",
    "so much for all addresses together",
  ],
  ["All paths migrate at once", "hardening/paths_test.ts", "One path at a time"],
  ["Many paths over one 4-tuple", "hardening/paths_test.ts", "third path over the same 4-tuple"],
  ["PATH_ABANDON of the only path", "sim/abandon_test.ts", "may not close its only path"],
  [
    "PATH_ABANDON races",
    "sim/abandon_test.ts",
    "the same path at one moment",
    "no stateless reset",
  ],
  ["PATH_STATUS replay", "connection/multipath_frames_test.ts", "by its number only"],
  ["PATHS_BLOCKED flood", "hardening/paths_test.ts", "lead to no answers"],
  [
    "Frames outside 1-RTT",
    "connection/multipath_frames_test.ts",
    "in Initial and Handshake packets",
  ],
  ["Not negotiated", "connection/multipath_frames_test.ts", "when it was not agreed on"],
  ["Addresses without end", "path/remote_addresses_test.ts", "a thousand announcements"],
  ["Whatever else", "fuzz/fuzz_test.ts", "connectionTargets"],
];

for (const [attack, file, ...titles] of [...SINGLE_PATH, ...MULTIPATH]) {
  Deno.test(`There is a test against: ${attack}`, () => {
    const text = Deno.readTextFileSync(new URL(`../${file}`, import.meta.url));
    for (const title of titles) assert.ok(text.includes(title), `${file} has no "${title}"`);
  });
}
