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

  constructor(service: number, index: number, workerSockets: string) {
    this.#group = new CpuGroup(`mpquic-scale-${service}-${index}`, PART);
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

/** A server with a number of workers, and clients that ask them as fast as they answer. */
class Service implements AsyncDisposable {
  readonly workers: readonly Worker[];
  readonly port: number;
  readonly #stack = new AsyncDisposableStack();
  readonly #connections: MultipathConnection[] = [];
  #answers = 0;
  #isOver = false;
  #asking: Promise<unknown> = Promise.resolve();

  constructor(count: number) {
    const localAddresses = ["127.0.0.1"];
    const sockets = openWorkerSockets({ port: 0, localAddresses, key, workerCount: count });
    this.#stack.use(sockets);
    this.port = sockets.addr.port;
    this.workers = Array.from({ length: count }, (_, index) => {
      return this.#stack.use(new Worker(count, index, sockets.text));
    });
  }

  /** Starts the workers, and has clients ask. */
  async begin(): Promise<void> {
    for (const worker of this.workers) await worker.line();
    await each(BUSY * this.workers.length, async (number) => {
      this.#connections.push(await connect(this.port, number));
    });
    const ask = this.#connections.flatMap((connection) => {
      return Array.from({ length: AT_ONCE }, () => this.#ask(connection));
    });
    this.#asking = Promise.all(ask);
  }

  /** What was done so far, and the processor seconds that it took. */
  async look(): Promise<{ answers: number; cpu: number; at: number }> {
    const looks = await Promise.all(this.workers.map((worker) => worker.look()));
    const cpu = looks.reduce((sum, look) => sum + look.cpu, 0);
    return { answers: this.#answers, cpu, at: performance.now() / 1_000 };
  }

  /** The clients ask no more. */
  async end(): Promise<void> {
    this.#isOver = true;
    await this.#asking;
    for (const connection of this.#connections) connection.close();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#stack.disposeAsync();
  }

  async #ask(connection: MultipathConnection): Promise<void> {
    for (; !this.#isOver; this.#answers++) await ask(connection);
  }
}

/**
 * Has a service with one worker and one with two answer as fast as they can, at the same time: so both
 * have the same machine, whatever else that does.
 */
async function trial(): Promise<Outcome[]> {
  await using stack = new AsyncDisposableStack();
  const services = [1, 2].map((count) => stack.use(new Service(count)));
  for (const service of services) await service.begin();
  await wait(WARM_UP);
  const before = await Promise.all(services.map((service) => service.look()));
  await wait(seconds);
  const after = await Promise.all(services.map((service) => service.look()));
  for (const service of services) await service.end();
  const outcomes = services.map((_, i) => {
    const answers = after[i]!.answers - before[i]!.answers;
    const cpu = after[i]!.cpu - before[i]!.cpu;
    const time = after[i]!.at - before[i]!.at;
    return { rate: answers / time, cost: cpu / answers, used: cpu / time };
  });
  for (const [i, { cost, rate, used }] of outcomes.entries()) {
    log(
      `${i + 1} worker(s): ${rate.toFixed(0)} requests per second, ` +
        `${(1_000 * cost).toFixed(3)} ms of a processor each, ${used.toFixed(2)} processors used`,
    );
  }
  await share(services[1]!);
  return outcomes;
}

/** The one in the middle, or between those two. */
function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const half = sorted.length / 2;
  return (sorted[Math.ceil(half) - 1]! + sorted[Math.floor(half)]!) / 2;
}

/** Which part of many connections each worker has, and what they cost. */
async function share({ port, workers }: Service): Promise<void> {
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
  const [one, two] = await trial();
  ones.push(one!);
  twos.push(two!);
}
const ratio = (of: (outcome: Outcome) => number) =>
  median(twos.map((two, i) => of(two) / of(ones[i]!))).toFixed(2);
log(
  `a second worker brings ${ratio(({ rate }) => rate)} times the requests at ` +
    `${ratio(({ cost }) => cost)} times the processor time (medians of ${trials} trials)`,
);
leave();
group[Symbol.dispose]();
Deno.exit();
