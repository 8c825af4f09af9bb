import assert from "node:assert/strict";
import fc from "fast-check";
import { connectionTargets } from "./connection_targets.ts";
import { frameTargets } from "./frame_targets.ts";
import { httpTargets } from "./http_targets.ts";
import { nativeTargets } from "./native_targets.ts";
import { packetTargets } from "./packet_targets.ts";

// A fixed count from a fixed seed, so that a run is either good on every machine or on none;
// `deno task fuzz` goes on with other seeds.
const seed = Number(Deno.env.get("FUZZ_SEED") ?? 1);

const targets = [packetTargets, frameTargets, httpTargets, connectionTargets, nativeTargets].flat();
for (const target of targets) {
  Deno.test(target.name, async () => {
    const details = await fc.check(target.property, { seed, numRuns: target.runs });
    assert.equal(details.failed, false, await fc.asyncDefaultReportMessage(details));
    assert.equal(details.numRuns, target.runs);
  });
}
