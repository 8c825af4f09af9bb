import { fetch, type MultipathConnection } from "../../mod.ts";
import { linesOf } from "../netns/lines.ts";
import { dialServer } from "./dial_server.ts";
import { isPayload } from "./payload.ts";

/*
 * Many clients of a server with workers, each with two paths from addresses of its own. It does what
 * lines of its input say, and answers each by a line of JSON:
 *
 * - `connect`: opens all connections, and says how many have two paths
 * - `who`: how many connections each worker has; those that are lost count for its "lost" ones
 * - `die <worker>`: has the worker of that name die
 * - `transfer`: moves bytes over connections in turn until `stop`, which says what became of them
 */

/** Connections that are opened at once, and transfers at once. */
const HANDSHAKES = 4;
const TRANSFERS = 8;
/** Attempts to connect, and milliseconds that each may take: workers that die end handshakes. */
const ATTEMPTS = 8;
const HANDSHAKE_TIMEOUT = 15_000;

const native = Deno.args[0] as "auto" | "off";
const [port = 0, first = 0, count = 0, size = 0, keepAliveInterval = 0] = Deno.args.slice(1).map(
  Number,
);

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

/** Of two addresses to begin at, `dial` would try the other one after a while: a handshake more. */
function connect(place: string): Promise<MultipathConnection> {
  return dialServer(port, `127.1.${place}`, {
    maxIdleTimeout: 3_600_000,
    handshakeTimeout: HANDSHAKE_TIMEOUT,
    // A client that only receives would not learn that its worker died.
    keepAliveInterval,
    native,
  });
}

/**
 * Has a client connect, open its second path, and ask which worker it came to. A worker that dies or
 * leaves just then takes the connection along: the client tries again.
 */
async function meet(number: number): Promise<Pick<Member, "connection" | "worker">> {
  const place = `${Math.floor(number / 250)}.${1 + number % 250}`;
  for (let attempt = 1;; attempt++) {
    let connection: MultipathConnection | undefined;
    try {
      connection = await connect(place);
      await connection.openPath({ localAddress: `127.2.${place}` });
      return { connection, worker: await (await ask(connection, "/")).text() };
    } catch (error) {
      connection?.close();
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
    members.push({ number, isBusy: false, ...await meet(number) });
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
  const whys = new Set<string>();
  await each(members, TRANSFERS, async (member) => {
    let worker = member.worker;
    try {
      const now = await (await ask(member.connection, "/")).text();
      if (now !== worker) worker = `${worker}, then ${now}`;
    } catch (error) {
      worker = `lost ${worker}`;
      whys.add(`${error}`);
    }
    counts[worker] = (counts[worker] ?? 0) + 1;
  });
  Deno.stderr.writeSync(utf8.encode([...whys, ""].join("\n")));
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
    member.connection.close();
    Object.assign(member, await meet(member.number));
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
