import { fetch, type MultipathConnection, openWorkerSockets } from "../../mod.ts";
import { linesOf } from "../netns/lines.ts";
import { cert, key } from "../http3/deno_quic.ts";
import { CpuGroup } from "./cpu_group.ts";
import { dialServer } from "./dial_server.ts";

/*
 * `deno task scale [rounds] [seconds of each] [connections]` measures what a second worker brings, each
 * with a quarter of a processor: requests per second, processor time for each, and which part of many
 * connections each worker has. Two services with one worker each, and one with two, take turns. So the
 * machine and the process that asks have the same load in each turn, whatever else the machine does,
 * and what counts are medians of the ratios of two turns next to each other. It needs Linux with control
 * groups of version 1, and root.
 */
const [rounds = 16, seconds = 3, total = 1_000] = Deno.args.map(Number);
const PART = 0.25;
/** Connections for each worker that ask at once, requests of each, and turns until what they run is compiled. */
const BUSY = 48;
const AT_ONCE = 2;
const WARM_UP = 5;
/** Seconds of a turn before it counts. */
const START = 0.5;
const HANDSHAKES = 8;
/** By how much requests per second may be off twice, costs off the same, and shares off a half. */
const RATE_OFF = 0.1;
const COST_OFF = 0.1;
const SHARE_OFF = 0.1;

const encoder = new TextEncoder();
const log = (line: string) => void Deno.stdout.writeSync(encoder.encode(`${line}\n`));
const wait = (time: number) => new Promise((resolve) => setTimeout(resolve, 1_000 * time));

/** What a turn gives. */
interface Outcome {
  /** Requests per second. */
  readonly rate: number;
  /** Processor seconds per request. */
  readonly cost: number;
  /** Processors that the workers used. */
  readonly used: number;
}

/** What was done so far, the processor seconds that it took, and when that was so. */
interface Look {
  readonly answers: number;
  readonly cpu: number;
  readonly at: number;
}

/** A worker in a group of its own. */
class Worker implements AsyncDisposable {
  readonly #group: CpuGroup;
  readonly #process: Deno.ChildProcess;
  readonly #input: WritableStreamDefaultWriter<Uint8Array>;
  readonly #lines: AsyncIterator<string>;

