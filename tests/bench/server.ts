// deno-lint-ignore-file no-console
import { cpuSeconds } from "./cpu.ts";
import { answer } from "./loads.ts";
import { type StackName, stackOf } from "./stack.ts";

// Prints its port, serves until its input ends, and prints the processor seconds that it took.
const stack = stackOf(Deno.args[0] as StackName);
console.log(stack.listen(answer));
await Deno.stdin.readable.pipeTo(new WritableStream());
console.log(cpuSeconds());
Deno.exit(0);
