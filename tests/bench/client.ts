// deno-lint-ignore-file no-console
import { cpuSeconds } from "./cpu.ts";
import { bulk, connections, type Done, requests, upload } from "./loads.ts";
import { type StackName, stackOf } from "./stack.ts";

// Runs one load once and prints what was done, and the processor time it took, as JSON.
const [name, port, load, amount] = Deno.args;
const stack = stackOf(name as StackName);
const done = await run(Number(port), Number(amount));
console.log(JSON.stringify({ ...done, cpu: cpuSeconds() }));
Deno.exit(0);

async function run(at: number, much: number): Promise<Done> {
  switch (load) {
    case "bulk":
      return await bulk(stack, at, much);
    case "upload":
      return await upload(stack, at, much);
    case "connections":
      return await connections(stack, at, much);
    default:
      return await requests(stack, at, load === "requests32" ? 32 : 1, much);
  }
}
