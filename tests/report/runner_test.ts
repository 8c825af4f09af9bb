import assert from "node:assert/strict";
import { countLine, Runner, type RunResult } from "./runner.ts";

const fine = `Deno.test("is fine", () => {});`;
const unlucky = `Deno.test("has bad luck once", () => {
  try {
    Deno.writeTextFileSync("been", "", { createNew: true });
  } catch {
    return;
  }
  throw new Error("no luck");
});`;

/** Runs files of tests, by name. */
async function run(files: Record<string, string>): Promise<RunResult> {
  const folder = await Deno.makeTempDir();
  try {
    for (const [name, text] of Object.entries(files)) {
      await Deno.writeTextFile(`${folder}/${name}_test.ts`, text);
    }
    await using runner = await Runner.open(folder, ["--no-check"], () => {});
    return await runner.run(["-q", "--parallel"]);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

Deno.test("Runner runs a file once more that fails beside others, and counts its tests once", async () => {
  const result = await run({ fine, unlucky: `${unlucky}\n${fine}` });
  assert.equal(result.succeeded, true);
  assert.equal(countLine([result]), "3 passed, 0 failed, 0 skipped");
});

Deno.test("Runner fails with what fails by itself, too", async () => {
  const broken = `Deno.test("is broken", () => { throw new Error("broken"); });`;
  const result = await run({ fine, unlucky, broken });
  assert.equal(result.succeeded, false);
  assert.equal(countLine([result]), "2 passed, 1 failed, 0 skipped");
});

Deno.test("Runner fails with a file that throws outside its tests, whatever else has bad luck", async () => {
  const thrown = `throw new Error("at once");`;
  const beside = await run({ fine, unlucky, thrown });
  assert.deepEqual([beside.succeeded, countLine([beside])], [
    false,
    "2 passed, 1 failed, 0 skipped",
  ]);
  const alone = await run({ fine, thrown });
  assert.deepEqual([alone.succeeded, countLine([alone])], [false, "1 passed, 1 failed, 0 skipped"]);
  const late = `${fine}\nsetTimeout(() => { throw new Error("late"); }, 0);
    Deno.test("waits", () => new Promise((resolve) => setTimeout(resolve, 1_000)));`;
  assert.equal((await run({ unlucky, late })).succeeded, false);
});

Deno.test("Runner does not run again what fails in too many files", async () => {
  const files: Record<string, string> = {};
  for (let i = 0; i < 13; i++) files[i] = unlucky.replaceAll("been", `been${i}`);
  const result = await run(files);
  assert.equal(result.succeeded, false);
  assert.equal(countLine([result]), "0 passed, 13 failed, 0 skipped");
});

Deno.test("Runner counts files that cannot be loaded as failed, and runs the others", async () => {
  const missing = `import "./is_missing.ts";\n${fine}`;
  const indirect = `import "./missing_test.ts";\n${fine}`;
  const garbled = `export const x = ;`;
  const late = `await import("./is_missing.ts");`;
  const result = await run({ fine, unlucky, missing, indirect, garbled, late });
  assert.equal(result.succeeded, false);
  assert.deepEqual(
    [...result.uncaught].sort(),
    ["garbled", "indirect", "late", "missing"].map((name) => `./${name}_test.ts`),
  );
  assert.equal(countLine([result]), "2 passed, 4 failed, 0 skipped");
  assert.equal(countLine([await run({ missing })]), "0 passed, 1 failed, 0 skipped");
});

Deno.test("Runner says so if no test runs", async () => {
  await assert.rejects(run({}), /No test has run/);
});
