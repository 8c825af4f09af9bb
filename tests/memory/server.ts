// deno-lint-ignore-file no-console -- a program speaks on its console
import v8 from "node:v8";
import vm from "node:vm";
import { MultipathConnection, serve } from "../../mod.ts";
import { answer } from "../bench/loads.ts";
import { cert, key } from "../http3/deno_quic.ts";
import type { ServerKind, Usage } from "./measured_server.ts";

/*
 * A server that tells what memory it takes. It prints its port; then a line of its input is a wish,
 * and a line of its output the answer. It serves until its input ends.
 */

/** Long enough for connections that stay idle while others are opened. */
const maxIdleTimeout = 600_000;
const hostname = "127.0.0.1";
const localAddresses = [hostname];
const alpnProtocols = ["bench"];
/** All connections come from this machine: what one address may have is of no interest here. */
const exemptNetworks = ["127.0.0.0/8"];

console.log(listen(Deno.args[0] as ServerKind));
for await (const lines of Deno.stdin.readable.pipeThrough(new TextDecoderStream())) {
  for (const wish of lines.split("\n")) if (wish !== "") console.log(await grant(wish));
}
Deno.exit(0);

function listen(kind: ServerKind): number {
  switch (kind) {
    case "http3": {
      const own = { port: 0, localAddresses, exemptNetworks, cert, key };
      const options = { ...own, maxIdleTimeout, bodyTimeout: Infinity };
      return serve(options, (request) => content(new URL(request.url))).addr.port;
    }
    case "plain": {
      const own = { port: 0, localAddresses, exemptNetworks, alpnProtocols, cert, key };
      const listener = MultipathConnection.listen({ ...own, maxIdleTimeout });
      acceptAll(listener);
      return listener.addrs[0]!.port;
    }
    case "runtime": {
      const endpoint = new Deno.QuicEndpoint({ hostname, port: 0 });
      acceptAll(endpoint.listen({ cert, key, alpnProtocols, maxIdleTimeout }));
      return endpoint.addr.port;
    }
  }
}

type Accepted = Parameters<typeof answer>[0];

async function acceptAll(listener: { accept(): Promise<Accepted> }): Promise<void> {
  for (;;) {
    const connection = await listener.accept();
    connection.closed.catch(() => {});
    answer(connection);
  }
}

/** As many bytes as the path says. */
function content({ pathname }: URL): Response {
  let left = Number(pathname.slice(1));
  const body = new ReadableStream({
    pull(controller) {
      const chunk = new Uint8Array(Math.min(left, 65_536));
      left -= chunk.length;
      if (chunk.length > 0) controller.enqueue(chunk);
      if (left === 0) controller.close();
    },
  });
  return new Response(body);
}

async function grant(wish: string): Promise<string> {
  const [verb, path] = wish.split(" ");
  if (verb === "collect") await collect();
  if (verb === "snapshot") v8.writeHeapSnapshot(path!);
  const { rss, heapUsed: heap, external } = Deno.memoryUsage();
  return JSON.stringify({ rss, heap, external } satisfies Usage);
}

/** Lets go of garbage. Buffers go between tasks, after those that held them. */
async function collect(): Promise<void> {
  v8.setFlagsFromString("--expose-gc");
  const collectNow: () => void = vm.runInNewContext("gc");
  for (let i = 0; i < 3; i++) {
    collectNow();
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}
