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
 */
export async function idleCost(kind: ServerKind, count: number, rest: number): Promise<IdleCost> {
  await using server = await MeasuredServer.start(kind);
  {
    await using _warm = await server.hold(WARM);
  }
  const before = await server.measure();
  const empty = await server.collect();
  await using _idle = await server.hold(count);
  await new Promise((resolve) => setTimeout(resolve, rest));
  const after = await server.measure();
  const full = await server.collect();
  return {
    rss: (after.rss - before.rss) / count,
    held: (full.heap + full.external - empty.heap - empty.external) / count,
  };
}
