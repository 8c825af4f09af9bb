/** Tests that fail on purpose, for `trace_test.ts`: the name keeps this file out of the suite. */
import assert from "node:assert/strict";
import { Pair } from "./pair.ts";

Deno.test("one that is well", () => {
  new Pair({ seed: 1 }).connect();
});

Deno.test("one that fails: with a connection", () => {
  new Pair({ seed: 2 }).connect();
  assert.fail("on purpose");
});

Deno.test("one that fails without any", { permissions: "inherit" }, () => {
  assert.fail("on purpose");
});
