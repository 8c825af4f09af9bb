import { runCrowd } from "./crowd.ts";

/*
 * `deno task crowd [connections] [client processes] [milliseconds between two PINGs] [off]` has a crowd
 * of clients connect to three workers, one of which dies. With `off` the clients have the sockets of the
 * runtime, which know neither GSO nor GRO.
 */
const [total = 10_000, clients = 5, keepAlive = 30_000] = Deno.args.slice(0, 3).map(Number);
const native = Deno.args[3] === "off" ? "off" : "auto";
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
  native,
  pause: total < 1_000 ? 2_000 : 10_000,
  log,
});
log("no connection of another worker was lost, no byte was wrong");
