import assert from "node:assert/strict";
import { ApplicationError } from "../../mod.ts";
import { describeError } from "../../cli/console/program.ts";

Deno.test("describeError() fits on a line, whatever was thrown", () => {
  assert.equal(describeError(new Error("one\n  two")), "one two");
  assert.equal(describeError(new RangeError("")), "RangeError");
  assert.equal(describeError(undefined), "undefined");
  const missing = new Deno.errors.NotCapable(
    'Requires read access to "x", run again with --allow-read',
  );
  assert.match(describeError(missing), /run it again with "deno run --allow-read"/);
});

Deno.test("describeError() lets no peer write to the terminal", () => {
  const said = 'closed, "\x1b]0;title\x07\x1b[2J\x9b31m\u202egnp.exe\u2028x\x7f"';
  const shown = describeError(new ApplicationError(0, said));
  assert.equal(shown, 'closed, "?]0;title??[2J?31m?gnp.exe?x?"');
  assert.equal(describeError(new Error("Grüße, 世界 👋")), "Grüße, 世界 👋");
});
