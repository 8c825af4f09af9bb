#!/usr/bin/env -S deno run --unstable-net --allow-net --allow-read --allow-ffi --allow-run --allow-env=WORKER
// deno-lint-ignore-file no-console -- a program speaks on its console
/**
 * A server of several processes that share a port. This program opens their sockets, starts them, and
 * starts again those that end; a connection stays with its process, whatever addresses it comes from.
 * The argument is the port.
 */
import { makeDevelopmentCertificate, openWorkerSockets, serve } from "../mod.ts";

const COUNT = 2;

/** What a worker finds in its environment, where other users cannot read it. */
interface WorkerStart {
  readonly workerIndex: number;
  readonly workerSockets: string;
  readonly cert: string;
  readonly key: string;
}

const start = Deno.env.get("WORKER");
if (start === undefined) await supervise(Number(Deno.args[0] ?? 4433));
else work(JSON.parse(start));

async function supervise(port: number): Promise<void> {
  const localAddresses = ["127.0.0.1"];
  const { certPem: cert, keyPem: key } = await makeDevelopmentCertificate(localAddresses);
  using sockets = openWorkerSockets({ port, localAddresses, key, workerCount: COUNT });
  console.log(`Listening on port ${sockets.addr.port}`);
  const { text: workerSockets } = sockets;
  const keep = async (workerIndex: number) => {
    for (;;) {
      const started: WorkerStart = { workerIndex, workerSockets, cert, key };
      const { code } = await processOf(started).status;
      console.log(`Worker ${workerIndex} has ended with status ${code}, and is started again`);
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  };
  await Promise.all(Array.from({ length: COUNT }, (_, index) => keep(index)));
}

/** Starts this program once more, as a worker. */
function processOf(started: WorkerStart): Deno.ChildProcess {
  const permissions = ["--unstable-net", "--allow-net", "--allow-ffi", "--allow-env=WORKER"];
  return new Deno.Command(Deno.execPath(), {
    args: ["run", ...permissions, new URL(import.meta.url).pathname],
    env: { WORKER: JSON.stringify(started) },
    stdin: "piped",
  }).spawn();
}

function work(started: WorkerStart): void {
  const server = serve({ ...started, port: 0 }, (request) => {
    if (request.url.endsWith("/end")) setTimeout(() => Deno.exit(3));
    return new Response(`worker ${started.workerIndex}, process ${Deno.pid}\n`);
  });
  console.log(`Worker ${started.workerIndex} listens on port ${server.addr.port}`);
  // The supervisor writes nothing: its input ends when that does.
  new Response(Deno.stdin.readable).bytes().then(() => Deno.exit());
}
