import assert from "node:assert/strict";
import { mainCommand } from "./program_runner.ts";

// How get ends while it waits for standard input, which stays open and says nothing.

const url = "https://127.0.0.1:1/";

Deno.test("one interruption ends get while it reads standard input", async () => {
  const child = mainCommand(["get", "-T", "-", url], "piped").spawn();
  const decoder = new TextDecoder();
  let said = "";
  let isStopped = false;
  for await (const chunk of child.stderr) {
    said += decoder.decode(chunk);
    if (isStopped || !/ 0 B /.test(said)) continue;
    isStopped = true; // progress is told, so signals are heard
    child.kill("SIGINT");
  }
  const { code, signal } = await child.status;
  await Promise.all([child.stdin.close(), child.stdout.cancel()]);
  assert.ok(isStopped && signal === null, "it ends by itself");
  assert.equal(code, 130);
  assert.match(said, /\nmpquic: Stopped before the end; /);
});

Deno.test("--max-time ends get while it reads standard input", async () => {
  for (const flags of [["-d", "@-"], ["-w", "@-"], ["-b", "-"]]) {
    const child = mainCommand(["get", "-s", "-S", "-m", "0.5", ...flags, url], "piped").spawn();
    const [said, { code }] = await Promise.all([
      new Response(child.stderr).text(),
      child.status,
    ]);
    await Promise.all([child.stdin.close().catch(() => {}), child.stdout.cancel()]);
    assert.equal(code, 28, flags.join(" "));
    assert.match(said, /^mpquic: Cannot finish in 0\.5 s; /);
  }
});
