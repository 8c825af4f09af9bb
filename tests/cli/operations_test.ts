import assert from "node:assert/strict";
import { Failure } from "../../cli/console/failure.ts";
import { configWords } from "../../cli/get/config_file.ts";
import { getFlags } from "../../cli/get/get_flags.ts";
import { readOperations } from "../../cli/get/get_options.ts";
import { splitOperations } from "../../cli/get/operations.ts";

const files: Record<string, string> = {
  one: 'url = "a"\n-K two\n',
  two: "next\nurl b\nsilent\n",
  loop: "-K loop",
};
const split = (...args: string[]) => splitOperations(getFlags, args, (path) => files[path]!);
const words = (text: string) => configWords(text, "f", getFlags);

Deno.test("splitOperations() gives each operation its flags, and those for all to all", () => {
  assert.deepEqual(split("-sSd", "-:", "u"), [["-s", "-S", "-d", "-:", "u"]]);
  assert.deepEqual(split("a", "-vo", "x", "-:", "b", "--next", "--url=c", "-Z"), [
    ["-v", "-Z", "a", "-o", "x"],
    ["-v", "-Z", "b"],
    ["-v", "-Z", "--url=c"],
  ]);
  assert.deepEqual(split("a", "--", "-:", "-K"), [["a", "--", "-:", "-K"]]);
  assert.deepEqual(split("-Kone", "-i"), [["--silent", "--url=a"], ["--silent", "--url=b", "-i"]]);
});

Deno.test("splitOperations() refuses what has no URL before it, and files without end", () => {
  assert.throws(() => split("-:", "a"), /no URL stands before it/);
  assert.throws(() => split("a", "-:", "-i", "-:", "b"), /no URL stands before it/);
  assert.throws(() => split("-K", "loop"), /without end/);
  assert.throws(() => split("a", "-K"), /write -K FILE/);
  assert.throws(() => readOperations(["https://h/", "-:"]), /without a URL/);
});

Deno.test("readOperations() counts URLs over all operations, and understands all before any", () => {
  const operations = readOperations(["https://h/{1,2}", "-:", "https://h/3", "https://h/4"]);
  assert.ok(typeof operations === "object");
  assert.deepEqual(operations.map(({ jobs }) => jobs.map(({ number }) => number)), [[0, 0], [
    1,
    2,
  ]]);
  assert.throws(() => readOperations(["https://h/", "-:", "-4", "-6", "https://h/"]), /-4 and -6/);
  assert.equal(readOperations(["https://h/", "-:", "-h"]), "help");
});

Deno.test("configWords() reads lines as curl does", () => {
  assert.deepEqual(words('# no\n\n  url = "a b"  # c\nurl: x\r\nurl=y # c\nurl   z'), [
    "--url=a b",
    "--url=x",
    "--url=y",
    "--url=z",
  ]);
  assert.deepEqual(words('-sSo "a\\tb\\\\\\"\\n"\n--url u\n--url=v\nsilent'), [
    ...["-s", "-S", '--output=a\tb\\"\n', "--url=u", "--url=v", "--silent"],
  ]);
  assert.deepEqual(words('user-agent ""\ndata = -v\ndata="no end'), [
    ...["--user-agent=", "--data=-v", "--data=no end"],
  ]);
});

Deno.test("configWords() refuses what curl only warns of, and says where", () => {
  const wrong: readonly (readonly [text: string, message: RegExp])[] = [
    ["\nfoo = bar", /line 2 of f, "foo = bar": there is no such flag/],
    ["https://h/", /no such flag/],
    ["= x", /names no flag/],
    ["url", /write URL behind it/],
    ["url = a b", /double quotes/],
    ["silent yes", /takes no value/],
    ["K x", /no such flag/],
  ];
  for (const [text, message] of wrong) {
    assert.throws(() => words(text), (error) => {
      assert.ok(error instanceof Failure && error.exitCode === 2);
      assert.match(error.message, message);
      return true;
    }, text);
  }
});
