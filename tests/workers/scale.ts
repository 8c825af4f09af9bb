import { dial, fetch, type MultipathConnection, openWorkerSockets } from "../../mod.ts";
import { linesOf } from "../netns/lines.ts";
import { cert, key } from "../http3/deno_quic.ts";
import { CpuGroup } from "./cpu_group.ts";

/*
 * `deno task scale [seconds] [connections] [trials]` measures what a second worker brings, each with a quarter
 * of a processor: requests per second, processor time for each, and which part of many connections
 * each worker has. It needs Linux with control groups of version 1, and root.
 */
const [seconds = 15, total = 1_000, trials = 3] = Deno.args.map(Number);
const PART = 0.25;
/** Connections for each worker that ask at once, requests of each, and seconds until what they run is compiled. */
const BUSY = 48;
const AT_ONCE = 2;
const WARM_UP = 15;
const HANDSHAKES = 8;

const encoder = new TextEncoder();
const log = (line: string) => void Deno.stdout.writeSync(encoder.encode(`${line}\n`));
const wait = (time: number) => new Promise((resolve) => setTimeout(resolve, 1_000 * time));

/** What a trial gives. */
interface Outcome {
  /** Requests per second. */
  readonly rate: number;
  /** Processor seconds per request. */
  readonly cost: number;
  /** Processors that the workers used. */
  readonly used: number;
}

/** A worker in a group of its own. */
class Worker implements AsyncDisposable {
  readonly #group: CpuGroup;
  readonly #process: Deno.ChildProcess;
  readonly #input: WritableStreamDefaultWriter<Uint8Array>;
  readonly #lines: AsyncIterator<string>;

  constructor(index: number, workerSockets: string) {
    this.#group = new CpuGroup(`mpquic-scale-${index}`, PART);
    const module = new URL("./scale_worker.ts", import.meta.url);
    const start = JSON.stringify({ index, workerSockets, cert, key });
    this.#process = this.#group.start(module, [], { WORKER: start });
    this.#input = this.#process.stdin.getWriter();
    this.#lines = linesOf(this.#process.stdout)[Symbol.asyncIterator]();
  }

  /** What it says next. */
  async line(): Promise<string> {
    return (await this.#lines.next()).value;
  }

  /** Its processor seconds, and datagrams that named another worker. */
  async look(): Promise<{ cpu: number; strays: { dropped: number } }> {
    await this.#input.write(encoder.encode("look\n"));
    return JSON.parse(await this.line());
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#input.close();
    await this.#process.status;
    this.#group[Symbol.dispose]();
  }
}

/** Client number so-and-so, from an address of its own. */
function connect(port: number, number: number): Promise<MultipathConnection> {
  return dial({
    hostname: "127.0.0.1",
    port,
    serverName: "localhost",
    alpnProtocols: ["h3"],
    caCerts: [cert],
    localAddresses: [`127.1.${Math.floor(number / 250)}.${1 + number % 250}`],
    maxIdleTimeout: 600_000,
    handshakeTimeout: 60_000,
  });
}

async function ask(connection: MultipathConnection): Promise<string> {
  const { hostname, port } = connection.remoteAddr;
  return (await (await fetch(`https://${hostname}:${port}/`, { connection })).text()).trim();
}

/** Does something for each of so many numbers, some at once. */
async function each(count: number, action: (number: number) => Promise<void>): Promise<void> {
  let next = 0;
  const work = async () => {
    while (next < count) await action(next++);
  };
  await Promise.all(Array.from({ length: HANDSHAKES }, work));
}

/** Has a number of workers answer as fast as they can. */
async function trial(count: number): Promise<Outcome> {
  using sockets = openWorkerSockets({
    port: 0,
    localAddresses: ["127.0.0.1"],
    key,
    workerCount: count,
  });
  await using stack = new AsyncDisposableStack();
  const workers = Array.from({ length: count }, (_, index) => {
    return stack.use(new Worker(index, sockets.text));
  });
  for (const worker of workers) await worker.line();
  const { port } = sockets.addr;
  const connections: MultipathConnection[] = [];
  stack.defer(() => connections.forEach((connection) => connection.close()));
  await each(BUSY * count, async (number) => void connections.push(await connect(port, number)));

  let answers = 0;
  let isOver = false;
  const work = async (connection: MultipathConnection) => {
    for (; !isOver; answers++) await ask(connection);
  };
  const working = connections.flatMap((connection) => {
    return Array.from({ length: AT_ONCE }, () => work(connection));
  });
  await wait(WARM_UP);
  const look = async () =>
    (await Promise.all(workers.map((worker) => worker.look())))
      .reduce((sum, { cpu }) => sum + cpu, 0);
  const [before, first, startedAt] = [await look(), answers, performance.now()];
  await wait(seconds);
  const [after, last, endedAt] = [await look(), answers, performance.now()];
  isOver = true;
  await Promise.all(working);
  const time = (endedAt - startedAt) / 1_000;
  const outcome = {
    rate: (last - first) / time,
    cost: (after - before) / (last - first),
    used: (after - before) / time,
  };
  log(
    `${count} worker(s): ${outcome.rate.toFixed(0)} requests per second, ` +
      `${(1_000 * outcome.cost).toFixed(3)} ms of a processor each, ` +
      `${outcome.used.toFixed(2)} processors used`,
  );
  if (count > 1) await share(port, workers);
  return outcome;
}

/** The one in the middle, or between those two. */
function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const half = sorted.length / 2;
  return (sorted[Math.ceil(half) - 1]! + sorted[Math.floor(half)]!) / 2;
}

/** Which part of many connections each worker has, and what they cost. */
async function share(port: number, workers: readonly Worker[]): Promise<void> {
  const counts = new Map<string, number>();
  const connections: MultipathConnection[] = [];
  const startedAt = performance.now();
  await each(total, async (number) => {
    const connection = await connect(port, number + 1_000);
    connections.push(connection);
    const name = await ask(connection);
    counts.set(name, (counts.get(name) ?? 0) + 1);
  });
  const time = (performance.now() - startedAt) / 1_000;
  const looks = await Promise.all(workers.map((worker) => worker.look()));
  const dropped = looks.reduce((sum, { strays }) => sum + strays.dropped, 0);
  const shares = [...counts].sort().map(([, count]) => `${(100 * count / total).toFixed(1)} %`);
  log(
    `${total} connections: ${shares.join(" and ")}, ${(total / time).toFixed(0)} per second, ` +
      `${dropped} datagrams at a wrong worker`,
  );
  for (const connection of connections) connection.close();
}

// What asks must not be what is short.
const group = new CpuGroup("mpquic-scale-client");
const leave = group.enter();
const [ones, twos]: [Outcome[], Outcome[]] = [[], []];
for (let i = 0; i < trials; i++) {
  ones.push(await trial(1));
  twos.push(await trial(2));
}
const ratio = (of: (outcome: Outcome) => number) =>
  (median(twos.map(of)) / median(ones.map(of))).toFixed(2);
log(
  `a second worker brings ${ratio(({ rate }) => rate)} times the requests at ` +
    `${ratio(({ cost }) => cost)} times the processor time (medians of ${trials} trials)`,
);
leave();
group[Symbol.dispose]();
Deno.exit();
