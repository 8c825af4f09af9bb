// deno-lint-ignore-file no-console
import { bulk, connections, requests } from "./loads.ts";
import type { Outcome } from "./processes.ts";
import { type StackName, stackOf } from "./stack.ts";

// Runs one load once and prints the outcome as JSON.
const [name, port, load, amount] = Deno.args;
const stack = stackOf(name as StackName);
console.log(JSON.stringify(await run(Number(port), Number(amount))));
Deno.exit(0);

async function run(at: number, much: number): Promise<Outcome> {
  switch (load) {
    case "bulk":
      return { rate: much / await bulk(stack, at, much) };
    case "connections":
      return { rate: await connections(stack, at, much) };
    default:
      return await requests(stack, at, load === "requests32" ? 32 : 1, much);
  }
}