  constructor(name: string, index: number, workerSockets: string) {
    this.#group = new CpuGroup(`mpquic-scale-${name}`, PART);
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
  return dialServer(port, `127.1.${Math.floor(number / 250)}.${1 + number % 250}`, {
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
  #isAsking = false;
  #asking: Promise<unknown> = Promise.resolve();

  constructor(name: string, count: number) {
    const localAddresses = ["127.0.0.1"];
    const sockets = openWorkerSockets({ port: 0, localAddresses, key, workerCount: count });
    this.#stack.use(sockets);
    this.port = sockets.addr.port;
    this.workers = Array.from({ length: count }, (_, index) => {
      return this.#stack.use(new Worker(`${name}-${index}`, index, sockets.text));
    });
  }

  /** Starts the workers, and connects clients. */
  async begin(): Promise<void> {
    for (const worker of this.workers) await worker.line();
    await each(BUSY * this.workers.length, async (number) => {
      this.#connections.push(await connect(this.port, number));
    });
  }

  /** The clients ask from now on, as fast as they get answers. */
  start(): void {
    this.#isAsking = true;
    const ask = this.#connections.flatMap((connection) => {
      return Array.from({ length: AT_ONCE }, () => this.#ask(connection));
    });
    this.#asking = Promise.all(ask);
  }

  /** They ask no more. */
  async stop(): Promise<void> {
    this.#isAsking = false;
    await this.#asking;
  }

  /** What was done so far, and the processor seconds that it took. */
  async look(): Promise<Look> {
    const looks = await Promise.all(this.workers.map((worker) => worker.look()));
    const cpu = looks.reduce((sum, look) => sum + look.cpu, 0);
    return { answers: this.#answers, cpu, at: performance.now() / 1_000 };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const connection of this.#connections) connection.close();
    await this.#stack.disposeAsync();
  }

  async #ask(connection: MultipathConnection): Promise<void> {
    for (; this.#isAsking; this.#answers++) await ask(connection);
  }
}

/** The one in the middle, or between those two. */
function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const half = sorted.length / 2;
  return (sorted[Math.ceil(half) - 1]! + sorted[Math.floor(half)]!) / 2;
}

/** Which part of many connections each worker has. */
async function share({ port, workers }: Service): Promise<readonly number[]> {
  const counts = new Map<string, number>();
  const connections: MultipathConnection[] = [];
  await each(total, async (number) => {
    const connection = await connect(port, number + 1_000);
    connections.push(connection);
    const name = await ask(connection);
    counts.set(name, (counts.get(name) ?? 0) + 1);
  });
  const looks = await Promise.all(workers.map((worker) => worker.look()));
  const dropped = looks.reduce((sum, { strays }) => sum + strays.dropped, 0);
  const shares = [...counts].sort().map(([, count]) => count / total);
  const text = shares.map((part) => `${(100 * part).toFixed(1)} %`).join(" and ");
  log(`${total} connections: ${text}, ${dropped} datagrams at a wrong worker`);
  for (const connection of connections) connection.close();
  return shares;
}

/** Services that are measured together; what they give is told of one service. */
async function takeTurn(services: readonly Service[]): Promise<Outcome> {
  for (const service of services) service.start();
  await wait(START);
  const before = await lookAt(services);
  await wait(seconds);
  const after = await lookAt(services);
  await Promise.all(services.map((service) => service.stop()));
  const [answers, cpu] = [after.answers - before.answers, after.cpu - before.cpu];
  const time = (after.at - before.at) * services.length;
  return { rate: answers / time, cost: cpu / answers, used: cpu / time };
}

async function lookAt(services: readonly Service[]): Promise<Look> {
  const looks = await Promise.all(services.map((service) => service.look()));
  const sum = (name: keyof Look) => looks.reduce((total, look) => total + look[name], 0);
  return { answers: sum("answers"), cpu: sum("cpu"), at: sum("at") / looks.length };
}

/** Has those with one worker and that with two take turns; returns what each brought. */
async function measure(
  ones: readonly Service[],
  two: readonly Service[],
): Promise<[Outcome, Outcome][]> {
  const pairs: [Outcome, Outcome][] = [];
  for (let round = -WARM_UP; round < rounds; round++) {
    // Each goes first as often as the other.
    const outcomes = new Map<readonly Service[], Outcome>();
    for (const side of round % 2 === 0 ? [ones, two] : [two, ones]) {
      outcomes.set(side, await takeTurn(side));
    }
    if (round >= 0) pairs.push([outcomes.get(ones)!, outcomes.get(two)!]);
  }
  return pairs;
}

async function main(): Promise<boolean> {
  await using stack = new AsyncDisposableStack();
  // What asks must not be what is short.
  const group = stack.adopt(
    new CpuGroup("mpquic-scale-client"),
    (group) => group[Symbol.dispose](),
  );
  stack.defer(group.enter());
  const ones = ["one", "other"].map((name) => stack.use(new Service(name, 1)));
  const two = stack.use(new Service("two", 2));
  for (const service of [...ones, two]) await service.begin();
  const pairs = await measure(ones, [two]);
  for (const i of [0, 1] as const) {
    const of = (name: keyof Outcome) => median(pairs.map((pair) => pair[i][name]));
    log(
      `${i + 1} worker(s): ${of("rate").toFixed(0)} requests per second, ` +
        `${(1_000 * of("cost")).toFixed(3)} ms of a processor each, ` +
        `${of("used").toFixed(2)} processors used`,
    );
  }
  const ratios = (name: keyof Outcome) => pairs.map(([one, two]) => two[name] / one[name]);
  const range = (values: readonly number[]) =>
    `${Math.min(...values).toFixed(2)} to ${Math.max(...values).toFixed(2)}`;
  const [rates, costs] = [ratios("rate"), ratios("cost")];
  const [rate, cost] = [median(rates), median(costs)];
  log(
    `a second worker brings ${rate.toFixed(2)} times the requests (${range(rates)}) at ` +
      `${cost.toFixed(2)} times the processor time (${range(costs)}): medians of ${rounds} rounds`,
  );
  const shares = await share(two);
  return Math.abs(rate / 2 - 1) <= RATE_OFF && Math.abs(cost - 1) <= COST_OFF &&
    shares.every((part) => Math.abs(part - 0.5) <= SHARE_OFF);
}

const holds = await main();
log(holds ? "that is what it must be" : "that is NOT what it must be");
Deno.exit(holds ? 0 : 1);
