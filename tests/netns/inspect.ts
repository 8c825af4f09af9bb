// deno-lint-ignore-file no-console -- a program speaks on its console
/** Prints what `inspectLinks` says, each time a line comes; ends with its input. */
import { inspectLinks } from "../../mod.ts";
import { linesOf } from "./lines.ts";

console.log("ready");
for await (const line of linesOf(Deno.stdin.readable)) {
  console.log(JSON.stringify(inspectLinks({ destination: JSON.parse(line) })));
}
