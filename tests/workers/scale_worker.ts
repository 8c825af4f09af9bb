import process from "node:process";
import { serve } from "../../mod.ts";

/* A worker of `deno task scale`: answers with its number until its input ends. */
const { index, workerSockets, cert, key } = JSON.parse(Deno.env.get("WORKER")!);
const MANY = 100_000;
const limit = { perAddress: MANY, perNetwork: MANY, total: MANY };
const options = {
  port: 0,
  cert,
  key,
  workerIndex: index,
  workerSockets,
  maxIdleTimeout: 600_000,
  handshakeTimeout: 60_000,
  limits: { connections: limit, handshakes: limit },
};
const server = serve(options, () => new Response(String(index).padEnd(100)));
const encoder = new TextEncoder();
Deno.stdout.writeSync(encoder.encode("ready\n"));
for await (const _ of Deno.stdin.readable) {
  const { user, system } = process.cpuUsage();
  const { strays } = server.stats!;
  Deno.stdout.writeSync(
    encoder.encode(`${JSON.stringify({ cpu: (user + system) / 1e6, strays })}\n`),
  );
}
Deno.exit();
