import { runCrowd } from "./crowd.ts";

/*
 * `deno task crowd [connections] [client processes] [milliseconds between two PINGs]` has a crowd of
 * clients connect to three workers, one of which dies.
 */
const [total = 10_000, clients = 5, keepAlive = 30_000] = Deno.args.map(Number);
const encoder = new TextEncoder();
const log = (line: string) => {
  const seconds = (performance.now() / 1_000).toFixed(0).padStart(4);
  Deno.stdout.writeSync(encoder.encode(`${seconds} s  ${line}\n`));
};
await runCrowd({
  workers: 3,
  clients,
  connections: Math.ceil(total / clients),
  size: 100_000,
  keepAlive,
  pause: total < 1_000 ? 2_000 : 10_000,
  log,
});
log("no connection of another worker was lost, no byte was wrong");
