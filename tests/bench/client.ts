import { bulk, connections, requests } from "./loads.ts";
import { type StackName, stackOf } from "./stack.ts";

// Runs one load once and prints the outcome as JSON.
const [name, port, load, amount] = Deno.args;
const stack = stackOf(name as StackName);
console.log(JSON.stringify(await run(Number(port), Number(amount))));
Deno.exit(0);

async function run(at: number, much: number): Promise<unknown> {
  if (load === "bulk") return { seconds: await bulk(stack, at, much) };
  if (load === "connections") return { rate: await connections(stack, at, much) };
  return await requests(stack, at, load === "requests32" ? 32 : 1, much);
}
