import assert from "node:assert/strict";
import { readServerOptions } from "../../cli/server/server_options.ts";
import { exactly } from "../permissions/permission_line.ts";
import { hasStrace } from "./installed.ts";
import { RunningServer } from "./program_runner.ts";
import { fetch } from "../../mod.ts";
import { hasSystemd, systemd } from "./systemd.ts";

// The files by which the server is run as a service.

const folder = new URL("../../docs/", import.meta.url);
const unit = Deno.readTextFileSync(new URL("mpquic.service", folder));
const image = Deno.readTextFileSync(new URL("Containerfile", folder));

/** What the server makes of words of a command line. */
function optionsOf(words: readonly string[]) {
  const options = readServerOptions(words.slice(words.indexOf("serve") + 1));
  assert.ok(typeof options === "object");
  return options;
}

/** The value of a setting of the unit. */
function setting(name: string): string {
  return new RegExp(`^${name}=(.*)$`, "m").exec(unit.replaceAll(/\\\n\s*/g, ""))![1]!;
}

Deno.test("the unit starts the server as it understands it, and waits for its end", () => {
  const words = setting("ExecStart").split(/\s+/);
  const { port, tcp, www, accessLog, drain } = optionsOf(words);
  assert.deepEqual([port, tcp, www], [443, true, "/srv/files"]);
  assert.ok(1_000 * Number(setting("TimeoutStopSec")) > drain + 10_000);
  assert.ok(accessLog!.startsWith(`/var/log/${setting("LogsDirectory")}/`));
  assert.equal(setting("MemoryDenyWriteExecute"), "no");
});

Deno.test("the image starts the server as it understands it", () => {
  const lists = [...image.replaceAll("\\\n", "").matchAll(/^(?:ENTRYPOINT|CMD) (.*)$/gm)];
  const words = lists.flatMap(([, list]) => JSON.parse(list!) as string[]);
  const { port, tcp, www, drain } = optionsOf(words);
  assert.deepEqual([port, tcp, www, drain], [443, true, "/files", 60_000]);
});

Deno.test({
  name: "systemd takes the unit without a word, and finds little exposed",
  ignore: !hasSystemd,
  async fn() {
    const path = await Deno.makeTempDir();
    try {
      const file = `${path}/mpquic.service`;
      // The program that the unit names need not be there.
      await Deno.writeTextFile(file, unit.replace("/usr/local/bin/deno", Deno.execPath()));
      const { code, stderr } = await systemd("verify", file);
      assert.equal(new TextDecoder().decode(stderr), "");
      assert.equal(code, 0);
      const security = await systemd("security", "--offline=yes", "--threshold=30", file);
      assert.equal(security.code, 0, new TextDecoder().decode(security.stdout));
    } finally {
      await Deno.remove(path, { recursive: true });
    }
  },
});

/** Whether system calls can be counted here. */
/** The system calls of a set of systemd, those of sets within it as well. */
async function callsOf(set: string): Promise<string[]> {
  if (!set.startsWith("@")) return [set];
  const text = new TextDecoder().decode((await systemd("syscall-filter", set)).stdout);
  const names = text.split("\n").slice(1).map((line) => line.trim());
  const known = names.filter((name) => name !== "" && !name.startsWith("#"));
  return (await Promise.all(known.map(callsOf))).flat();
}

Deno.test({
  name: "the unit allows all system calls that the server makes",
  ignore: !hasSystemd || !hasStrace,
  async fn() {
    const [allowed, refused] = await Promise.all(
      [/^SystemCallFilter=([^~].*)$/m, /^SystemCallFilter=~(.*)$/m].map(async (line) => {
        const sets = line.exec(unit)![1]!.split(" ");
        return new Set((await Promise.all(sets.map(callsOf))).flat());
      }),
    );
    const folder = await Deno.makeTempDir();
    try {
      const counted = `${folder}/calls`;
      const { args, ...environment } = exactly("cli/server.ts", ["-p", "0", "--tcp", folder]);
      // The tracer is a child of what it traces, so that signals reach the server.
      const words = ["-D", "-f", "-c", "-o", counted, Deno.execPath(), ...args];
      const pipes = { stdin: "null", stdout: "piped", stderr: "piped" } as const;
      const server = await RunningServer.of(
        new Deno.Command("strace", { args: words, ...environment, ...pipes }),
      );
      const url = `https://localhost:${server.port}/`;
      assert.equal((await discarded(fetch(url, { insecure: true }))).status, 200);
      assert.equal((await server.stop()).code, 0);
      let text = "";
      while (!text.includes("total")) {
        await new Promise((resolve) => setTimeout(resolve, 50));
        text = await Deno.readTextFile(counted).catch(() => "");
      }
      const calls = text.split("\n").slice(2, -3).map((line) => line.trim().split(/\s+/).at(-1)!);
      assert.ok(calls.includes("execve") && calls.includes("socket"), text);
      // SQLite, in which the runtime keeps its cache, gives files to their owner if it is run by root.
      const others = calls.filter((call) => call !== "fchown" || Deno.uid() !== 0);
      assert.deepEqual(others.filter((call) => !allowed!.has(call) || refused!.has(call)), []);
    } finally {
      await Deno.remove(folder, { recursive: true });
    }
  },
});

/** An answer whose content has been read. */
async function discarded(answer: Promise<Response>): Promise<Response> {
  const response = await answer;
  await response.bytes();
  return response;
}
