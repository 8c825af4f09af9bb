// deno-lint-ignore-file no-console -- a program speaks on its console
/**
 * `deno task test-portable`: runs the tests that open sockets or use keys without the system's own
 * calls, as on machines that have none.
 */
import { fileURLToPath } from "node:url";
import { countLine, Runner } from "./runner.ts";

const FOLDERS = [
  "io",
  "api",
  "http3",
  "proxy",
  "cli",
  "strangers",
  "examples",
  "permissions",
  "interop",
  "fuzz",
];

Deno.env.set("MPQUIC_NATIVE", "off");
await using runner = await Runner.open(fileURLToPath(new URL("../../", import.meta.url)), []);
const folders = FOLDERS.map((name) => `tests/${name}`);
const result = await runner.run(["-q", "--parallel", ...folders, ...Deno.args]);
console.log(countLine([result]));
Deno.exitCode = result.succeeded ? 0 : 1;
