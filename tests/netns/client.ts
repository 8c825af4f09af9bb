// deno-lint-ignore-file no-console -- a program speaks on its console
/** Downloads what it is told to by its input, and tells what it saw; ends with its input. */
import { createHash } from "node:crypto";
import { MultipathConnection } from "../../mod.ts";
import { linesOf } from "./lines.ts";
import { PathLog, type PathOutcome } from "./path_log.ts";
import { payload } from "./payload.ts";
import { PORT } from "./testbed.ts";

/** A download. */
export interface Task {
  readonly hostname: string;
  /** Interfaces or addresses; those that the library finds by itself, if left out. */
  readonly localAddresses?: string[];
  readonly size: number;
  /** Says so when this many bytes have come. */
  readonly mark?: number;
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
}

console.log("ready");
for await (const line of linesOf(Deno.stdin.readable)) {
  console.log(JSON.stringify(await run(JSON.parse(line))));
}
Deno.exit(0);

async function run(task: Task): Promise<Outcome> {
  const start = performance.now();
  const { hostname, localAddresses } = task;
  await using connection = await MultipathConnection.connect({
    hostname,
    port: PORT,
    alpnProtocols: ["netns"],
    insecure: true,
    ...(localAddresses ? { localAddresses } : {}),
  });
  connection.closed.catch(() => {});
  const paths = new PathLog(connection, start);
  const received = await receive(connection, task).catch((error: Error) => error);
  const outcome = { paths: paths.outcomes };
  if (received instanceof Error) {
    const failure = `${received.name}: ${received.message}`;
    return {
      duration: performance.now() - start,
      stall: Infinity,
      isExact: false,
      failure,
      ...outcome,
    };
  }
  const { stall, end, digest } = received;
  const expected = createHash("sha256").update(payload(0, task.size)).digest("hex");
  return { duration: end - start, stall, isExact: digest === expected, ...outcome };
}

async function receive(connection: MultipathConnection, { size, mark = Infinity }: Task) {
  const { readable, writable } = await connection.createBidirectionalStream();
  const writer = writable.getWriter();
  writer.write(new TextEncoder().encode(`${size}`)).catch(() => {});
  writer.close().catch(() => {});
  const hash = createHash("sha256");
  let length = 0;
  let stall = 0;
  let last = performance.now();
  for await (const chunk of readable) {
    const now = performance.now();
    stall = Math.max(stall, now - last);
    last = now;
    if (length < mark && length + chunk.length >= mark) console.log("mark");
    length += chunk.length;
    hash.update(chunk);
  }
  return { stall, end: last, digest: hash.digest("hex") };
}
