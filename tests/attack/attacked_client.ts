// deno-lint-ignore-file no-console -- it tells the harness what it saw
import { fetch } from "../../mod.ts";
import { honestRequests } from "./honest_client.ts";
import { readSite } from "./site.ts";

/*
 * A client in a process of its own: `deno run -A tests/attack/attacked_client.ts FOLDER`. Line by
 * line it is told what to do: to fetch from a hostile server over and over, or to send requests to
 * an honest one beside that; what came of it, it prints as JSON.
 */
const [folder] = Deno.args as [string];
const { authority } = readSite(folder, "server");
const tally = { attempts: 0, accepted: 0, refused: 0 };

/** What the client can be told to do. */
type Order =
  | { readonly hostile: number; readonly concurrency: number }
  | {
    readonly honest: number;
    readonly count: number;
    readonly interval: number;
    readonly usual?: number;
  };

async function visit(port: number): Promise<void> {
  const url = `https://localhost:${port}/`;
  for (;;) {
    tally.attempts++;
    try {
      const response = await fetch(url, { caCerts: [authority], idleTimeout: 60_000 });
      tally.accepted++;
      await response.body?.getReader().closed;
    } catch {
      tally.refused++;
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }
}

async function follow(order: Order): Promise<void> {
  if ("hostile" in order) {
    for (let i = 0; i < order.concurrency; i++) visit(order.hostile);
    return;
  }
  const options = { port: order.honest, caCert: authority, from: "127.99.0.1", usual: order.usual };
  const latencies = await honestRequests(options, order.count, order.interval);
  console.log(JSON.stringify({ latencies, tally }));
}

console.log("Ready");
let rest = "";
for await (const piece of Deno.stdin.readable.pipeThrough(new TextDecoderStream())) {
  const lines = (rest + piece).split("\n");
  rest = lines.pop()!;
  for (const line of lines) follow(JSON.parse(line));
}
Deno.exit(0);
