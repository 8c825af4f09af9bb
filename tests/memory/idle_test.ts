import assert from "node:assert/strict";
import { idleCost } from "./idle.ts";

// The short form of `deno task memory`: what is held by idle connections, without garbage.

for (const [kind, most] of [["plain", 60_000], ["http3", 80_000]] as const) {
  Deno.test(`An idle ${kind} connection costs a server less than ${most / 1_000} kB`, async () => {
    const { held } = await idleCost(kind, 60, 500, 3);
    assert.ok(held > 0 && held < most, `${held} bytes`);
  });
}
