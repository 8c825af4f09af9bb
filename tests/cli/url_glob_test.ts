import assert from "node:assert/strict";
import { Failure } from "../../cli/console/failure.ts";
import { expandGlob, fillGlob } from "../../cli/get/url_glob.ts";

const texts = (pattern: string) => expandGlob(pattern).map(({ text }) => text);

Deno.test("expandGlob() gives what braces and brackets stand for, the last ones first", () => {
  assert.deepEqual(texts("a/{x,y}[1-3:2]"), ["a/x1", "a/x3", "a/y1", "a/y3"]);
  assert.deepEqual(texts("[008-010]"), ["008", "009", "010"]);
  assert.deepEqual(texts("[8-10]"), ["8", "9", "10"]);
  assert.deepEqual(texts("[a-e:2]{,!}"), ["a", "a!", "c", "c!", "e", "e!"]);
  assert.deepEqual(texts("[5-5]"), ["5"]);
  assert.deepEqual(expandGlob("{x,y}z[1-1]")[1], { text: "yz1", parts: ["y", "1"] });
  assert.deepEqual(texts(""), [""]);
});

Deno.test("expandGlob() leaves escapes, IPv6 addresses and empty brackets as text", () => {
  assert.deepEqual(texts("\\{a\\}\\[1-2\\]\\x"), ["{a}[1-2]\\x"]);
  assert.deepEqual(texts("{a\\,b,c\\}}"), ["a,b", "c}"]);
  assert.deepEqual(texts("https://[::1]:443/[1-2]"), [
    "https://[::1]:443/1",
    "https://[::1]:443/2",
  ]);
  assert.deepEqual(texts("https://[fe80::1%25eth0]/?a[]=1"), ["https://[fe80::1%25eth0]/?a[]=1"]);
});

Deno.test("expandGlob() refuses what it cannot read, and what is too much, and says where", () => {
  const wrong: readonly (readonly [pattern: string, message: RegExp])[] = [
    ["a{b", /"\{" has no end, at character 2/],
    ["a}", /"\}" has no beginning, at character 2/],
    ["a]", /"\]" has no beginning/],
    ["{}", /nothing between the braces/],
    ["{a{b}}", /do not go into each other/],
    ["[1-]", /no range such as \[1-10\]/],
    ["[1-2", /no range/],
    ["[1-a]", /two numbers or two letters/],
    ["[3-1]", /from less to more/],
    ["[1-3:0]", /in such steps/],
    ["[1-3:3]", /in such steps/],
    ["[2-2:2]", /in such steps/],
    ["[A-z]", /in such steps/],
    ["[0-4294967295]", /more than 100000 numbers/],
    ["[1-1000][1-1000]", /stands for 1000000 URLs/],
  ];
  for (const [pattern, message] of wrong) {
    assert.throws(() => expandGlob(pattern), (error) => {
      assert.ok(error instanceof Failure && error.curlCode === 3);
      assert.match(error.message, message);
      return true;
    }, pattern);
  }
});

Deno.test("fillGlob() puts in what stands for the braces, and leaves other numbers", () => {
  assert.equal(fillGlob("#2-#1#1-#3-#0-#", ["a", "b"]), "b-aa-#3-#0-#");
  assert.equal(fillGlob("#1", ["#2", "x"]), "#2", "what is put in is not looked at again");
});
