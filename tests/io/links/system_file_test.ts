import assert from "node:assert/strict";
import { libc } from "../../../src/io/native/libc.ts";

const module = new URL("../../../src/io/links/system_file.ts", import.meta.url).href;
const program = `import { readSystemFile } from "${module}";
console.log(JSON.stringify([readSystemFile("/proc/net/route"), readSystemFile("/proc/no/file")]));`;
const ignore = typeof libc === "string";

/** What a program with these permissions reads of the system's routes, and of no file. */
async function read(...permissions: string[]): Promise<[string | null, string | null]> {
  const command = new Deno.Command(Deno.execPath(), {
    args: ["run", "--no-prompt", "--cached-only", "--no-check", ...permissions, "-"],
    env: { MPQUIC_NATIVE: "auto" },
    stdin: "piped",
    stdout: "piped",
  });
  const process = command.spawn();
  const stdin = process.stdin.getWriter();
  await stdin.write(new TextEncoder().encode(program));
  await stdin.close();
  const { stdout } = await process.output();
  return JSON.parse(new TextDecoder().decode(stdout));
}

Deno.test({
  name: "readSystemFile() reads by the C library what the runtime keeps to itself",
  ignore,
}, async () => {
  const routes = Deno.readTextFileSync("/proc/net/route");
  assert.match(routes, /^Iface/);
  assert.deepEqual(await read("--allow-read", "--allow-ffi"), [routes, null]);
});

Deno.test(
  { name: "readSystemFile() reads nothing without the permission for it", ignore },
  async () => {
    assert.deepEqual(await read("--allow-ffi"), [null, null]);
    assert.deepEqual(await read("--allow-read=/etc", "--allow-ffi"), [null, null]);
    assert.deepEqual(await read("--allow-read"), [null, null]);
  },
);
