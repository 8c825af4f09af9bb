import assert from "node:assert/strict";
import { linkOf, Pair } from "./pair.ts";
import { begin, expectOpen } from "./transfers.ts";

const JUMBO = 8_952;

/** A pair over a link of jumbo frames, whose sockets say that they carry them. */
function jumboPair(megabits: number, rtt: number): Pair {
  const pair = new Pair({ links: [linkOf(megabits, rtt, { mtu: 9_000 })] });
  for (const { host } of [pair.client, pair.server]) {
    for (const port of host.ports) Object.assign(port, { largestTo: () => JUMBO });
  }
  return pair.connect();
}

Deno.test("Jumbo frames are tried in the middle of data that leave one by one", () => {
  // The pacer of a slower link lets several leave at a time.
  const pair = jumboPair(1_000, 10);
  begin(pair, 50_000_000, "upload");
  pair.run({ until: pair.now + 300 });
  assert.equal(pair.client.connection.paths.find(0)!.maxDatagramSize, JUMBO);
});

Deno.test("Data go on over a link whose frames become those of Ethernet", () => {
  const pair = jumboPair(100, 20);
  const finished = begin(pair, 20_000_000, "upload");
  pair.run({ until: pair.now + 1_000 });
  pair.links[0]!.set({ mtu: 1_500 });
  const from = pair.now;
  pair.run({ until: from + 10_000, when: () => finished() < Infinity });
  expectOpen(pair);
  assert.ok(finished() - from < 4_000, `${finished() - from} ms`);
  assert.equal(pair.client.connection.paths.find(0)!.maxDatagramSize, 1_452);
});
