import assert from "node:assert/strict";
import { RunningServer } from "../cli/program_runner.ts";
import { findBrowser, removeProfile } from "./browser.ts";

const program = findBrowser();
/** Milliseconds that a browser may take to start on a busy machine. */
const PATIENCE = 60_000;

/** Addresses to listen on; the last one, if the machine has it, is no loopback address. */
function* hosts(): Generator<string> {
  yield "127.0.0.1";
  yield "0.0.0.0";
  const all = Deno.networkInterfaces().map(({ address }) => address);
  if (all.includes("::1")) yield "::1";
  const other = all.find((address) => /^(?!fe[89ab])[\da-f]*:(?!:1$)/i.test(address));
  if (other !== undefined) yield other;
}

/** Starts Chromium as a shell would, with what the server says. */
function start(flags: string, profile: string): Deno.ChildProcess {
  const own = flags.replace(/--user-data-dir=\S+/, `--user-data-dir=${profile}`);
  const headless = "--headless --no-sandbox --disable-gpu --disable-dev-shm-usage";
  const command = `exec ${program} ${headless} --remote-debugging-port=0 ${own}`;
  const pipes = { stdin: "null", stdout: "null", stderr: "null" } as const;
  return new Deno.Command("sh", { args: ["-c", command], ...pipes }).spawn();
}

Deno.test({
  name: "Chromium loads a page with the flags that the server prints, wherever that listens",
  ignore: !program,
}, async (test) => {
  const folder = await Deno.makeTempDir();
  await Deno.writeTextFile(
    `${folder}/index.html`,
    "<title>here</title><script src=seen.js></script>",
  );
  await Deno.writeTextFile(`${folder}/seen.js`, "fetch(`shown-${document.title}`)");
  for (const host of hosts()) {
    await test.step(host, async () => {
      const profile = await Deno.makeTempDir({ prefix: "mpquic-browser-" });
      await using server = await RunningServer.start("--host", host, "-p", "0", "-v", folder);
      const [, flags] = /Chromium accepts it with: (.*)\n/.exec(server.text)!;
      const browser = start(flags!, profile);
      try {
        const deadline = performance.now() + PATIENCE;
        while (!server.text.includes("/shown-here 404") && performance.now() < deadline) {
          await new Promise((resolve) => setTimeout(resolve, 50));
        }
        assert.match(server.text, /^GET https:.*\/shown-here 404$/m);
      } finally {
        browser.kill("SIGTERM");
        await browser.status;
        await removeProfile(profile);
      }
    });
  }
  await Deno.remove(folder, { recursive: true });
});
