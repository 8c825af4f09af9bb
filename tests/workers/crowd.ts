import assert from "node:assert/strict";
import { serveWorkers } from "../../mod.ts";
import { SpokenProcess } from "../attack/spoken_process.ts";
import { cert, key } from "../http3/deno_quic.ts";
import { CostMeter } from "./costs.ts";

/** Milliseconds that an order may take: thousands of handshakes on a machine with other work. */
const PATIENCE = 3_600_000;
/** More than there are: the crowd comes from a few networks. */
const MANY = 100_000;

/** How large the crowd is. */
export interface CrowdOptions {
  readonly workers: number;
  /** Client processes, and connections of each. */
  readonly clients: number;
  readonly connections: number;
  /** Bytes of a transfer. */
  readonly size: number;
  /** Milliseconds for which transfers run before and after each change. */
  readonly pause: number;
  /** Milliseconds after which a client that hears nothing looks whether its worker is there. */
  readonly keepAlive: number;
  /** Whether clients have the sockets of the system. */
  readonly native?: "auto" | "off";
  /** Hears how far it is. */
  readonly log?: (line: string) => void;
}

/** What became of transfers. */
interface Tally {
  readonly right: number;
  readonly wrong: number;
  /** Those that found their connection ended, by its worker, and those that it ended under. */
  readonly lost: Readonly<Record<string, number>>;
  readonly cut: number;
}

/** The client processes, which all do the same. */
class Clients {
  readonly #processes: readonly SpokenProcess[];

  constructor(processes: readonly SpokenProcess[]) {
    this.#processes = processes;
  }

  /** Has all of them do something, and waits for their answers. */
  tell<Answer>(order: string): Promise<Answer[]> {
    return Promise.all(this.#processes.map((process) => tell<Answer>(process, order)));
  }

  /** Has one of them do something. */
  tellOne<Answer>(order: string, index = 0): Promise<Answer> {
    return tell(this.#processes[index]!, order);
  }
}

async function tell<Answer>(process: SpokenProcess, order: string): Promise<Answer> {
  const known = process.text.length;
  await process.tell(order);
  return JSON.parse(await process.next(known, PATIENCE));
}

function wait(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}

function sumOf(counts: readonly Readonly<Record<string, number>>[]): Record<string, number> {
  const sum: Record<string, number> = {};
  for (const each of counts) {
    for (const [name, count] of Object.entries(each)) sum[name] = (sum[name] ?? 0) + count;
  }
  return sum;
}

/**
 * Many connections with two paths each, from addresses of their own, to a few workers. One worker
 * dies and all are replaced while transfers run. Fails if a connection of another worker is lost, a
 * datagram met a wrong worker, or a byte is wrong.
 */
export async function runCrowd(options: CrowdOptions): Promise<void> {
  const { clients: count, connections, keepAlive, pause, size, workers } = options;
  const { log = () => {}, native = "auto" } = options;
  const deaths: string[] = [];
  await using server = await serveWorkers({
    port: 0,
    localAddresses: ["127.0.0.1"],
    cert,
    key,
    workers,
    module: new URL("./worker.ts", import.meta.url),
    maxIdleTimeout: 3_600_000,
    handshakeTimeout: 60_000,
    limits: {
      connections: { perAddress: MANY, perNetwork: MANY, total: MANY },
      handshakes: { perAddress: MANY, perNetwork: MANY, total: MANY },
    },
    onWorkerError: (message) => deaths.push(message),
  });
  await using stack = new AsyncDisposableStack();
  // Clients that are killed say nothing.
  stack.defer(() => server.close());
  const processes = Array.from({ length: count }, (_, i) => {
    const numbers = [server.addr.port, i * connections, connections, size, keepAlive];
    const args = [native, ...numbers.map(String)];
    const process = new SpokenProcess(new URL("crowd_client.ts", import.meta.url), args);
    return stack.use(process);
  });
  const clients = new Clients(processes);
  const meter = new CostMeter(processes.map(({ id }) => id));
  /** Tells the end of a phase, and what it cost. */
  const tell = (line: string) => log(`${line} (${meter.take()})`);
  const total = count * connections;

  const startedAt = performance.now();
  // Statistics come twice a second.
  const held = () => server.stats?.connections.held;
  const showing = setInterval(() => log(`${held()} connections so far`), 10_000);
  stack.defer(() => clearInterval(showing));
  const withTwo = await clients.tell<number>("connect");
  clearInterval(showing);
  const seconds = ((performance.now() - startedAt) / 1_000).toFixed(0);
  tell(`${total} connections after ${seconds} s`);
  assert.ok(withTwo.every((number) => number === connections), "all have two paths");
  const before = sumOf(await clients.tell<Record<string, number>>("who"));
  tell(`all have asked again; workers: ${Object.values(before).join(", ")}`);
  assert.equal(Object.keys(before).length, workers, "none is lost");
  for (let i = 0; i < 120 && held() !== total; i++) await wait(500);
  log(`strays: ${JSON.stringify(server.stats!.strays)}, RSS ${Deno.memoryUsage().rss >> 20} MiB`);
  assert.deepEqual(server.stats!.strays, { handedOn: 0, dropped: 0 }, "none met a wrong worker");
  assert.equal(held(), total);

  // One worker dies while all transfer.
  await clients.tell("transfer");
  await wait(pause);
  const [victim] = Object.keys(await clients.tellOne<Record<string, number>>("who"));
  await clients.tellOne(`die ${victim}`);
  await wait(pause);
  const tallies = await clients.tell<Tally>("stop");
  const lost = sumOf(tallies.map((tally) => tally.lost));
  const right = tallies.reduce((sum, tally) => sum + tally.right, 0);
  tell(`${right} transfers of ${size} bytes were right, lost connections: ${JSON.stringify(lost)}`);
  assert.equal(deaths.length, 1);
  assert.ok(tallies.every(({ wrong }) => wrong === 0), "each byte is right");
  assert.ok(Object.keys(lost).every((name) => name === victim), "others lost nothing");

  // Those that have not noticed yet do so now.
  const after = sumOf(await clients.tell<Record<string, number>>("who"));
  tell(`all have asked again: ${JSON.stringify(after)}`);
  for (const [name, held] of Object.entries(before)) {
    if (name !== victim) assert.ok(after[name]! >= held, `${name} keeps its connections`);
  }
  const gone = Object.keys(after).filter((name) => !/^[-0-9a-f]+$/.test(name));
  assert.ok(gone.every((name) => name === `lost ${victim}`), `others keep theirs: ${gone}`);
  assert.equal(after[victim!], undefined);
  assert.equal((after[`lost ${victim}`] ?? 0) + (lost[victim!] ?? 0), before[victim!]!);

  // All are replaced.
  await clients.tell("transfer");
  await wait(pause);
  await server.replaceWorkers();
  await wait(pause);
  const ends = await clients.tell<Tally>("stop");
  const counts = (all: readonly Tally[]) =>
    sumOf(all.map(({ right, wrong, cut }) => ({ right, wrong, cut })));
  tell(`until then ${JSON.stringify(counts(tallies))}, in the end ${JSON.stringify(counts(ends))}`);
  const [first, last] = [counts(tallies), counts(ends)];
  assert.ok(last.right! > first.right!);
  assert.deepEqual(
    [last.cut, last.wrong],
    [first.cut, 0],
    "no answer of a worker that leaves is cut",
  );
  assert.deepEqual(server.stats!.strays.dropped, 0);
}
