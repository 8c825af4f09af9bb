import assert from "node:assert/strict";
import { attacks } from "./attacks.ts";
import { ProcessMeter } from "./process_meter.ts";
import { runAttack, SHORT } from "./run_attack.ts";
import { Site } from "./site.ts";
import { boundText, holds } from "./table.ts";

// The short form of `deno task attack`: the programs are attacked in processes of their own.

for (const attack of attacks) {
  const { name, row, short } = attack;
  if (short === undefined) continue;
  Deno.test(`${row}: honest clients fare well beside ${name}`, {
    // What a process uses is told by the system in its own way.
    ignore: !ProcessMeter.works,
  }, async () => {
    await using site = await Site.make(short.entries);
    const result = await runAttack(attack, short, site, SHORT);
    const missed = attack.bounds(result).filter((bound) => !holds(bound));
    const why = [...missed.map(boundText), ...new Set(result.honest.failures)].join("\n");
    assert.equal(missed.length, 0, why);
  });
}
