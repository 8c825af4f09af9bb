// deno-lint-ignore-file no-console -- a program speaks on its console
/** A client with two links; does what each line of its input says, and answers with a line. */
import {
  type ConnectOptions,
  dial,
  fetch,
  type MultipathConnection,
  type SavedSession,
} from "../../mod.ts";
import { TEST_CERTIFICATE } from "../../src/sim/test_certificate.ts";
import { isPayload } from "../workers/payload.ts";
import { linesOf } from "./lines.ts";
import { UdpRelay } from "./udp_relay.ts";

/** What the client is told to do. */
export interface BalancedOrder {
  /** How many connections are opened; those from before stay. */
  readonly connect?: number;
  /** Whether the first path of each connection moves to another port. */
  readonly migrate?: boolean;
  /** Bytes of each transfer. */
  readonly size?: number;
  /** Visits the service once instead: what is to be noted there, and the session to offer. */
  readonly visit?: string;
  readonly session?: number | undefined;
  /** Sends the first packets of the last visit once more instead, from another port. */
  readonly replay?: boolean;
}

/** What became of a visit. */
export interface BalancedVisit {
  /** The address of the server. */
  readonly server: string;
  /** Whether the session was resumed, and whether the server read the request as 0-RTT data. */
  readonly isResumed: boolean;
  readonly isEarly: boolean;
  /** The number of the session that it gave. */
  readonly session: number;
}

/** One connection, after a transfer over it; without a server if it is lost. */
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
const sessions: SavedSession[] = [];
/** The way of the last visit. */
let relay: UdpRelay | undefined;

function connect(more: Partial<ConnectOptions> = {}): Promise<MultipathConnection> {
  return dial({
    hostname: service,
    port: 443,
    serverName: "server.test",
    alpnProtocols: ["h3"],
    caCerts: [TEST_CERTIFICATE],
    localAddresses,
    ...more,
  });
}

/** Connects, and waits for all paths. */
async function join(): Promise<MultipathConnection> {
  const connection = await connect();
  while (connection.paths.length < localAddresses.length) {
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  return connection;
}

function ask(connection: MultipathConnection, path: string): Promise<Response> {
  return fetch(`https://server.test${path}`, { connection });
}

async function look(connection: MultipathConnection, size: number): Promise<BalancedView> {
  try {
    const response = await ask(connection, `/bytes/${size}`);
    const bytes = await response.bytes();
    return {
      server: await (await ask(connection, "/data")).json(),
      worker: response.headers.get("name")!,
      bytes: connection.paths.map(({ stats }) => stats.bytesReceived),
      isRight: isPayload(bytes, size),
    };
  } catch {
    return { server: "", worker: "", bytes: [], isRight: false };
  }
}

/** Visits the service by its first link, through a relay that remembers how the visit began. */
async function visit(note: string, number: number | undefined): Promise<BalancedVisit> {
  const session = number === undefined ? undefined : sessions[number];
  const given = Promise.withResolvers<SavedSession>();
  relay?.[Symbol.dispose]();
  relay = new UdpRelay({ hostname: service, port: 443 }, localAddresses[0]);
  const connection = await connect({
    hostname: "127.0.0.1",
    port: relay.port,
    localAddresses: ["127.0.0.1"],
    session,
    earlyData: true,
    onSession: given.resolve,
  });
  const response = await ask(connection, `/note/${note}`);
  const answer = {
    server: await response.json(),
    isResumed: connection.resumed,
    isEarly: response.headers.get("early") === "true",
    session: sessions.push(await given.promise) - 1,
  };
  connection.close();
  return answer;
}

async function obey(order: BalancedOrder): Promise<BalancedView[] | BalancedVisit> {
  if (order.visit !== undefined) return await visit(order.visit, order.session);
  if (order.replay) await relay!.replay();
  const { connect: count = 0, migrate = false, size = SIZE } = order;
  connections.push(...await Promise.all(Array.from({ length: count }, join)));
  if (migrate) await Promise.all(connections.map(({ paths }) => paths[0]!.migrate()));
  return await Promise.all(connections.map((connection) => look(connection, size)));
}

console.log("ready");
for await (const line of linesOf(Deno.stdin.readable)) {
  console.log(JSON.stringify(await obey(JSON.parse(line))));
}
Deno.exit(0);
