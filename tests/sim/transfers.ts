import assert from "node:assert/strict";
import { begin, type Direction } from "../../src/sim/transfers.ts";
import { type End, Pair, type PairOptions } from "./pair.ts";

export { begin, type Direction };

/** Starts a connection and moves `size` bytes over it; returns the milliseconds of it all. */
export function timeOf(
  options: PairOptions,
  size: number,
  direction: Direction = "download",
): number {
  const pair = new Pair(options);
  pair.start();
  return move(pair, size, direction);
}

/** Moves `size` bytes over the connection of a pair; returns the milliseconds it took. */
export function move(
  pair: Pair,
  size: number,
  direction: Direction = "download",
  limit = 600_000,
): number {
  const from = pair.now;
  const finished = begin(pair, size, direction);
  pair.run({ until: from + limit, when: () => finished() < Infinity });
  expectOpen(pair);
  assert.ok(finished() < Infinity, `${size} bytes did not arrive in ${limit} ms`);
  return finished() - from;
}

/** Fails if either end has closed, with its reason. */
export function expectOpen(pair: Pair): void {
  for (const end of [pair.client, pair.server]) {
    if (!end.isConnected) continue;
    const { reason } = end.connection.closing;
    assert.equal(reason, undefined, `the ${end.host.name} closed: ${reason?.reason}`);
  }
}

/** The end that sends the bytes of a transfer. */
export function senderOf(pair: Pair, direction: Direction): End {
  return direction === "download" ? pair.server : pair.client;
}
