import assert from "node:assert/strict";
import { linkOf } from "./pair.ts";
import { timeOf } from "./transfers.ts";

for (const direction of ["download", "upload"] as const) {
  Deno.test(`Two paths make a ${direction} of 1 MB at least 1.6 times as fast as one`, () => {
    const links = [linkOf(10, 44), linkOf(10, 44)];
    const one = timeOf({ links: links.slice(1) }, 1_000_000, direction);
    const factor = one / timeOf({ links }, 1_000_000, direction);
    assert.ok(factor >= 1.6, `${factor.toFixed(3)}`);
  });
}
