import { MeasuredServer, type ServerKind } from "./measured_server.ts";

/** Bytes that an idle connection costs a server. */
export interface IdleCost {
  /** What the process grew by, garbage and all. */
  readonly rss: number;
  /** What is left when garbage has been collected: objects and buffers. */
  readonly held: number;
}

/** Connections that come and go before: what is made once is not of any one connection. */
const WARM = 50;

/**
 * Measures what idle connections cost that have made one request each.
 *
 * @param count How many.
 * @param rest Milliseconds that they have been idle for.
 * @param rounds How often so many more are opened. The cheapest round counts for what is held: code
 * that the runtime compiles in between, say, is not of any one connection.
 */
export async function idleCost(
  kind: ServerKind,
  count: number,
  rest: number,
  rounds = 1,
): Promise<IdleCost> {
  await using server = await MeasuredServer.start(kind);
  {
    await using _warm = await server.hold(WARM);
  }
  await using idle = new AsyncDisposableStack();
  const before = await server.measure();
  let empty = await heldBy(server);
  let rss = 0;
  let held = Infinity;
  for (let round = 0; round < rounds; round++) {
    idle.use(await server.hold(count));
    await new Promise((resolve) => setTimeout(resolve, rest));
    if (round === 0) rss = ((await server.measure()).rss - before.rss) / count;
    const full = await heldBy(server);
    held = Math.min(held, (full - empty) / count);
    empty = full;
  }
  return { rss, held };
}

/** Bytes of objects and buffers; what a first collection leaves, a second one may not. */
async function heldBy(server: MeasuredServer): Promise<number> {
  let least = Infinity;
  for (let i = 0; i < 2; i++) {
    const { heap, external } = await server.collect();
    least = Math.min(least, heap + external);
  }
  return least;
}
