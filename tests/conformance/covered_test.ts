import assert from "node:assert/strict";

/** What must hold, and the tests that hold it: a file below tests, and titles in it. */
type Row = readonly [what: string, file: string, ...titles: string[]];

const RULES = "conformance/multipath_rules_test.ts";
const PATHS = "conformance/multipath_paths_test.ts";
const SCENARIOS = "conformance/multipath_scenarios_test.ts";
const FRAMES = "connection/multipath_frames_test.ts";

/** The rules of the multipath text, by section. */
const SECTIONS: readonly Row[] = [
  ["2: nothing without the agreement of both", FRAMES, "when it was not agreed on"],
  ["2.1: a limit of 0 is an agreement", RULES, "of 0 turns multipath on"],
  ["2.1: 2^32 - 1 at most", RULES, "above 2^32 - 1 is an error"],
  ["2.1: no empty connection IDs", RULES, "empty connection ID is an error"],
  ["2.1: not remembered", RULES, "not remembered for 0-RTT"],
  ["2.2: active_connection_id_limit is for each path", FRAMES, "no more IDs of a"],
  ["2.2: disable_active_migration", RULES, "of the handshake only"],
  ["2.2: preferred_address is for path 0", "sim/migration_test.ts", "server's preferred address"],
  ["2.3: PATH_ACK, for 0-RTT too", RULES, "are acknowledged by PATH_ACK"],
  ["2.3: ACK is for path 0", RULES, "acknowledge all of path 0 with ACK"],
  ["2.3: ACK on any path", FRAMES, "for path 0 on any path"],
  ["2.4: the nonce", "crypto/packet_keys_test.ts", "example of MPQUIC", "never repeats over paths"],
  ["2.5: key updates wait for the slowest path", "sim/key_update_test.ts", "20 and 800 ms"],
  ["2.6: closing and draining", RULES, "three probe timeouts of its slowest path"],
  ["3: only clients open paths", FRAMES, "path that it did not open"],
  ["3.1: IDs of a path are for that path", "connection/receiver_test.ts", "destination ID only"],
  ["3.1: a proven 4-tuple need not be proven again", PATHS, "over a 4-tuple that is proven"],
  ["3.1: no data before the proof", PATHS, "no data on a path before"],
  ["3.1: three times at most", "hardening/paths_test.ts", "two of them validated at once"],
  ["3.1: PATH_RESPONSE on the path of its challenge", "path/path_set_test.ts", "challenges the"],
  ["3.1: a path without a challenge is one", FRAMES, "first packet has no PATH_CHALLENGE"],
  ["3.1: 1200 bytes are proven as well", PATHS, "is tried with a full one"],
  ["3.1: a path that is not wanted", PATHS, "refused is abandoned on another path"],
  ["3.1: a path that fails", PATHS, "uses up its ID, and is abandoned aloud"],
  ["3.1.2: another 4-tuple moves the path", "connection/receiver_test.ts", "for a move of path 1"],
  ["3.1.2: another path ID opens one", PATHS, "ID of an unused path opens that path"],
  ["3.1.3: tokens for all addresses", "sim/new_token_test.ts", "addresses of all paths"],
  ["3.2: frames with path IDs for path 0 too", PATHS, "numbered from 0 on each"],
  ["3.2.1: IDs for all paths, without gaps", PATHS, "numbered from 0 on each, without gaps"],
  ["3.2.1: none above the limit", FRAMES, "IDs for no more paths than it allows"],
  ["3.2.1: blocked paths are told of", "path/path_set_test.ts", "has no gaps"],
  ["3.2.2: rotation within a path", SCENARIOS, "an ID is changed on one path"],
  ["3.2.2: retired IDs are replaced", FRAMES, "replaces an ID"],
  ["3.3: backups", SCENARIOS, "next to nothing on the backup"],
  ["3.3: what is needed is told", PATHS, "A backup that is needed"],
  ["3.4: PATH_ABANDON is answered until heard", "path/path_set_test.ts", "again and again, until"],
  ["3.4: before any traffic", FRAMES, "for a path nobody opened"],
  ["3.4: IDs are never used again", "sim/abandon_test.ts", "never used again"],
  ["3.4: the only path", RULES, "waits a probe timeout", "if that comes in time"],
  ["3.4.2: no spurious resets", "sim/abandon_test.ts", "cause no stateless reset"],
  [
    "3.4.3: late packets are acknowledged elsewhere",
    "hardening/abandon_test.ts",
    "acknowledged on",
  ],
  ["4: 1-RTT packets only", PATHS, "before the parameters are known", "0-RTT packets are"],
  ["4: path IDs above the limit", FRAMES, "path IDs above the limit"],
  ["4: paths that are gone", FRAMES, "a path used up", "a path just abandoned"],
  ["4.2: error codes", PATHS, "for which it got no connection ID", "is abandoned aloud"],
  ["4.3: status by number", FRAMES, "by its number only"],
  ["4.3: status of paths not open", FRAMES, "PATH_STATUS of a"],
  ["4.4: Retire Prior To for each path", SCENARIOS, "concerns the IDs of its path only"],
  ["4.6: MAX_PATH_ID", FRAMES, "may not be below the first", "does not rise is ignored"],
  ["4.7: blocked frames", FRAMES, "retirement by a", "path IDs above the limit"],
  ["5.1: rebinding keeps the path", SCENARIOS, "gets another port in the middle"],
  ["5.2: two paths over one 4-tuple", "hardening/paths_test.ts", "two are served"],
  ["5.3: coupled windows", "congestion/coupled_test.ts", "lets n equal paths grow"],
  ["5.4: round trips over foreign paths", "hardening/acks_test.ts", "whichever way"],
  ["5.7: other paths take over", "sim/failover_test.ts", "dies at 3 s"],
  ["5.8: sizes for each path", "sim/impairment_test.ts", "datagrams shrink"],
  ["5.9: idle paths", PATHS, "idle for longer than the connection"],
  ["7.1: limits of paths", "hardening/paths_test.ts", "four paths a second"],
];

/** Scenarios that other stacks try, by the names they have there. */
const OF_OTHERS: readonly Row[] = [
  ["aead", "connection/receiver_test.ts", "path ID of its destination ID only"],
  ["back: a new path", "sim/abandon_test.ts", "A lost link returns"],
  ["rotation over unequal paths", "sim/key_update_test.ts", "20 and 800 ms"],
  ["quality", "api/path_events_test.ts", "tells how its paths fare"],
  ["multipath agreed on for later", RULES, "of 0 turns multipath on"],
  ["transport parameters of others", RULES, "parameters that are not known"],
  ...[
    "basic",
    "just_one",
    "fail",
    "abandon_unopened",
    "drop_first",
    "drop_second",
    "break",
    "socket_error",
    "abandon",
    "back",
    "break_both",
    "tunnel",
    "renew",
    "cid_retire",
    "rotation",
    "nat",
    "nat_challenge",
    "sat_plus",
    "perf",
    "backup, standup",
    "discovery",
    "keep_alive",
    "monopath",
    "A peer that changes its ID on a new path and challenges it again",
  ].map((name): Row => [name, SCENARIOS, name]),
  ["race", SCENARIOS, '"race"', '"race_delayed"'],
];

for (const [what, file, ...titles] of [...SECTIONS, ...OF_OTHERS]) {
  Deno.test(`There is a test of MPQUIC, ${what}`, () => {
    const text = Deno.readTextFileSync(new URL(`../${file}`, import.meta.url));
    for (const title of titles) assert.ok(text.includes(title), `${file} has no "${title}"`);
  });
}
