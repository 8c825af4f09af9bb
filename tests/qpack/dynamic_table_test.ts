import assert from "node:assert/strict";
import { DynamicTable } from "../../src/qpack/dynamic_table.ts";

function filled(capacity: number, count: number): DynamicTable {
  const table = new DynamicTable();
  table.resize(capacity);
  for (let i = 0; i < count; i++) assert.ok(table.insert("n", String(i)));
  return table;
}

Deno.test("DynamicTable.insert() evicts the oldest lines and keeps absolute indices", () => {
  const table = filled(3 * 34, 5);
  assert.equal(table.insertCount, 5);
  assert.equal(table.oldest, 2);
  assert.equal(table.size, 3 * 34);
  assert.equal(table.get(1), undefined);
  assert.equal(table.get(2)!.value, "2");
  assert.equal(table.get(4)!.value, "4");
  assert.equal(table.get(5), undefined);
  assert.equal(table.get(-1), undefined);
});

Deno.test("DynamicTable.insert() refuses a line that could never fit and changes nothing", () => {
  const table = filled(68, 2);
  assert.equal(table.insert("n", "x".repeat(36)), false);
  assert.equal(table.size, 68);
  assert.equal(table.insert("n", "x".repeat(35)), true);
  assert.equal(table.oldest, 2);
});

Deno.test("DynamicTable.resize() evicts down to the new capacity", () => {
  const table = filled(340, 10);
  table.resize(100);
  assert.equal(table.oldest, 8);
  table.resize(0);
  assert.equal(table.size, 0);
  assert.equal(table.oldest, 10);
  assert.equal(table.insert("", ""), false);
});

Deno.test("DynamicTable.find() returns the youngest match below an index", () => {
  const table = filled(340, 4);
  table.insert("n", "1");
  assert.equal(table.find("n", "1", 5), 4);
  assert.equal(table.find("n", "1", 4), 1);
  assert.equal(table.find("n", undefined, 3), 2);
  assert.equal(table.find("n", "3", 3), -1);
  assert.equal(table.find("m", undefined, 5), -1);
});

Deno.test("DynamicTable.evictionsFor() counts what would have to go", () => {
  const table = filled(102, 3);
  assert.equal(table.evictionsFor(0), 0);
  assert.equal(table.evictionsFor(1), 1);
  assert.equal(table.evictionsFor(35), 2);
  assert.equal(table.evictionsFor(103), -1);
});
