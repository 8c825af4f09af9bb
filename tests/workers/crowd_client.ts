import { dial, fetch, type MultipathConnection } from "../../mod.ts";
import { cert } from "../http3/deno_quic.ts";
import { linesOf } from "../netns/lines.ts";
import { isPayload } from "./payload.ts";

/*
 * Many clients of a server with workers, each with two paths from addresses of its own. It does what
 * lines of its input say, and answers each by a line of JSON:
 *
 * - `connect`: opens all connections, and says how many have two paths
 * - `who`: how many connections each worker has; those that are lost count for ""
 * - `die <worker>`: has the worker of that name die
 * - `transfer`: moves bytes over connections in turn until `stop`, which says what became of them
 */

/** Connections that are opened at once, and transfers at once. */
const HANDSHAKES = 4;
const TRANSFERS = 8;
/** Attempts to connect to a machine that is busy with others. */
const ATTEMPTS = 5;

const [port = 0, first = 0, count = 0, size = 0, keepAliveInterval = 0] = Deno.args.map(Number);

/** A client: its connection, and the worker that it came to. */
interface Member {
  readonly number: number;
  connection: MultipathConnection;
  worker: string;
  isBusy: boolean;
}

const utf8 = new TextEncoder();
const members: Member[] = [];
let isTransferring = false;
let transferring: Promise<unknown> = Promise.resolve();
/** What became of the transfers. */
const tally = { right: 0, wrong: 0, lost: {} as Record<string, number>, cut: 0 };

/**
 * Connects, and opens the second path. Of two addresses to begin at, `dial` would try the other one
 * after a while, which costs a handshake more on a machine that is busy.
 */
async function connect(number: number): Promise<MultipathConnection> {
  const place = `${Math.floor(number / 250)}.${1 + number % 250}`;
  for (let attempt = 1;; attempt++) {
    try {
      const connection = await dial({
        hostname: "127.0.0.1",
        port,
        serverName: "localhost",
        alpnProtocols: ["h3"],
        caCerts: [cert],
        localAddresses: [`127.1.${place}`],
        maxIdleTimeout: 3_600_000,
        handshakeTimeout: 60_000,
        // A client that only receives would not learn that its worker died.
        keepAliveInterval,
      });
      await connection.openPath({ localAddress: `127.2.${place}` });
      return connection;
    } catch (error) {
      if (attempt === ATTEMPTS) throw error;
    }
  }
}

/** Does something for each of a list, so many at once. */
async function each<Item>(
  items: Iterable<Item>,
  atOnce: number,
  action: (item: Item) => Promise<void>,
): Promise<void> {
  const rest = items[Symbol.iterator]();
  const work = async () => {
    for (let next = rest.next(); !next.done; next = rest.next()) await action(next.value);
  };
  await Promise.all(Array.from({ length: atOnce }, work));
}

async function connectAll(): Promise<unknown> {
  const startedAt = performance.now();
  const numbers = Array.from({ length: count }, (_, i) => first + i);
  await each(numbers, HANDSHAKES, async (number) => {
    members.push({ number, connection: await connect(number), worker: "", isBusy: false });
    if (members.length % 500 === 0) {
      const seconds = ((performance.now() - startedAt) / 1_000).toFixed(0);
      Deno.stderr.writeSync(utf8.encode(`${members.length} after ${seconds} s\n`));
    }
  });
  return members.filter(({ connection }) => connection.paths.length === 2).length;
}

function ask(connection: MultipathConnection, path: string): Promise<Response> {
  return fetch(`https://127.0.0.1:${port}${path}`, { connection });
}

async function who(): Promise<Record<string, number>> {
  const counts: Record<string, number> = {};
  await each(members, TRANSFERS, async (member) => {
    let worker = "";
    try {
      worker = await (await ask(member.connection, "/")).text();
      member.worker ||= worker;
      if (worker !== member.worker) worker = `${member.worker}, then ${worker}`;
    } catch {
      // It is lost.
    }
    counts[worker] = (counts[worker] ?? 0) + 1;
  });
  return counts;
}

/** Moves bytes over one connection; if that is lost, over another one. */
async function transfer(member: Member): Promise<void> {
  let response: Response | undefined;
  try {
    response = await ask(member.connection, `/bytes/${size}`);
    const name = response.headers.get("name")!;
    const isRight = isPayload(await response.bytes(), size) && name === member.worker;
    tally[isRight ? "right" : "wrong"]++;
  } catch {
    // A worker that leaves takes no more requests; one that died takes its connections along.
    const { worker } = member;
    tally.lost[worker] = (tally.lost[worker] ?? 0) + 1;
    if (response !== undefined) tally.cut++;
    member.connection = await connect(member.number);
    member.worker = await (await ask(member.connection, "/")).text();
  }
}

/** Moves bytes over one connection after the other. */
async function transferAll(): Promise<void> {
  const turns = function* () {
    while (isTransferring) {
      yield* members.values().filter(({ isBusy }) => isTransferring && !isBusy);
    }
  };
  await each(turns(), TRANSFERS, async (member) => {
    member.isBusy = true;
    await transfer(member);
    member.isBusy = false;
  });
}

const orders: Record<string, (argument: string) => Promise<unknown>> = {
  connect: connectAll,
  who,
  die: async (worker) => {
    const member = members.find((one) => one.worker === worker)!;
    await ask(member.connection, "/die").catch(() => {});
    return {};
  },
  transfer: () => {
    isTransferring = true;
    transferring = transferAll();
    return Promise.resolve({});
  },
  stop: async () => {
    isTransferring = false;
    await transferring;
    return structuredClone(tally);
  },
};

for await (const line of linesOf(Deno.stdin.readable)) {
  const [order = "", argument = ""] = line.split(" ");
  const answer = await orders[order]!(argument);
  Deno.stdout.writeSync(utf8.encode(`${JSON.stringify(answer)}\n`));
}
Deno.exit();
