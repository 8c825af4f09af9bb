import assert from "node:assert/strict";
import type { MultipathConnection } from "../../src/api/multipath_connection.ts";
import { linkOf, Pair } from "../sim/pair.ts";
import { dialHere, listenHere } from "./loopback.ts";
import { pathsOf } from "./sim_paths.ts";

// Streams and paths of a peer that the application does not read are limited in number.

const LIMIT = 8;
/** Milliseconds in which a peer that is not limited would get on. */
const WHILE = 500;

function pause(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}

/** Opens streams of either kind and resets them, as fast as it may. */
class Resetter {
  opened = 0;
  readonly #connection: MultipathConnection;
  readonly #isBidirectional: boolean;

  constructor(connection: MultipathConnection, isBidirectional: boolean) {
    this.#connection = connection;
    this.#isBidirectional = isBidirectional;
    this.#run().catch(() => {}); // the connection is closed
  }

  async #run(): Promise<void> {
    for (;;) {
      const writable = await this.#open();
      this.opened++;
      await writable.abort();
    }
  }

  async #open(): Promise<WritableStream<Uint8Array>> {
    const options = { waitUntilAvailable: true };
    if (!this.#isBidirectional) return await this.#connection.createUnidirectionalStream(options);
    const { readable, writable } = await this.#connection.createBidirectionalStream(options);
    readable.cancel().catch(() => {});
    return writable;
  }
}

for (const isBidirectional of [false, true]) {
  const kind = isBidirectional ? "both directions" : "one direction";
  Deno.test(`Streams with ${kind} that are reset unread make room only when they are read`, async () => {
    await using listener = listenHere({
      maxConcurrentBidirectionalStreams: LIMIT,
      maxConcurrentUnidirectionalStreams: LIMIT,
    });
    const [client, server] = await Promise.all([dialHere(listener), listener.accept()]);
    const resetter = new Resetter(client, isBidirectional);
    await pause(WHILE);
    assert.equal(resetter.opened, LIMIT, "the queue holds no more");
    const incoming: ReadableStream<unknown> = isBidirectional
      ? server.incomingBidirectionalStreams
      : server.incomingUnidirectionalStreams;
    const reader = incoming.getReader();
    for (let i = 0; i < 3; i++) {
      await reader.read();
      for (let j = 0; j < 200 && resetter.opened < LIMIT + i + 1; j++) await pause(10);
      assert.equal(resetter.opened, LIMIT + i + 1, "one more for each that is read");
    }
    // An application that wants none of them lets the peer go on.
    await reader.cancel();
    for (let j = 0; j < 200 && resetter.opened < 5 * LIMIT; j++) await pause(10);
    assert.ok(resetter.opened >= 5 * LIMIT, `${resetter.opened}`);
    await client[Symbol.asyncDispose]();
  });
}

Deno.test("Paths that are closed before the application reads of them wait no longer", async () => {
  const pair = new Pair({
    links: [linkOf(100, 4), linkOf(100, 4)],
    config: { maxIdleTimeout: 0 },
    openPaths: false,
  }).connect();
  const server = pathsOf(pair.server, () => pair.now);
  pair.run({ until: 100 });
  for (let round = 0; round < 50; round++) {
    pair.openPaths();
    pair.run({ until: pair.now + 60 });
    const path = pair.client.connection.paths.paths.at(-1)!;
    assert.ok(path.id > round, `${path.id}`);
    if (round === 49) break;
    pair.client.connection.closePath(path, 0, pair.now);
    pair.client.touch();
    pair.run({ until: pair.now + 400 });
  }
  const reader = server.incoming.getReader();
  const { value: last } = await reader.read();
  assert.deepEqual([last!.id], server.open.map(({ id }) => id).filter((id) => id > 0));
  const nothing = Symbol("nothing");
  const next = await Promise.race([reader.read(), pause(20).then(() => nothing)]);
  assert.equal(next, nothing, "it is the only one");
});
