import assert from "node:assert/strict";
import {
  citationsOfSources,
  findCitations,
  mustSections,
  readExceptions,
  sections,
} from "./citations.ts";

const { citations, orphans } = citationsOfSources();
const exceptions = readExceptions();
const cited = new Set(citations.map(({ standard, section }) => `${standard}, ${section}`));

Deno.test("findCitations() finds sections across lines and in rows", () => {
  const text = "// As RFC 9000, Sections 8.1,\n// 8.2 and 9 and MPQUIC, Section\n * 3.4 say.";
  const found = findCitations(text, "a.ts");
  assert.deepEqual(
    found.citations.map(({ standard, section }) => `${standard} ${section}`),
    ["RFC 9000 8.1", "RFC 9000 8.2", "RFC 9000 9", "MPQUIC 3.4"],
  );
  assert.deepEqual(found.orphans, []);
  for (const bad of ["// see Section 8.1: no", "// (RFC 9000, 8.1)"]) {
    assert.equal(findCitations(bad, "a.ts").orphans.length, 1);
  }
  assert.deepEqual(
    findCitations("(RFC 9002, Section 7 and Appendix B)", "a.ts").citations.map((c) => c.section),
    ["7", "B"],
  );
});

Deno.test("every section that the sources cite exists", () => {
  for (const { standard, section, path } of citations) {
    const table = sections[standard];
    assert.ok(table, `${path} cites ${standard}, which has no table in sections.json`);
    assert.ok(table[section], `${path} cites ${standard}, Section ${section}: there is none`);
  }
  assert.ok(citations.length > 500, `only ${citations.length} citations were found`);
});

Deno.test("no section is cited without its standard", () => {
  assert.deepEqual(orphans, []);
});

for (const [standard, numbers] of Object.entries(mustSections)) {
  Deno.test(`every section of ${standard} that says MUST is met somewhere, or excepted`, () => {
    const missing = numbers.filter((section) => {
      const key = `${standard}, ${section}`;
      return !cited.has(key) && !exceptions.has(key);
    });
    const titles = missing.map((section) => `${section} ${sections[standard]![section]}`);
    assert.deepEqual(titles, [], `neither cited nor in exceptions.md`);
  });
}

Deno.test("exceptions are about rules there are, with a reason, and not about met ones", () => {
  assert.ok(exceptions.size > 0);
  for (const [key, { heading, reason }] of exceptions) {
    const [standard, section] = key.split(", ") as [string, string];
    assert.ok(mustSections[standard]?.includes(section), `${key} says no MUST`);
    assert.ok(reason.length > 20, `${key} needs a reason`);
    const inPart = heading.startsWith("Met in part");
    assert.equal(cited.has(key), inPart, `${key} stands under "${heading}"`);
  }
});
