import assert from "node:assert/strict";
import { readOutcomes } from "./outcome.ts";

// Each test here that is called bad would pass without `assertions.ts`.
const tests = `
  import assert from "node:assert/strict";
  const later = () => new Promise((resolve) => setTimeout(resolve, 1));
  const refused = async () => { await later(); throw new Error("no"); };

  Deno.test("good: it asserts", () => assert.equal(1, 1));
  Deno.test("good: it asserts in a step", (t) => t.step("it", () => assert.ok(true)));
  Deno.test("good: it awaits", () => assert.rejects(refused));
  Deno.test("good: it awaits several", () => Promise.all([1, 2].map(() => assert.rejects(refused))));
  Deno.test("good: it awaits at last", async () => {
    const result = assert.rejects(refused);
    await later();
    await result;
  });
  Deno.test("bad: it asserts nothing", () => {});
  Deno.test("bad: it asserts of nothing", () => [].forEach((one) => assert.equal(one, 1)));
  Deno.test("bad: it returns early", () => { if (Date.now() > 0) return; assert.fail(); });
  Deno.test("bad: it awaits nothing", async () => {
    assert.ok(true);
    void assert.rejects(refused);
    await later();
  });
  Deno.test("bad: it awaits nothing of several", async () => {
    for (const one of [1, 2]) assert.rejects(refused, String(one));
    for (let i = 0; i < 3; i++) await later();
  });`;

Deno.test("assertions.ts lets no test pass that asserts nothing, or awaits no assertion", async () => {
  const folder = await Deno.makeTempDir();
  try {
    await Deno.writeTextFile(`${folder}/some_test.ts`, tests);
    for (const preload of [[], [`--preload=${new URL("./assertions.ts", import.meta.url)}`]]) {
      const flags = ["--no-check", "--parallel", "--junit-path=results.xml", ...preload];
      await new Deno.Command(Deno.execPath(), { args: ["test", ...flags], cwd: folder }).output();
      const outcomes = readOutcomes(await Deno.readTextFile(`${folder}/results.xml`));
      assert.equal(outcomes.length, 11);
      for (const { name, ending } of outcomes) {
        const isFound = preload.length > 0 && name.startsWith("bad: ");
        assert.equal(ending, isFound ? "failed" : "passed", name);
      }
    }
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
