import assert from "node:assert/strict";
import { type Flag, readFlags } from "../../cli/flags/flags.ts";
import { spreadLetters } from "../../cli/flags/letters.ts";

const flags: readonly Flag[] = [
  { name: "silent", short: "s", help: "" },
  { name: "insecure", short: "k", help: "" },
  { name: "output", short: "o", value: "FILE", help: "" },
  { name: "scheduler", short: "sc", value: "NAME", help: "" },
];

Deno.test("spreadLetters() takes bundles apart as curl does", () => {
  const spread = (...args: string[]) => spreadLetters(flags, args, "letters");
  assert.deepEqual(spread("-sk"), ["-s", "-k"]);
  assert.deepEqual(spread("-skofile"), ["-s", "-k", "--output=file"]);
  assert.deepEqual(spread("-sko", "-sk"), ["-s", "-k", "-o", "-sk"]);
  assert.deepEqual(spread("-o", "-sk", "-sk"), ["-o", "-sk", "-s", "-k"]);
  assert.deepEqual(spread("--output", "-sk"), ["--output", "-sk"]);
  assert.deepEqual(spread("-", "--", "-sk"), ["-", "--", "-sk"]);
  assert.deepEqual(spread("-sx"), ["-sx"], "what is unknown stays, to be told of");
  assert.throws(() => spread("-silent"), /did you mean --silent\?/);
});

Deno.test("spreadLetters() leaves names of 2018 with one dash alone", () => {
  const spread = (...args: string[]) => spreadLetters(flags, args, "go");
  assert.deepEqual(spread("-sk"), ["-s", "-k"]);
  assert.deepEqual(spread("-sc", "-sk"), ["-sc", "-sk"]);
  assert.deepEqual(spread("-sc=-sk"), ["-sc=-sk"]);
  assert.deepEqual(spread("-silent", "-ofile"), ["-silent", "-ofile"]);
});

Deno.test("readFlags() tells in which order flags of both kinds were given", () => {
  const { order, rest } = readFlags("p", flags, ["-so", "a", "x", "--output=b=c"], "letters");
  assert.deepEqual(order, [["silent"], ["output", "a"], ["output", "b=c"]]);
  assert.deepEqual(rest, ["x"]);
});
