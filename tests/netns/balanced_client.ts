// deno-lint-ignore-file no-console -- a program speaks on its console
/** A client with two links; does what each line of its input says, and answers with a line. */
import { dial, fetch, type MultipathConnection } from "../../mod.ts";
import { TEST_CERTIFICATE } from "../../src/sim/test_certificate.ts";
import { linesOf } from "./lines.ts";

/** What the client is told to do. */
export interface BalancedOrder {
  /** How many connections are opened; those from before stay. */
  readonly connect?: number;
  /** Whether the first path of each connection moves to another port. */
  readonly migrate?: boolean;
}

/** One connection, after a transfer over it. */
export interface BalancedView {
  /** The address of its server, as the server knows it. */
  readonly server: string;
  /** The name of its worker. */
  readonly worker: string;
  /** Bytes that each path has brought so far. */
  readonly bytes: readonly number[];
  /** Whether each byte of the transfer was right. */
  readonly isRight: boolean;
}

const [service, ...localAddresses] = Deno.args as [string, string, string];
const SIZE = 200_000;
const connections: MultipathConnection[] = [];

function connect(): Promise<MultipathConnection> {
  return dial({
    hostname: service,
    port: 443,
    serverName: "server.test",
    alpnProtocols: ["h3"],
    caCerts: [TEST_CERTIFICATE],
    localAddresses,
  });
}

async function look(connection: MultipathConnection): Promise<BalancedView> {
  const ask = (path: string) => fetch(`https://server.test${path}`, { connection });
  const response = await ask(`/bytes/${SIZE}`);
  const bytes = await response.bytes();
  return {
    server: await (await ask("/data")).json(),
    worker: response.headers.get("name")!,
    bytes: connection.paths.map(({ stats }) => stats.bytesReceived),
    isRight: bytes.length === SIZE && bytes.every((byte, i) => byte === i % 251),
  };
}

async function obey({ connect: count = 0, migrate = false }: BalancedOrder): Promise<string> {
  connections.push(...await Promise.all(Array.from({ length: count }, connect)));
  while (connections.some(({ paths }) => paths.length < localAddresses.length)) {
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  if (migrate) await Promise.all(connections.map(({ paths }) => paths[0]!.migrate()));
  return JSON.stringify(await Promise.all(connections.map(look)));
}

console.log("ready");
for await (const line of linesOf(Deno.stdin.readable)) console.log(await obey(JSON.parse(line)));
Deno.exit(0);
