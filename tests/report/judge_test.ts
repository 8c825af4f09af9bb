import assert from "node:assert/strict";
import { judge, type LawfulSkip } from "./judge.ts";
import { note, NOTES, readNotes } from "./notes.ts";
import { type Outcome, readOutcomes } from "./outcome.ts";
import { family } from "./requirement.ts";

const rules = family("rule", [
  ["first", "The first thing holds"],
  ["second thing", "The second thing holds", 2],
]);

const good = `
  Deno.test("it works [rule first]", () => {});
  for (const side of ["client", "server"]) {
    Deno.test("a " + side + " works, too [rule second thing] [other tag]", async (t) => {
      await t.step("in a step [rule first]", () => {});
    });
  }
  Deno.test("it has 'quotes', \\"others\\", <tags> & more", () => {});
  Deno.test("it is of no requirement", () => {});`;

/** What the runner says of a file of tests, and whether it is content. */
async function run(text: string, ...flags: string[]): Promise<[Outcome[], boolean]> {
  const folder = await Deno.makeTempDir();
  try {
    await Deno.writeTextFile(`${folder}/some_test.ts`, text);
    const { success } = await new Deno.Command(Deno.execPath(), {
      args: ["test", "--no-check", "--parallel", "--junit-path=results.xml", ...flags],
      cwd: folder,
    }).output();
    return [readOutcomes(await Deno.readTextFile(`${folder}/results.xml`)), success];
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

/** What is wrong with the requirements after such a run. */
async function faults(text: string, ...flags: string[]): Promise<readonly string[]> {
  assert.notEqual(text === good && flags.length === 0, true, "it must differ");
  return judge((await run(text, ...flags))[0], [rules], []).faults;
}

Deno.test("readOutcomes() reads what the runner wrote, steps as steps", async () => {
  const [outcomes, success] = await run(`${good}
    Deno.test.ignore("not this", () => {});
    Deno.test("nor this", () => { throw new Error("<testcase name='x'></testcase>"); });
    Deno.test("nor this step", async (t) => { await t.step("of it", () => { throw 1; }); });`);
  assert.equal(success, false);
  const names = outcomes.map(({ name, ending, isStep }) =>
    `${ending}${isStep ? " step" : ""} ${name}`
  );
  assert.deepEqual(names.sort(), [
    "failed nor this",
    "failed nor this step",
    "failed step nor this step > of it",
    "passed a client works, too [rule second thing] [other tag]",
    "passed a server works, too [rule second thing] [other tag]",
    "passed it has 'quotes', \"others\", <tags> & more",
    "passed it is of no requirement",
    "passed it works [rule first]",
    "passed step a client works, too [rule second thing] [other tag] > in a step [rule first]",
    "passed step a server works, too [rule second thing] [other tag] > in a step [rule first]",
    "skipped not this",
  ]);
  assert.ok(outcomes.every(({ file }) => file === "./some_test.ts"));
});

Deno.test("readOutcomes() refuses what is cut off or something else", () => {
  assert.throws(() => readOutcomes(""), /no JUnit text/);
  const cut = '<testsuites name="deno test" tests="2"><testcase name="a" classname="b"></testcase>';
  assert.throws(() => readOutcomes(cut), /1 of 2 cases/);
});

Deno.test("judge() is content with requirements whose tests have passed", async () => {
  const [outcomes, success] = await run(good);
  assert.equal(success, true);
  const { lines, faults } = judge(outcomes, [rules], []);
  assert.deepEqual(faults, []);
  assert.deepEqual(lines, ["rule: 2 of 2 requirements are held"]);
});

Deno.test("judge() misses a tagged test that is ignored", async () => {
  const [skip, fault] = await faults(good.replace("Deno.test(", "Deno.test.ignore("));
  assert.match(skip!, /^skipped without a reason: .*"it works \[rule first\]"/);
  assert.match(fault!, /^\[rule first\] The first thing holds: skipped .*"it works/);
});

Deno.test("judge() misses tagged tests that are filtered out", async () => {
  const found = await faults(good, "--filter=a client");
  assert.ok(found.some((fault) => fault.startsWith("[rule first] ")));
  assert.ok(found.some((fault) => /^\[rule second thing\] .*: skipped .*a server/.test(fault)));
});

Deno.test("judge() misses a test that lost its tag, one that is gone, and a file that is", async () => {
  assert.deepEqual(await faults(good.replace("[rule first]", "")), [
    "[rule first] The first thing holds: 1 tests must have this tag, and have it: none",
  ]);
  const [fault, ...more] = await faults(good.replace('"client", "server"', '"client"'));
  assert.deepEqual(more, []);
  assert.match(fault!, /^\[rule second thing\] .*: 2 tests must have this tag, .*"a client works/);
  assert.equal(judge([], [rules], []).faults.length, 2);
});

Deno.test("judge() misses a tagged test that fails, or whose file does", async () => {
  const [failed] = await faults(good.replace("() => {}", '() => { throw new Error("no"); }'));
  assert.match(failed!, /^\[rule first\] The first thing holds: failed .*"it works/);
  assert.equal((await faults(`${good}\nthrow new Error("no");`)).length, 2);
});

Deno.test("judge() refuses tags that no requirement has, and more tests than one names", async () => {
  const [missing, unknown] = await faults(good.replace("[rule first]", "[rule frist]"));
  assert.match(missing!, /^\[rule first\]/);
  assert.match(unknown!, /^no requirement has the tag \[rule frist\]/);
  const [fault] = await faults(`${good}\nDeno.test("again [rule first]", () => {});`);
  assert.match(fault!, /1 tests must have this tag, and have it: .*; .*again/);
});

Deno.test("judge() tells which requirements are untested for a lawful reason, and no others", async () => {
  const [outcomes] = await run(good.replace("Deno.test(", "Deno.test.ignore("));
  const lawful: LawfulSkip = {
    file: "./some_test.ts",
    name: "it works [rule first]",
    reason: "there is no room",
    isMissing: true,
  };
  const other = { ...lawful, name: /^/, isMissing: false };
  const { lines, faults } = judge(outcomes, [rules], [other, lawful]);
  assert.deepEqual(faults, []);
  assert.deepEqual(lines, [
    "rule: 1 of 2 requirements are held",
    "untested: [rule first] The first thing holds: there is no room",
    'skipped, since there is no room: ./some_test.ts "it works [rule first]"',
  ]);
  const others: Partial<LawfulSkip>[] = [
    { isMissing: false },
    { name: "it works" },
    { name: /^it fails/ },
    { file: /other_test/ },
  ];
  for (const change of others) {
    assert.equal(judge(outcomes, [rules], [{ ...lawful, ...change }]).faults.length, 2);
  }
});

Deno.test("judge() holds what some notes or tests hold, however many, and not what none does", () => {
  const folder = Deno.makeTempDirSync();
  const notes = `${folder}/notes`;
  const before = Deno.env.get(NOTES);
  try {
    assert.deepEqual(readNotes(notes), []);
    Deno.env.set(NOTES, notes);
    for (const tag of ["flag --one", "flag --two", "flag --one"]) note(tag);
    assert.deepEqual(readNotes(notes), ["flag --one", "flag --two"]);
    Deno.env.delete(NOTES);
    note("flag --three");
    assert.equal(readNotes(notes).length, 2);
  } finally {
    if (before !== undefined) Deno.env.set(NOTES, before);
    Deno.removeSync(folder, { recursive: true });
  }
  const flags = family("flag", [["--one", "The first", "some"], ["--three", "The third", "some"]]);
  const outcome = { file: "a note", isStep: false, ending: "passed" } as const;
  const twice = [{ ...outcome, name: "[flag --one]" }, { ...outcome, name: "again [flag --one]" }];
  assert.deepEqual(judge(twice, [flags], []).faults, [
    "[flag --three] The third: some tests must have this tag, and have it: none",
  ]);
});

Deno.test("family() refuses ids that stand there twice, or cannot be a tag", () => {
  assert.throws(() => family("rule", [["a", "A"], ["a", "B"]]), /two requirements apart: rule a/);
  assert.throws(() => family("rule", [["a]", "A"]]), /in a tag/);
});
