import assert from "node:assert/strict";
import { describeError } from "../../cli/program.ts";

Deno.test("describeError() fits on a line, whatever was thrown", () => {
  assert.equal(describeError(new Error("one\n  two")), "one two");
  assert.equal(describeError(new RangeError("")), "RangeError");
  assert.equal(describeError(undefined), "undefined");
  const missing = new Deno.errors.NotCapable(
    'Requires read access to "x", run again with --allow-read',
  );
  assert.match(describeError(missing), /run it again with "deno run --allow-read"/);
});
