import assert from "node:assert/strict";
import { checkTrace, readTrace } from "../qlog/read_trace.ts";

Deno.test("SIM_QLOG makes simulations that fail, and only these, leave their traces", async () => {
  const folder = await Deno.makeTempDir();
  try {
    const file = new URL("./failing_trace.ts", import.meta.url).pathname;
    const { success, stdout } = await new Deno.Command(Deno.execPath(), {
      args: ["test", "-A", "--no-check", file],
      env: { SIM_QLOG: folder, NO_COLOR: "1" },
    }).output();
    const report = new TextDecoder().decode(stdout);
    assert.ok(!success && report.includes("1 passed | 2 failed"), report);
    assert.deepEqual([...Deno.readDirSync(folder)].map(({ name }) => name), [
      "one_that_fails_with_a_connection",
    ]);
    const left = `${folder}/one_that_fails_with_a_connection`;
    assert.ok(report.includes(left));
    const names = [...Deno.readDirSync(left)].map(({ name }) => name).sort();
    assert.equal(names.length, 2);
    for (const name of names) {
      const trace = readTrace(await Deno.readTextFile(`${left}/${name}`));
      checkTrace(trace);
      assert.ok(trace.events.length > 20);
    }
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
