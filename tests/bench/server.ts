// deno-lint-ignore-file no-console
import { answer } from "./loads.ts";
import { type StackName, stackOf } from "./stack.ts";

// Prints its port, and serves until its input ends.
const stack = stackOf(Deno.args[0] as StackName);
console.log(stack.listen(answer));
await Deno.stdin.readable.pipeTo(new WritableStream());
Deno.exit(0);
