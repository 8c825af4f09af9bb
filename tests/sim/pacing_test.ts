import assert from "node:assert/strict";
import { bbr } from "../../src/congestion/bbr.ts";
import { intercept } from "../../src/sim/intercept.ts";
import { linkOf, Pair } from "./pair.ts";

/** Datagrams of a download by a server that paces all of it, and the times at which they left. */
function pacedDownload(megabits: number): { readonly datagrams: number; readonly turns: number } {
  const serverConfig = { congestionControl: bbr };
  const pair = new Pair({ links: [linkOf(megabits, 44)], serverConfig }).connect();
  const { events } = pair.world.network;
  const times = new Set<number>();
  let datagrams = 0;
  intercept(pair.links[0]!.downward, events, () => {
    times.add(events.now);
    datagrams++;
    return "pass";
  });
  const transfer = pair.client.app.download(megabits * 250_000);
  pair.run({ until: 20_000, when: () => transfer.isDone });
  assert.ok(transfer.isDone);
  assert.ok(transfer.duration < 2_400, `${transfer.duration} ms`);
  return { datagrams, turns: times.size };
}

// Each acknowledgement, one for two datagrams, makes a turn in which some may leave.
Deno.test("Datagrams that the pacer holds back share the turns of the event loop", () => {
  for (const megabits of [10, 50]) {
    const { datagrams, turns } = pacedDownload(megabits);
    assert.ok(turns < 0.6 * datagrams, `${megabits} Mbit/s: ${turns} for ${datagrams} datagrams`);
  }
});
