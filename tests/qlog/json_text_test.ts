import assert from "node:assert/strict";
import { JsonText } from "../../src/qlog/json_text.ts";

Deno.test("JsonText writes nested objects and lists that JSON.parse reads", () => {
  const json = new JsonText().open().number("a", 1).open("b").word("c", "d").close();
  json.openList("e").rangeItem(2, 5).rangeItem(7, 7).open().flag("f", true).close();
  json.wordItem("x").closeList().openList("g").closeList().open("h").close().number("i", -1.5);
  assert.deepEqual(JSON.parse(json.close().take()), {
    a: 1,
    b: { c: "d" },
    e: [[2, 5], [7], { f: true }, "x"],
    g: [],
    h: {},
    i: -1.5,
  });
});

Deno.test("JsonText leaves out numbers that are not finite and rounds times to microseconds", () => {
  const json = new JsonText().open().number("a", Infinity).number("b", NaN).time("c", 1.23456);
  assert.equal(json.close().take(), '{"c":1.235}');
});

Deno.test("JsonText escapes and cuts the texts of others", () => {
  const evil = `"},{"x":"\u001e\n\u0000\ud800` + "y".repeat(10_000);
  const text = new JsonText().open().text("reason", evil).close().take();
  assert.ok(text.length < 1_700, `${text.length}`);
  assert.ok(!text.includes("\u001e") && !text.includes("\n"));
  assert.deepEqual(Object.keys(JSON.parse(text)), ["reason"]);
});

Deno.test("JsonText.take() gives what was written and begins again", () => {
  const json = new JsonText();
  assert.equal(json.open().number("a", 1).close().take(), '{"a":1}');
  assert.equal(json.open().number("b", 2).close().take(), '{"b":2}');
});
