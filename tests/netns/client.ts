// deno-lint-ignore-file no-console -- a program speaks on its console
/** Transfers what it is told to by its input, and tells what it saw; ends with its input. */
import { createHash } from "node:crypto";
import { MultipathConnection } from "../../mod.ts";
import { type DripPlan, hearDrip, nameOf, PLANS, sendDrip } from "./drip.ts";
import { linesOf } from "./lines.ts";
import { PathLog, type PathOutcome } from "./path_log.ts";
import { payload } from "./payload.ts";
import { PORT } from "./testbed.ts";

/** Bytes that are written at a time. */
const CHUNK = 16_384;

/** How many answers are asked for, and how many milliseconds one after the other. */
const ANSWERS = 8;
const INTERVAL = 400;

/** Milliseconds of the drips until the mark. */
const DRIP_MARK = 500;

/** What is sent where: much at once, or a little again and again. */
export type Direction = "download" | "upload" | "answers" | "drips";

/** A transfer. */
export interface Task {
  readonly direction: Direction;
  readonly hostname: string;
  /** Interfaces or addresses; those that the library finds by itself, if left out. */
  readonly localAddresses?: string[];
  readonly size: number;
  /** Says so when this many bytes have come. */
  readonly mark?: number;
  /** Milliseconds after which it is given up. */
  readonly timeout?: number;
}

/** How it went. */
export interface Outcome {
  /** Milliseconds from the start of the handshake to the last byte. */
  readonly duration: number;
  /** The longest time between two arrivals of data, in milliseconds. */
  readonly stall: number;
  /** Whether each byte was the right one. */
  readonly isExact: boolean;
  readonly paths: readonly PathOutcome[];
  /** Why the transfer failed, if it did. */
  readonly failure?: string;
  /** Of drips, the longest delay of each, by its name. */
  readonly delays?: Readonly<Record<string, number>>;
}

async function run(task: Task): Promise<Outcome> {
  const start = performance.now();
  const connected = await connect(task).catch((error: Error) => error);
  if (connected instanceof Error) return { ...failed(connected, start), paths: [] };
  await using connection = connected;
  const paths = new PathLog(connection, start);
  if (task.direction === "drips") return { ...await drips(task, start), paths: paths.outcomes };
  const transfer = { download, upload, answers }[task.direction];
  const received = await transfer(connection, task).catch((error: Error) => error);
  const outcome = { paths: paths.outcomes };
  if (received instanceof Error) return { ...failed(received, start), ...outcome };
  const { stall, end, digest } = received;
  const expected = createHash("sha256").update(payload(0, task.size)).digest("hex");
  return { duration: end - start, stall, isExact: digest === expected, ...outcome };
}

function failed({ name, message }: Error, start: number): Omit<Outcome, "paths"> {
  const duration = performance.now() - start;
  return { duration, stall: Infinity, isExact: false, failure: `${name}: ${message}` };
}

async function connect(
  { hostname, localAddresses, timeout }: Task,
): Promise<MultipathConnection> {
  const connection = await MultipathConnection.connect({
    hostname,
    port: PORT,
    alpnProtocols: ["netns"],
    insecure: true,
    ...(localAddresses ? { localAddresses } : {}),
    ...(timeout ? { signal: AbortSignal.timeout(timeout) } : {}),
  });
  connection.closed.catch(() => {});
  return connection;
}

/** All drips at once, and how late their messages were. */
async function drips(task: Task, start: number): Promise<Omit<Outcome, "paths">> {
  const connections = await Promise.all(PLANS.map(() => connect(task)));
  await sleep(300); // until further paths are open
  if (task.mark !== undefined) setTimeout(() => console.log("mark"), DRIP_MARK);
  const results = await Promise.allSettled(PLANS.map((plan, i) => drip(connections[i]!, plan)));
  for (const connection of connections) connection.close();
  const delays: Record<string, number> = {};
  let failure: string | undefined;
  results.forEach((result, i) => {
    const isDone = result.status === "fulfilled";
    delays[nameOf(PLANS[i]!)] = isDone ? result.value : Infinity;
    if (!isDone) failure ??= `${nameOf(PLANS[i]!)}: ${result.reason}`;
  });
  const stall = Math.max(...Object.values(delays));
  const duration = performance.now() - start;
  return { duration, stall, delays, isExact: !failure, ...(failure ? { failure } : {}) };
}

async function drip(connection: MultipathConnection, plan: DripPlan): Promise<number> {
  const { readable, writable } = await connection.createBidirectionalStream();
  const order = new Response(JSON.stringify(plan)).body!.pipeTo(writable);
  const heard = plan.from === "server" ? hearDrip(connection, plan) : undefined;
  await order;
  if (plan.from === "client") await sendDrip(connection, plan);
  const answer = Number(await new Response(readable).text());
  return await heard ?? answer;
}

async function download(
  connection: MultipathConnection,
  { size, mark = Infinity }: Task,
): Promise<Transferred> {
  const { readable, writable } = await connection.createBidirectionalStream();
  const writer = writable.getWriter();
  writer.write(new TextEncoder().encode(`${size}`)).catch(() => {}); // reading fails as well
  writer.close().catch(() => {});
  const hash = createHash("sha256");
  const gauge = new Gauge(mark);
  for await (const chunk of readable) {
    gauge.add(chunk.length);
    hash.update(chunk);
  }
  return { stall: gauge.stall, end: gauge.last, digest: hash.digest("hex") };
}

async function upload(
  connection: MultipathConnection,
  { size, mark = Infinity }: Task,
): Promise<Transferred> {
  const { readable, writable } = await connection.createBidirectionalStream();
  const writer = writable.getWriter();
  const gauge = new Gauge(mark);
  for (let at = 0; at < size; at += CHUNK) {
    const end = Math.min(size, at + CHUNK);
    await writer.write(payload(at, end));
    gauge.add(end - at);
  }
  await writer.close();
  const digest = await new Response(readable).text();
  return { stall: gauge.stall, end: performance.now(), digest };
}

/** Asks for a few bytes again and again; the longest wait is the stall. */
async function answers(connection: MultipathConnection, task: Task): Promise<Transferred> {
  const digests = new Set<string>();
  const begin = performance.now();
  let stall = 0;
  let end = begin;
  for (let i = 0; i < ANSWERS; i++) {
    await sleep(begin + i * INTERVAL - performance.now());
    const start = performance.now();
    const answer = await download(connection, { ...task, mark: Infinity });
    digests.add(answer.digest);
    end = answer.end;
    stall = Math.max(stall, end - start);
    if (i === 2 && task.mark !== undefined) console.log("mark");
  }
  return { stall, end, digest: [...digests].join() };
}

function sleep(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, Math.max(0, milliseconds)));
}

/** What a transfer gave. */
interface Transferred {
  readonly stall: number;
  readonly end: number;
  readonly digest: string;
}

/** Watches how data move on. */
class Gauge {
  /** The longest time without progress. */
  stall = 0;
  /** When there was progress last. */
  last = performance.now();
  readonly #mark: number;
  #length = 0;

  constructor(mark: number) {
    this.#mark = mark;
  }

  add(length: number): void {
    const now = performance.now();
    this.stall = Math.max(this.stall, now - this.last);
    this.last = now;
    const before = this.#length;
    this.#length += length;
    if (before < this.#mark && this.#length >= this.#mark) console.log("mark");
  }
}

console.log("ready");
for await (const line of linesOf(Deno.stdin.readable)) {
  console.log(JSON.stringify(await run(JSON.parse(line))));
}
Deno.exit(0);
