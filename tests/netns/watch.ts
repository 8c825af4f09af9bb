// deno-lint-ignore-file no-console -- a program speaks on its console
/** Asks for a few bytes each time a line comes, and tells of the paths; ends with its input. */
import { MultipathConnection } from "../../mod.ts";
import { linesOf } from "./lines.ts";
import { PORT } from "./testbed.ts";

/** What there is at a moment. */
export interface Sight {
  /** Bytes that came, for each path, by its local address. */
  readonly received: Readonly<Record<string, number>>;
  /** UDP sockets in the namespace. */
  readonly sockets: number;
}

if (import.meta.main) {
  const [hostname, ...localAddresses] = Deno.args;
  await using connection = await MultipathConnection.connect({
    hostname: hostname!,
    port: PORT,
    alpnProtocols: ["netns"],
    insecure: true,
    localAddresses,
  });
  connection.closed.catch(() => {});
  console.log("ready");
  const ask = async () => {
    const { readable, writable } = await connection.createBidirectionalStream();
    await new Response("100").body!.pipeTo(writable);
    await new Response(readable).arrayBuffer();
  };
  for await (const _ of linesOf(Deno.stdin.readable)) {
    ask().catch(() => {}); // the answer may come later, or never
    const received = Object.fromEntries(
      connection.paths.map(({ localAddr, stats }) => [localAddr.hostname, stats.bytesReceived]),
    );
    const sockets = Deno.readTextFileSync("/proc/net/udp").trim().split("\n").length - 1;
    console.log(JSON.stringify({ received, sockets } satisfies Sight));
  }
  Deno.exit(0);
}
