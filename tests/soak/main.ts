import { manyConnections } from "./many_connections.ts";
import { manyRequests } from "./many_requests.ts";
import { rebinding } from "./rebinding.ts";

/*
 * `deno task soak [words of a run's name]` runs the stack in the simulator for long: nothing may
 * be lost, and the heap must stay flat within 5 %.
 */
const runs: Record<string, () => Promise<string>> = {
  connections: () => manyConnections(10_000),
  requests: () => manyRequests(1_000_000),
  rebinding: () => rebinding(3_600_000),
};

const words = Deno.args.join(" ");
for (const [name, run] of Object.entries(runs)) {
  if (!name.includes(words)) continue;
  const from = performance.now();
  const result = await run();
  const seconds = ((performance.now() - from) / 1_000).toFixed(0);
  Deno.stdout.writeSync(new TextEncoder().encode(`${result} (${seconds} s)\n`));
}
