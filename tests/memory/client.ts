// deno-lint-ignore-file no-console -- a program speaks on its console
import { dial, H3Client, type MultipathConnection } from "../../mod.ts";
import { download } from "../bench/loads.ts";
import { cert } from "../http3/deno_quic.ts";

/*
 * Opens connections to a measured server: `hold` makes one request on each, `load` moves bytes over
 * all of them at once and closes them. It says "done" when that is done, and ends with its input.
 */

/** Connections that are opened at once. */
const AT_ONCE = 8;
/** Bytes of the one request of a connection that is held. */
const SMALL = 1_000;

const [job, kind, port, count, bytes] = Deno.args;
const share = job === "load" ? Math.floor(Number(bytes) / Number(count)) : SMALL;
const connections: MultipathConnection[] = [];
let left = Number(count);
await Promise.all(Array.from({ length: AT_ONCE }, async () => {
  while (left-- > 0) {
    const connection = await connect();
    connections.push(connection);
    if (job === "hold") await get(connection);
  }
}));
if (job === "load") {
  await Promise.all(connections.map(get));
  closeAll();
}
console.log("done");
await Deno.stdin.readable.pipeTo(new WritableStream());
closeAll();
await new Promise((resolve) => setTimeout(resolve, 100));
Deno.exit(0);

function connect(): Promise<MultipathConnection> {
  return dial({
    hostname: "127.0.0.1",
    port: Number(port),
    localAddresses: ["127.0.0.1"],
    alpnProtocols: [kind === "http3" ? "h3" : "bench"],
    caCerts: [cert],
    maxIdleTimeout: 600_000,
  });
}

/** Makes the request of a connection. */
async function get(connection: MultipathConnection): Promise<void> {
  const received = await (kind === "http3" ? fetchOver(connection) : download(connection, share));
  if (received !== share) throw new Error(`Cannot measure: ${received} of ${share} bytes came`);
}

async function fetchOver(connection: MultipathConnection): Promise<number> {
  const client = new H3Client(connection);
  const response = await client.fetch(new Request(`https://127.0.0.1/${share}`));
  return (await response.bytes()).length;
}

function closeAll(): void {
  for (const connection of connections) connection.close();
}
