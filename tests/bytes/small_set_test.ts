import assert from "node:assert/strict";
import { SmallSet } from "../../src/bytes/small_set.ts";

interface Named {
  readonly name: string;
}

const [a, b, c] = ["a", "b", "c"].map((name): Named => ({ name })) as [Named, Named, Named];

function names(set: SmallSet<Named>): string {
  return [...set].map(({ name }) => name).join("");
}

Deno.test("SmallSet keeps each member once, in the order in which they came", () => {
  const set = new SmallSet<Named>();
  assert.equal(set.first, undefined);
  for (const member of [b, b, a, c, a]) set.add(member);
  assert.equal(names(set), "bac");
  assert.equal(set.size, 3);
  assert.equal(set.first, b);
  assert.ok(set.has(a) && set.has(b) && set.has(c));
});

Deno.test("SmallSet forgets members, the last of several and the only one too", () => {
  const set = new SmallSet<Named>();
  set.add(a);
  set.delete(b); // which is none
  assert.equal(names(set), "a");
  set.add(b);
  for (const member of [a, b]) set.delete(member);
  assert.deepEqual([set.size, set.first, names(set)], [0, undefined, ""]);
  set.add(c);
  assert.deepEqual([set.size, set.has(a), set.first], [1, false, c]);
  set.delete(c);
  assert.equal(set.size, 0);
});

Deno.test("SmallSet puts a member that went and came back behind the others", () => {
  const set = new SmallSet<Named>();
  for (const member of [a, b]) set.add(member);
  set.delete(a);
  set.add(a);
  assert.equal(names(set), "ba");
});

Deno.test("SmallSet goes over members that come while it goes over them", () => {
  const set = new SmallSet<Named>();
  set.add(a);
  const seen: string[] = [];
  for (const member of set) {
    seen.push(member.name);
    set.delete(member);
    if (member === a) set.add(b);
  }
  assert.deepEqual(seen, ["a", "b"]);
  assert.equal(set.size, 0);
});
